//! Logs of pilots: pushed by factories, read by pilot or by the path that APFmon's links have.

use super::pilot_list::unknown_pilot;
use super::ranged::{self, Version, Wanted};
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::pilot_log::{self, KINDS, StoredLog, gzip};
use crate::{ApiError, AppState, objects};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use headers::{AcceptRanges, ContentLength, ContentRange, HeaderMapExt, LastModified};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{Permission, PilotId};
use object_store::path::Path;
use serde::Deserialize;
use std::ops::Range;
use std::time::{Duration, SystemTime};

/// Logs of fewer bytes are not compressed for one answer.
const PACKED_MIN: u64 = 1024;

/// Which part.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
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
    let place = pilot_log::place(&pilot, &kind);
    objects::store_body(&*state.objects, &place, request.into_body(), pilot_log::SIZE_MAX).await?;
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

/// A log of a pilot. Takes byte ranges and conditions; whole logs go out compressed to those who take gzip.
#[utoipa::path(get, path = "/pilotage/v1/pilots/{id}/logs/{kind}", tag = "pilots",
    params(("id" = i64, Path), ("kind" = String, Path, description = "out, err or log"), PartQuery),
    responses((status = 200, description = "bytes", content_type = "text/plain"),
        (status = 206, description = "the bytes of the Range header", content_type = "text/plain"),
        (status = 304, description = "the client has it"), (status = "4XX", body = wire::api::Problem)))]
pub async fn read(
    State(state): State<AppState>,
    who: Identity,
    Segments((id, kind)): Segments<(PilotId, String)>,
    Params(part): Params<PartQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    check_kind(&kind)?;
    let pilot = state.store.pilot(id).await?.ok_or_else(|| unknown_pilot(id))?;
    serve(&state, &pilot_log::place(&pilot, &kind), part, &headers).await
}

/// The same by factory, day, label and batch id.
#[utoipa::path(get, path = "/logs/{factory}/{date}/{label}/{file}", tag = "pilots",
    params(("factory" = String, Path), ("date" = String, Path), ("label" = String, Path),
        ("file" = String, Path, description = "BATCHID.out, .err or .log"), PartQuery),
    responses((status = 200, description = "bytes", content_type = "text/plain"),
        (status = 206, description = "the bytes of the Range header", content_type = "text/plain"),
        (status = 304, description = "the client has it"), (status = "4XX", body = wire::api::Problem)))]
pub async fn read_by_path(
    State(state): State<AppState>,
    who: Identity,
    Segments(parts): Segments<[String; 4]>,
    Params(part): Params<PartQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    let place = pilot_log::below_root(parts.iter().map(String::as_str));
    serve(&state, &place, part, &headers).await
}

async fn serve(state: &AppState, place: &Path, part: PartQuery, headers: &HeaderMap) -> Result<Response, ApiError> {
    let mut looks = 0;
    loop {
        looks += 1;
        let log = pilot_log::find(&*state.objects, place).await?.ok_or_else(not_there)?;
        match answer(state, &log, part, headers).await {
            // It was compressed, replaced or deleted since; what is there now counts.
            Err(error) if looks < pilot_log::LOOKS_MAX && pilot_log::is_changed(&error) => {}
            answer => return Ok(answer?),
        }
    }
}

pub(super) fn not_there() -> ApiError {
    ApiError::missing("unknown-log", "the log has not been delivered, or is kept no longer")
}

async fn answer(
    state: &AppState,
    log: &StoredLog,
    part: PartQuery,
    asked: &HeaderMap,
) -> object_store::Result<Response> {
    if let Some(tail) = part.tail {
        return send(state, log, log.size.saturating_sub(tail)..log.size, StatusCode::OK).await;
    }
    let is_packed = !ranged::has_range(asked) && ranged::takes_gzip(asked) && log.size >= PACKED_MIN;
    let version = version(log, is_packed);
    let mut response = match version.wanted(asked, log.size) {
        Wanted::Nothing => StatusCode::NOT_MODIFIED.into_response(),
        Wanted::Outside => outside(log.size),
        Wanted::Part(range) => send(state, log, range, StatusCode::PARTIAL_CONTENT).await?,
        Wanted::Whole if is_packed => send_packed(state, log).await?,
        Wanted::Whole => send(state, log, 0..log.size, StatusCode::OK).await?,
    };
    let headers = response.headers_mut();
    headers.typed_insert(AcceptRanges::bytes());
    headers.typed_insert(LastModified::from(version.written));
    version.tag.into_iter().for_each(|tag| headers.typed_insert(tag));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, authorization, cookie"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// The tag is that of the object, so that it differs whenever the bytes may; compressed bytes have one of their own.
fn version(log: &StoredLog, is_packed: bool) -> Version {
    let tag = log.meta.e_tag.as_deref().map(|tag| tag.trim_start_matches("W/").trim_matches('"'));
    let suffix = if is_packed { "-gzip" } else { "" };
    let tag = tag.and_then(|tag| format!("\"{tag}{suffix}\"").parse().ok());
    let since = Duration::from_millis(log.arrived.0.try_into().unwrap_or_default());
    Version { tag, written: SystemTime::UNIX_EPOCH + since }
}

async fn send(
    state: &AppState,
    log: &StoredLog,
    part: Range<u64>,
    status: StatusCode,
) -> object_store::Result<Response> {
    let body = Body::from_stream(log.open(&*state.objects, part.clone()).await?);
    let mut response = (status, plain_text(), body).into_response();
    response.headers_mut().typed_insert(ContentLength(part.end - part.start));
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(range) = ContentRange::bytes(part, log.size)
    {
        response.headers_mut().typed_insert(range);
    }
    Ok(response)
}

/// The whole log in gzip's format: as it lies there, or compressed on its way.
async fn send_packed(state: &AppState, log: &StoredLog) -> object_store::Result<Response> {
    let object = log.open_packed(&*state.objects).await?;
    let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
    let bytes = if log.is_compressed { object } else { gzip::packed(object, log.arrived) };
    let mut response = (plain_text(), coding, Body::from_stream(bytes)).into_response();
    if log.is_compressed {
        response.headers_mut().typed_insert(ContentLength(log.meta.size));
    }
    Ok(response)
}

fn plain_text() -> [(header::HeaderName, HeaderValue); 2] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

fn outside(size: u64) -> Response {
    let detail = format!("the range is outside of the log, which has {size} bytes");
    let mut response = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "bad-range", detail).into_response();
    response.headers_mut().typed_insert(ContentRange::unsatisfied_bytes(size));
    response
}
