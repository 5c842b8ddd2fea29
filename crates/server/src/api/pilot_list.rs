//! Listing and showing pilots.

use super::{cursor, page_size};
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::names::Narrowed;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use model::{Permission, PilotId, PilotSummary};
use std::time::Duration;
use store::PilotFilter;
use wire::api::{PilotDetail, PilotPage, PilotQuery};

/// Pilots, newest first.
#[utoipa::path(get, path = "/pilotage/v1/pilots", tag = "pilots", params(PilotQuery),
    responses((status = 200, body = PilotPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<PilotQuery>,
) -> Result<Json<PilotPage>, ApiError> {
    who.require(Permission::Read)?;
    let (rows, below) = (page_size(query.limit)?, cursor(query.cursor.as_deref())?);
    let PilotQuery { state: wanted, live, queue, factory, label, older_s, error_class, node, .. } = query;
    let narrowed =
        Narrowed { queue: queue.clone(), factory: factory.clone(), label: label.clone(), ..Narrowed::default() };
    let before = older_s.map(|seconds| now() - Duration::from_secs(seconds));
    // Gone ones neither wait nor run.
    let live = live.unwrap_or(false) || before.is_some();
    let filter = PilotFilter { state: wanted, live, queue, factory, label, error_class, node, before };
    let page = state.store.pilots(filter, below, rows).await?;
    if page.rows.is_empty() {
        narrowed.check(&state).await?;
    }
    let pilots = page.rows.into_iter().map(|pilot| heard(&state, pilot)).collect();
    Ok(Json(PilotPage { pilots, next: page.next.map(|id| id.to_string()) }))
}

/// One pilot.
#[utoipa::path(get, path = "/pilotage/v1/pilots/{id}", tag = "pilots", params(("id" = i64, Path)),
    responses((status = 200, body = PilotDetail), (status = "4XX", body = wire::api::Problem)))]
pub async fn show(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<PilotId>,
) -> Result<Json<PilotDetail>, ApiError> {
    who.require(Permission::Read)?;
    let pilot = state.store.pilot(id).await?.ok_or_else(|| unknown_pilot(id))?;
    let (version, profile) = state.store.pilot_on_node(id).await?.unwrap_or_default();
    // One that a later version wrote may not be readable.
    let profile = serde_json::from_str(&profile).ok();
    Ok(Json(PilotDetail { summary: heard(&state, pilot), version, profile }))
}

/// The same with what this server heard since the last flush.
fn heard(state: &AppState, mut pilot: PilotSummary) -> PilotSummary {
    pilot.last_heard = pilot.last_heard.max(state.pilots.last_heard(pilot.id));
    pilot
}

/// The problem of a pilot that does not exist.
pub(crate) fn unknown_pilot(id: PilotId) -> ApiError {
    ApiError::missing("unknown-pilot", format!("there is no pilot {id}"))
}
