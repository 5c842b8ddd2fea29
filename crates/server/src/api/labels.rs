//! Labels: how their pilots are doing.

use crate::auth::Identity;
use crate::extract::Params;
use crate::names::{Narrowed, leaves};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use model::{FactorySummary, LabelStatus, Permission, label_statuses, orders_on};
use wire::api::{LabelList, LabelQuery};

/// All labels with their pilots by state, the longest wait and the longest run.
#[utoipa::path(get, path = "/pilotage/v1/labels", tag = "factories", params(LabelQuery),
    responses((status = 200, body = LabelList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<LabelQuery>,
) -> Result<Json<LabelList>, ApiError> {
    who.require(Permission::Read)?;
    let all = state.store.factories().await?;
    let factories: Vec<FactorySummary> = all.iter().cloned().filter_map(|one| one.without_idle(now())).collect();
    let counts = state.store.pilot_counts().await?;
    let live = state.store.live_pilots(query.factory.clone()).await?;
    let counts = counts.into_iter().map(|one| (one.factory, one.label, one.queue, one.state, one.pilots));
    let mut labels = label_statuses(&factories, counts, &live);
    let is_idle = |label: &LabelStatus| has(&all, label) && !has(&factories, label);
    labels.retain(|label| is_meant(label, &query) && !is_idle(label));
    let (orders, now) = (state.store.orders_in_force(query.factory.clone(), now()).await?, now());
    for label in &mut labels {
        let holding = orders_on(&orders, &label.factory, &label.label, &label.queue, now);
        label.orders = holding.into_iter().cloned().collect();
    }
    if labels.is_empty() {
        let LabelQuery { factory, label, queue } = query;
        Narrowed { factory, label, queue, ..Narrowed::default() }.check(&state).await?;
    }
    Ok(Json(LabelList { labels }))
}

/// Whether a factory says that it has the label.
fn has(factories: &[FactorySummary], status: &LabelStatus) -> bool {
    let factory = factories.iter().find(|factory| factory.name == status.factory);
    factory.is_some_and(|factory| factory.said.labels.iter().any(|label| label.name == status.label))
}

fn is_meant(status: &LabelStatus, query: &LabelQuery) -> bool {
    leaves(&query.factory, &status.factory)
        && leaves(&query.label, &status.label)
        && leaves(&query.queue, &status.queue)
}
