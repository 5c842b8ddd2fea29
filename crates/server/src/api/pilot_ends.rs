//! How pilots ended in the last hours.

use crate::auth::Identity;
use crate::extract::Params;
use crate::names::Narrowed;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{EndedPilots, Permission, Time};
use std::time::Duration;
use wire::api::{EndsQuery, PilotEnds};

/// Hours to look back when nobody says, and at most: as long as counters are kept.
const HOURS: u32 = 24;
const HOURS_MAX: u32 = 720;
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
    let hours = hours(query.hours.unwrap_or(HOURS))?;
    let since = Time((now() - hours).0.div_euclid(HOUR_MS) * HOUR_MS);
    let mut ends = state.store.pilot_ends(since).await?;
    ends.retain(|end| is_meant(end, &query));
    if ends.is_empty() {
        let EndsQuery { factory, label, queue, .. } = query;
        Narrowed { factory, label, queue, site: None }.check(&state).await?;
    }
    Ok(Json(PilotEnds { since, ends }))
}

/// A number of hours within bounds.
pub(super) fn hours(hours: u32) -> Result<Duration, ApiError> {
    if (1..=HOURS_MAX).contains(&hours) {
        return Ok(Duration::from_secs(u64::from(hours) * 3600));
    }
    let detail = format!("the parameter 'hours' is {hours}; it must be between 1 and {HOURS_MAX}");
    Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("hours"))
}

fn is_meant(end: &EndedPilots, query: &EndsQuery) -> bool {
    let is = |wanted: &Option<String>, have: &String| wanted.as_ref().is_none_or(|wanted| wanted == have);
    is(&query.factory, &end.factory) && is(&query.label, &end.label) && is(&query.queue, &end.queue)
}
