//! Logs of pilots: pushed by factories, read by pilot or by the path that APFmon's links have.

use super::pilot_list::unknown_pilot;
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::{ApiError, AppState, objects};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::{Permission, PilotId};
use object_store::path::Path;
use serde::Deserialize;

/// The most bytes of one log of a pilot.
const PILOT_LOG_MAX: u64 = 64 << 20;
/// The logs of a pilot.
pub(super) const KINDS: [&str; 3] = ["out", "err", "log"];

/// Which part.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PartQuery {
    /// Only the last bytes.
    pub(crate) tail: Option<u64>,
}

/// Stores a log of a pilot; a later one replaces it.
#[utoipa::path(put, path = "/pilotage/v1/pilots/{id}/logs/{kind}", tag = "pilots",
    params(("id" = i64, Path), ("kind" = String, Path, description = "out, err or log")),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn write(
    State(state): State<AppState>,
    who: Identity,
    Segments((id, kind)): Segments<(PilotId, String)>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    check_kind(&kind)?;
    let pilot = state.store.pilot(id).await?.ok_or_else(|| unknown_pilot(id))?;
    who.require_factory(&pilot.factory)?;
    let path = objects::pilot_log(&pilot, &kind);
    objects::store_body(&*state.objects, &path, request.into_body(), PILOT_LOG_MAX).await?;
    state.hub.publish(&format!("pilot:{id}"));
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses a log that no pilot has.
pub(super) fn check_kind(kind: &str) -> Result<(), ApiError> {
    match KINDS.contains(&kind) {
        true => Ok(()),
        false => Err(ApiError::missing("unknown-log", format!("'{kind}' is no log of a pilot; use out, err or log"))),
    }
}

/// A log of a pilot.
#[utoipa::path(get, path = "/pilotage/v1/pilots/{id}/logs/{kind}", tag = "pilots",
    params(("id" = i64, Path), ("kind" = String, Path, description = "out, err or log"), PartQuery),
    responses((status = 200, description = "bytes", content_type = "text/plain"),
        (status = "4XX", body = wire::api::Problem)))]
pub async fn read(
    State(state): State<AppState>,
    who: Identity,
    Segments((id, kind)): Segments<(PilotId, String)>,
    Params(part): Params<PartQuery>,
) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    check_kind(&kind)?;
    let pilot = state.store.pilot(id).await?.ok_or_else(|| unknown_pilot(id))?;
    serve(&state, &objects::pilot_log(&pilot, &kind), part.tail).await
}

/// The same by factory, day, label and batch id.
#[utoipa::path(get, path = "/logs/{factory}/{date}/{label}/{file}", tag = "pilots",
    params(("factory" = String, Path), ("date" = String, Path), ("label" = String, Path),
        ("file" = String, Path, description = "BATCHID.out, .err or .log"), PartQuery),
    responses((status = 200, description = "bytes", content_type = "text/plain"),
        (status = "4XX", body = wire::api::Problem)))]
pub async fn read_by_path(
    State(state): State<AppState>,
    who: Identity,
    Segments(parts): Segments<[String; 4]>,
    Params(part): Params<PartQuery>,
) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    let path = Path::from_iter(std::iter::once(objects::PILOT_LOGS).chain(parts.iter().map(String::as_str)));
    serve(&state, &path, part.tail).await
}

async fn serve(state: &AppState, path: &Path, tail: Option<u64>) -> Result<Response, ApiError> {
    let size = objects::size(&*state.objects, path).await.map_err(|error| match error.status {
        StatusCode::NOT_FOUND => ApiError::missing("unknown-log", "the log has not been delivered, or is too old"),
        _ => error,
    })?;
    let offset = tail.map_or(0, |tail| size.saturating_sub(tail));
    let body = match size {
        0 => axum::body::Body::empty(),
        _ => objects::body_from(&*state.objects, path, offset.min(size - 1)).await?,
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, body).into_response())
}
