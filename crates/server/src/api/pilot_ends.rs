//! How pilots ended in the last hours.

use super::hours;
use crate::auth::Identity;
use crate::extract::Params;
use crate::names::{Narrowed, leaves};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use model::{EndedPilots, Permission, Time};
use wire::api::{EndsQuery, PilotEnds};

/// Hours to look back when nobody says, and at most: as long as counters are kept.
const HOURS: u32 = 24;
pub(super) const HOURS_MAX: u32 = 720;
const HOUR_MS: i64 = 3_600_000;

/// Pilots that ended in the last hours, by label, state and error class, from counters.
#[utoipa::path(get, path = "/pilotage/v1/pilots/ends", tag = "pilots", params(EndsQuery),
    responses((status = 200, body = PilotEnds), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<EndsQuery>,
) -> Result<Json<PilotEnds>, ApiError> {
    who.require(Permission::Read)?;
    let hours = hours(query.hours.unwrap_or(HOURS), HOURS_MAX)?;
    let since = Time((now() - hours).0.div_euclid(HOUR_MS) * HOUR_MS);
    let mut ends = state.store.pilot_ends(since).await?;
    ends.retain(|end| is_meant(end, &query));
    if ends.is_empty() {
        let EndsQuery { factory, label, queue, .. } = query;
        Narrowed { factory, label, queue, site: None }.check(&state).await?;
    }
    Ok(Json(PilotEnds { since, ends }))
}

fn is_meant(end: &EndedPilots, query: &EndsQuery) -> bool {
    leaves(&query.factory, &end.factory) && leaves(&query.label, &end.label) && leaves(&query.queue, &end.queue)
}
