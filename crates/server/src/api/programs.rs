//! Programs that nodes download: pilots and the wrappers of VOs. Everybody may read them: nodes have no token, and what is
//! in a program is no secret.

use super::committed;
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::{ApiError, AppState, now, objects};
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::program::{PROGRAM_MAX, is_sha256};
use model::queue::check_name;
use model::{Permission, ProgramInfo};
use object_store::path::Path;
use ring::digest::{Context, SHA256};
use std::sync::{Arc, Mutex, PoisonError};
use store::ProgramRow;
use wire::api::{ProgramList, ProgramUpload};
use wire::credential::random_bytes;

/// Stores a version of a program. The same content again does no harm; another one under the same version is refused.
#[utoipa::path(put, path = "/pilotage/v1/programs/{name}/{version}", tag = "programs",
    params(("name" = String, Path), ("version" = String, Path), ProgramUpload),
    responses((status = 200, body = ProgramInfo), (status = "4XX", body = wire::api::Problem)))]
pub async fn write(
    State(state): State<AppState>,
    who: Identity,
    Segments((name, version)): Segments<(String, String)>,
    Params(upload): Params<ProgramUpload>,
    request: Request,
) -> Result<Json<ProgramInfo>, ApiError> {
    who.require(Permission::Administer)?;
    check_words(&name, &version)?;
    if !is_sha256(&upload.sha256) {
        return Err(ApiError::invalid("bad-value", "sha256", "'sha256' is not 64 hexadecimal digits"));
    }
    let sha256 = upload.sha256.to_lowercase();
    let place = Path::from_iter(["programs", &sha256, &hex::encode(random_bytes::<6>()?)]);
    objects::expect(&state, &place).await?;
    let found = Arc::new(Mutex::new(None));
    let body = checked(request.into_body(), sha256.clone(), Arc::clone(&found));
    let stored = objects::store_body(&*state.objects, &place, body, PROGRAM_MAX).await;
    let other = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    let bytes = stored.map_err(|error| other.map_or(error, |sum| wrong_sum(&sum, &sha256)))?;
    tracing::info!(name, version, sha256, bytes, by = who.user, "program stored");
    let info = ProgramInfo { name, version, sha256, bytes, added: now(), added_by: who.user.clone() };
    let row = ProgramRow { info, location: place.to_string() };
    Ok(Json(committed(&state, state.store.add_program(row)).await.map_err(taken)?))
}

/// All programs.
#[utoipa::path(get, path = "/pilotage/v1/programs", tag = "programs",
    responses((status = 200, body = ProgramList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(State(state): State<AppState>, who: Identity) -> Result<Json<ProgramList>, ApiError> {
    who.require(Permission::Read)?;
    Ok(Json(ProgramList { programs: state.store.programs().await? }))
}

/// The content of a program; its ETag is the SHA-256.
#[utoipa::path(get, path = "/pilotage/v1/programs/{name}/{version}", tag = "programs",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, description = "bytes", content_type = "application/octet-stream"), (status = 304),
        (status = "4XX", body = wire::api::Problem)), security(()))]
pub async fn read(
    State(state): State<AppState>,
    Segments((name, version)): Segments<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(program) = state.store.program(name.clone(), version.clone()).await? else {
        return Err(unknown(&name, &version));
    };
    let etag = format!("\"{}\"", program.info.sha256);
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let etag = HeaderValue::from_str(&etag).map_err(|error| ApiError::internal(error.to_string()))?;
    let body = objects::body_from(&*state.objects, &objects::stored(&program.location), 0).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
        (header::CONTENT_LENGTH, HeaderValue::from(program.info.bytes)),
        (header::ETAG, etag),
    ];
    Ok((headers, body).into_response())
}

/// Forgets a version of a program.
#[utoipa::path(delete, path = "/pilotage/v1/programs/{name}/{version}", tag = "programs",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn remove(
    State(state): State<AppState>,
    who: Identity,
    Segments((name, version)): Segments<(String, String)>,
) -> Result<StatusCode, ApiError> {
    who.require(Permission::Administer)?;
    let dropped = committed(&state, state.store.drop_program(name.clone(), version.clone(), now())).await;
    dropped.map_err(|error| if error.code == "not-found" { unknown(&name, &version) } else { error })?;
    tracing::info!(name, version, by = who.user, "program removed");
    Ok(StatusCode::NO_CONTENT)
}

/// The same body, which breaks off before its end is told when its checksum is another one; that is put into `found`.
fn checked(body: Body, wanted: String, found: Arc<Mutex<Option<String>>>) -> Body {
    let sum = Arc::new(Mutex::new(Context::new(&SHA256)));
    let seen = Arc::clone(&sum);
    let pieces = body.into_data_stream().map_err(std::io::Error::other).inspect_ok(move |piece| {
        seen.lock().unwrap_or_else(PoisonError::into_inner).update(piece);
    });
    let end = stream::once(async move {
        let sum = hex::encode(sum.lock().unwrap_or_else(PoisonError::into_inner).clone().finish());
        if sum == wanted {
            return Ok(Bytes::new());
        }
        *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(sum);
        Err(std::io::Error::other("another checksum"))
    });
    Body::from_stream(pieces.chain(end))
}

fn check_words(name: &str, version: &str) -> Result<(), ApiError> {
    for (field, word) in [("name", name), ("version", version)] {
        check_name(word).map_err(|error| ApiError::invalid("bad-value", field, error.to_string()))?;
    }
    Ok(())
}

fn wrong_sum(found: &str, wanted: &str) -> ApiError {
    ApiError::invalid("wrong-checksum", "sha256", format!("what was uploaded has the checksum {found}, not {wanted}"))
}

fn unknown(name: &str, version: &str) -> ApiError {
    ApiError::missing("unknown-program", format!("there is no version '{version}' of a program '{name}'"))
}

fn taken(error: ApiError) -> ApiError {
    match error.code {
        "conflict" => ApiError::conflict("program-exists", format!("{}; upload it as another version", error.detail)),
        _ => error,
    }
}
