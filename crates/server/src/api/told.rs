//! What was said about pilots: of one, and the feed of all.

use super::pilot_list::unknown_pilot;
use super::{deadline, page_size};
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::names::Narrowed;
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use model::{Permission, PilotId};
use store::ToldFilter;
use tokio::time::Instant;
use wire::api::{ToldOfPilot, ToldPage, ToldQuery};

/// All that was said about one pilot.
#[utoipa::path(get, path = "/pilotage/v1/pilots/{id}/events", tag = "pilots", params(("id" = i64, Path)),
    responses((status = 200, body = ToldOfPilot), (status = "4XX", body = wire::api::Problem)))]
pub async fn of_pilot(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<PilotId>,
) -> Result<Json<ToldOfPilot>, ApiError> {
    who.require(Permission::Read)?;
    let events = state.store.told_of(id).await?;
    if events.is_empty() && state.store.pilot(id).await?.is_none() {
        return Err(unknown_pilot(id));
    }
    Ok(Json(ToldOfPilot { events }))
}

/// The feed of all events of pilots, for other programs: each call goes on where the one before ended, and may wait.
#[utoipa::path(get, path = "/pilotage/v1/pilots/events", tag = "pilots", params(ToldQuery),
    responses((status = 200, body = ToldPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn feed(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<ToldQuery>,
) -> Result<Json<ToldPage>, ApiError> {
    who.require(Permission::Read)?;
    let (rows, until) = (page_size(query.limit)?, deadline(query.wait_s, &state)?);
    let ToldQuery { after, factory, label, .. } = query;
    let narrowed = Narrowed { factory: factory.clone(), label: label.clone(), ..Narrowed::default() };
    let filter = ToldFilter { factory, label };
    let page = match after {
        None => state.store.told_last(filter, rows).await?,
        Some(after) => next(&state, filter, after, rows, until).await?,
    };
    if page.told.is_empty() {
        narrowed.check(&state).await?;
    }
    Ok(Json(ToldPage { events: page.told, next: page.upto }))
}

/// What comes after a number; waits while there is nothing.
async fn next(
    state: &AppState,
    filter: ToldFilter,
    mut after: i64,
    rows: u32,
    until: Instant,
) -> Result<store::ToldPage, ApiError> {
    loop {
        let rung = state.told_bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let page = state.store.told_after(filter.clone(), after, rows).await?;
        let is_over = Instant::now() >= until || state.stopping.is_cancelled();
        if !page.told.is_empty() || is_over {
            return Ok(page);
        }
        if page.upto > after {
            after = page.upto;
            continue;
        }
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep_until(until) => {}
            () = state.stopping.cancelled() => {}
        }
    }
}
