//! What the cores of ended pilots were used for.

use super::pilot_ends::{hours_of_part, since};
use crate::auth::Identity;
use crate::extract::Params;
use crate::places::{self, Places};
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use model::{CoreTime, Permission, Time};
use std::collections::BTreeMap;
use wire::api::{CoreTimeAt, CoreTimeHistory, EndsQuery, LabelCoreTime, PilotCoreTime};

/// What the cores of pilots that ended in the last hours were used for, by label. From counters.
#[utoipa::path(get, path = "/pilotage/v1/pilots/core-time", tag = "pilots", params(EndsQuery),
    responses((status = 200, body = PilotCoreTime), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<EndsQuery>,
) -> Result<Json<PilotCoreTime>, ApiError> {
    who.require(Permission::Read)?;
    let since = since(&query)?;
    let places = Places::read(&state).await?;
    let labels = state.aggregates.core_time(&state.store, since).await?;
    let meant = labels.iter().filter(|of| places.leaves(&query, &of.factory, &of.label, &of.queue));
    let told = meant.map(|of| LabelCoreTime {
        site: places.site(&of.queue).to_owned(),
        region: places.region(&of.queue).to_owned(),
        factory: of.factory.clone(),
        label: of.label.clone(),
        queue: of.queue.clone(),
        time: of.time,
    });
    let labels: Vec<_> = told.collect();
    if labels.is_empty() {
        places::check(query, &state).await?;
    }
    Ok(Json(PilotCoreTime { since, labels }))
}

/// What they were used for by when their pilots ended in the last hours. From counters.
#[utoipa::path(get, path = "/pilotage/v1/pilots/core-time/history", tag = "pilots", params(EndsQuery),
    responses((status = 200, body = CoreTimeHistory), (status = "4XX", body = wire::api::Problem)))]
pub async fn history(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<EndsQuery>,
) -> Result<Json<CoreTimeHistory>, ApiError> {
    who.require(Permission::Read)?;
    let (since, hours) = (since(&query)?, hours_of_part(query.hours));
    let places = Places::read(&state).await?;
    let of = (query.factory.clone(), query.label.clone());
    let parts = state.aggregates.core_time_by_parts(&state.store, since, hours, of).await?;
    let mut sums: BTreeMap<Time, CoreTime> = BTreeMap::new();
    for part in parts.iter().filter(|part| places.leaves_queue(&query, &part.queue)) {
        *sums.entry(part.at).or_default() += part.time;
    }
    if sums.is_empty() {
        places::check(query, &state).await?;
    }
    let parts = sums.into_iter().map(|(at, time)| CoreTimeAt { at, time });
    Ok(Json(CoreTimeHistory { since, hours, parts: parts.collect() }))
}
