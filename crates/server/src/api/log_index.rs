//! What lies in the folders of pilots' logs, for programs; for people there are pages.

use super::page_size;
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::pilot_log::index::{self, Order};
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use model::Permission;
use wire::api::{LogIndex, LogIndexQuery};

/// Factories whose pilots left logs.
#[utoipa::path(get, path = "/logs/index.json", tag = "pilots", params(LogIndexQuery),
    responses((status = 200, body = LogIndex), (status = "4XX", body = wire::api::Problem)))]
pub async fn all(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<LogIndexQuery>,
) -> Result<Json<LogIndex>, ApiError> {
    read(&state, &who, &[], query).await.map(Json)
}

/// Days on which pilots of a factory were announced that left logs, the newest first.
#[utoipa::path(get, path = "/logs/{factory}/index.json", tag = "pilots",
    params(("factory" = String, Path), LogIndexQuery),
    responses((status = 200, body = LogIndex), (status = "4XX", body = wire::api::Problem)))]
pub async fn of_factory(
    State(state): State<AppState>,
    who: Identity,
    Segments(factory): Segments<String>,
    Params(query): Params<LogIndexQuery>,
) -> Result<Json<LogIndex>, ApiError> {
    read(&state, &who, &[factory], query).await.map(Json)
}

/// Labels whose pilots of a day left logs.
#[utoipa::path(get, path = "/logs/{factory}/{date}/index.json", tag = "pilots",
    params(("factory" = String, Path), ("date" = String, Path), LogIndexQuery),
    responses((status = 200, body = LogIndex), (status = "4XX", body = wire::api::Problem)))]
pub async fn of_day(
    State(state): State<AppState>,
    who: Identity,
    Segments(names): Segments<[String; 2]>,
    Params(query): Params<LogIndexQuery>,
) -> Result<Json<LogIndex>, ApiError> {
    read(&state, &who, &names, query).await.map(Json)
}

/// Logs of a label's pilots of a day.
#[utoipa::path(get, path = "/logs/{factory}/{date}/{label}/index.json", tag = "pilots",
    params(("factory" = String, Path), ("date" = String, Path), ("label" = String, Path), LogIndexQuery),
    responses((status = 200, body = LogIndex), (status = "4XX", body = wire::api::Problem)))]
pub async fn of_label(
    State(state): State<AppState>,
    who: Identity,
    Segments(names): Segments<[String; 3]>,
    Params(query): Params<LogIndexQuery>,
) -> Result<Json<LogIndex>, ApiError> {
    read(&state, &who, &names, query).await.map(Json)
}

/// The folder with these names: factory, day, label.
pub(crate) async fn read(
    state: &AppState,
    who: &Identity,
    names: &[String],
    query: LogIndexQuery,
) -> Result<LogIndex, ApiError> {
    who.require(Permission::Read)?;
    let limit = page_size(query.limit)? as usize;
    let (store, after) = (&*state.objects, query.after.as_deref());
    let index = match names.len() {
        0 | 2 => index::folders(store, names, Order::Up, after, limit).await?,
        1 => index::folders(store, names, Order::Down, after, limit).await?,
        _ => index::logs(store, names, after, limit).await?,
    };
    let is_empty = index.folders.is_empty() && index.logs.is_empty() && after.is_none();
    match names.last().filter(|_| is_empty) {
        Some(_) => Err(ApiError::missing("unknown-log", format!("there are no logs of {}", names.join(", ")))),
        None => Ok(index),
    }
}
