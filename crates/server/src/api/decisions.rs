//! Decisions of factories.

use super::{committed, cursor, page_size};
use crate::auth::Identity;
use crate::extract::{Body, Params, SUBMIT_BODY_MAX};
use crate::metrics::WordLabels;
use crate::names::Narrowed;
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{Decision, Permission};
use store::DecisionFilter;
use wire::api::{DECISIONS_PER_REPORT_MAX as MAX, DecisionPage, DecisionQuery, DecisionReport};

/// Stores the decisions of a cycle.
#[utoipa::path(post, path = "/pilotage/v1/decisions", tag = "factories", request_body = DecisionReport,
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn add(
    State(state): State<AppState>,
    who: Identity,
    Body(report): Body<DecisionReport, SUBMIT_BODY_MAX>,
) -> Result<StatusCode, ApiError> {
    who.require(Permission::RunFactory)?;
    if report.decisions.len() > MAX {
        let detail = format!("{} decisions in one call, at most {MAX} are accepted", report.decisions.len());
        return Err(ApiError::invalid("too-many", "decisions", detail));
    }
    report.decisions.iter().try_for_each(|decision| who.require_factory(&decision.factory))?;
    let told: Vec<&'static str> = report.decisions.iter().map(outcome).collect();
    committed(&state, state.store.add_decisions(report.decisions)).await?;
    for kind in told {
        state.metrics.decisions.get_or_create(&WordLabels { kind }).inc();
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What came of a decision, for the metrics.
fn outcome(decision: &Decision) -> &'static str {
    match decision {
        Decision { error, .. } if !error.is_empty() => "trouble",
        Decision { accepted: 1.., .. } => "submitted",
        Decision { number: ..0, .. } => "removed",
        _ => "nothing",
    }
}

/// Decisions, newest first.
#[utoipa::path(get, path = "/pilotage/v1/decisions", tag = "factories", params(DecisionQuery),
    responses((status = 200, body = DecisionPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<DecisionQuery>,
) -> Result<Json<DecisionPage>, ApiError> {
    who.require(Permission::Read)?;
    let (rows, below) = (page_size(query.limit)?, cursor(query.cursor.as_deref())?);
    let DecisionQuery { factory, label, queue, .. } = query;
    let narrowed =
        Narrowed { queue: queue.clone(), factory: factory.clone(), label: label.clone(), ..Narrowed::default() };
    let page = state.store.decisions(DecisionFilter { factory, label, queue }, below, rows).await?;
    if page.rows.is_empty() {
        narrowed.check(&state).await?;
    }
    Ok(Json(DecisionPage { decisions: page.rows, next: page.next.map(|id| id.to_string()) }))
}
