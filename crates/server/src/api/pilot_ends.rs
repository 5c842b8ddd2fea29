//! How pilots ended in the last hours.

use super::hours;
use crate::auth::Identity;
use crate::extract::Params;
use crate::places::{self, Places};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use model::{Permission, Time};
use std::time::Duration;
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
    let since = since(&query)?;
    let places = Places::read(&state).await?;
    let all = state.aggregates.ends(&state.store, since).await?;
    let meant = all.iter().filter(|end| places.leaves(&query, &end.factory, &end.label, &end.queue));
    let ends: Vec<_> = meant.cloned().collect();
    if ends.is_empty() {
        places::check(query, &state).await?;
    }
    Ok(Json(PilotEnds { since, ends }))
}

/// The beginning of the first hour that is asked for.
pub(super) fn since(query: &EndsQuery) -> Result<Time, ApiError> {
    Ok(beginning(hours(query.hours.unwrap_or(HOURS), HOURS_MAX)?))
}

/// Hours of each part of the time that is asked for: few enough parts to be seen beside each other.
pub(crate) fn hours_of_part(hours: Option<u32>) -> u32 {
    match hours.unwrap_or(HOURS) {
        ..=48 => 1,
        49..=168 => 6,
        _ => 24,
    }
}

/// The beginning of the hour so long ago.
pub(crate) fn beginning(ago: Duration) -> Time {
    Time((now() - ago).0.div_euclid(HOUR_MS) * HOUR_MS)
}
