//! Why pilots ended in fault: by class, and by what their messages have in common.

use super::pilot_ends::{hours_of_part, since};
use crate::auth::Identity;
use crate::extract::Params;
use crate::places::{self, Places};
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use model::{Permission, PilotState};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::api::{ClassCount, EndsQuery, ErrorHistory, ErrorsAt, MESSAGES_MAX, MessageInfo, PilotErrors};

/// Pilots in fault of the last hours, by label and error class, and what their messages have in common. From counters.
#[utoipa::path(get, path = "/pilotage/v1/pilots/errors", tag = "pilots", params(EndsQuery),
    responses((status = 200, body = PilotErrors), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<EndsQuery>,
) -> Result<Json<PilotErrors>, ApiError> {
    who.require(Permission::Read)?;
    let since = since(&query)?;
    let places = Places::read(&state).await?;
    let ends = state.aggregates.ends(&state.store, since).await?;
    let faults = ends.iter().filter(|end| end.state == PilotState::Fault).cloned();
    let classes = faults.map(|end| ClassCount {
        site: places.site(&end.queue).to_owned(),
        factory: end.factory,
        label: end.label,
        queue: end.queue,
        error_class: end.error_class,
        pilots: end.pilots,
        last: end.last,
    });
    let is_meant = |of: &ClassCount| places.leaves(&query, &of.factory, &of.label, &of.queue);
    let classes: Vec<ClassCount> = classes.filter(is_meant).collect();
    if classes.is_empty() {
        places::check(query, &state).await?;
        return Ok(Json(PilotErrors { since, ..PilotErrors::default() }));
    }
    let messages = state.aggregates.messages(&state.store, since).await?;
    let messages = messages.iter().cloned().map(|message| MessageInfo {
        template: message.template,
        count: ClassCount {
            site: places.site(&message.queue).to_owned(),
            factory: message.factory,
            label: message.label,
            queue: message.queue,
            error_class: message.error_class,
            pilots: message.pilots,
            last: message.last,
        },
    });
    let mut messages: Vec<MessageInfo> = messages.filter(|message| is_meant(&message.count)).collect();
    messages.sort_by_key(|message| Reverse((message.count.pilots, message.count.last)));
    messages.truncate(MESSAGES_MAX);
    Ok(Json(PilotErrors { since, classes, messages }))
}

/// When pilots ended in fault in the last hours, by error class. From counters.
#[utoipa::path(get, path = "/pilotage/v1/pilots/errors/history", tag = "pilots", params(EndsQuery),
    responses((status = 200, body = ErrorHistory), (status = "4XX", body = wire::api::Problem)))]
pub async fn history(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<EndsQuery>,
) -> Result<Json<ErrorHistory>, ApiError> {
    who.require(Permission::Read)?;
    let (since, hours) = (since(&query)?, hours_of_part(query.hours));
    let places = Places::read(&state).await?;
    let of = (query.factory.clone(), query.label.clone());
    let faults = state.aggregates.faults(&state.store, since, hours, of).await?;
    let mut sums: BTreeMap<_, u64> = BTreeMap::new();
    for one in faults.iter().filter(|one| places.leaves_queue(&query, &one.queue)) {
        *sums.entry((one.at, one.error_class)).or_default() += one.pilots;
    }
    if sums.is_empty() {
        places::check(query, &state).await?;
    }
    let faults = sums.into_iter().map(|((at, error_class), pilots)| ErrorsAt { at, error_class, pilots });
    Ok(Json(ErrorHistory { since, hours, faults: faults.collect() }))
}
