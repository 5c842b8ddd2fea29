//! What happened to pilots and how many there were, from counters.

mod window;

pub use window::Window;

use crate::auth::Identity;
use crate::extract::Params;
use crate::places;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{History, Permission, PilotFlow, Span, Time};
use std::time::Duration;
use store::HistoryOf;
use wire::api::{EndsQuery, HistoryQuery, PilotHistory, Quantiles};

/// What happened to pilots, how many there were and how long they waited and ran.
#[utoipa::path(get, path = "/pilotage/v1/pilots/history", tag = "pilots", params(HistoryQuery),
    responses((status = 200, body = PilotHistory), (status = "4XX", body = wire::api::Problem)))]
pub async fn read(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<HistoryQuery>,
) -> Result<Json<PilotHistory>, ApiError> {
    who.require(Permission::Read)?;
    let (own, asked) = (state.clone(), query.clone());
    let history = state.aggregates.history(query, async move { drawn(&own, &asked).await }).await?;
    Ok(Json(PilotHistory::clone(&history)))
}

/// Reads it before somebody asks for it.
pub async fn keep_warm(state: &AppState, query: HistoryQuery) -> Result<(), ApiError> {
    let (own, asked) = (state.clone(), query.clone());
    state.aggregates.keep_history_warm(query, async move { drawn(&own, &asked).await }).await
}

async fn drawn(state: &AppState, query: &HistoryQuery) -> Result<PilotHistory, ApiError> {
    let (of, now) = (meant(query)?, now());
    let window = Window::of(query, now)?;
    let Window { since, until, span } = window;
    let (flows, levels) = state.store.pilot_flow_and_levels(of.clone(), span, since, window.end(now)).await?;
    if flows.is_empty() {
        places::check(place(query), state).await?;
    }
    let durations = state.store.pilot_durations(of, span, since, until + Duration::from_secs(1)).await?;
    Ok(PilotHistory {
        total: total(&flows, span.start(until)),
        history: History::drawn(span, since, until, &flows, levels),
        waited: Quantiles::of(&durations.waited),
        ran: Quantiles::of(&durations.ran),
    })
}

fn total(flows: &[model::FlowAt], last: i64) -> PilotFlow {
    let mut total = PilotFlow::default();
    flows.iter().filter(|at| at.start <= last).for_each(|at| total += at.flow);
    total
}

/// Where the pilots are that are asked for.
fn place(query: &HistoryQuery) -> EndsQuery {
    let HistoryQuery { factory, label, queue, site, region, .. } = query.clone();
    EndsQuery { hours: None, factory, label, queue, site, region }
}

fn meant(query: &HistoryQuery) -> Result<HistoryOf, ApiError> {
    let HistoryQuery { factory, label, queue, site, region, .. } = query.clone();
    let others = factory.is_some() || label.is_some() || queue.is_some();
    match (site, region) {
        (None, None) => {}
        (Some(site), None) if !others => return Ok(HistoryOf::Site(site)),
        (None, Some(region)) if !others => return Ok(HistoryOf::Region(region)),
        (Some(_), _) => return Err(refused("site", "give 'site' alone")),
        (None, Some(_)) => return Err(refused("region", "give 'region' alone")),
    }
    match (factory, label, queue) {
        (None, None, None) => Ok(HistoryOf::All),
        (Some(factory), None, None) => Ok(HistoryOf::Factory(factory)),
        (Some(factory), Some(label), None) => Ok(HistoryOf::Label { factory, label }),
        (None, None, Some(queue)) => Ok(HistoryOf::Queue(queue)),
        (None, Some(_), _) => Err(refused("label", "a label is one of a factory: give 'factory' too")),
        (Some(_), _, Some(_)) => Err(refused("queue", "give either 'queue' or 'factory', not both")),
    }
}

fn refused(place: &'static str, detail: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail.into()).at(place)
}

/// What happened to pilots of a label in the last hour, day and week.
pub async fn recent(state: &AppState, of: &HistoryOf, now: Time) -> Result<Vec<(&'static str, PilotFlow)>, ApiError> {
    let mut recent = Vec::new();
    for (name, hours, span) in [
        ("Last hour", 1, Span::Minute),
        ("Last 24 hours", 24, Span::TenMinutes),
        ("Last 7 days", 168, Span::TenMinutes),
    ] {
        let flows = state.store.pilot_flow(of.clone(), span, now - Duration::from_secs(hours * 3600)).await?;
        recent.push((name, total(&flows, i64::MAX)));
    }
    Ok(recent)
}
