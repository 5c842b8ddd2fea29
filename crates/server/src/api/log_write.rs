//! Pilots upload output that is large or followed, in chunks.

use crate::extract::{Params, Segments, read_body};
use crate::{ApiError, AppState, now, objects};
use axum::extract::{Request, State};
use http::{HeaderMap, StatusCode};
use model::{JobId, LogStream};
use serde::Deserialize;
use store::{LOG_KEPT_MAX, LogAppend, LogFrom, LogName};
use wire::api::{JOB_TOKEN, LOG_CHUNK_MAX, LOG_MAX};

/// Bytes that are read at once when a log moves.
const PIECE: u64 = 1 << 20;

/// Where the chunk belongs.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChunkQuery {
    /// Offset of its first byte. What overlaps is ignored, a gap is refused.
    offset: u64,
    /// Nothing follows.
    #[serde(default)]
    complete: bool,
}

/// Stores a chunk of a running attempt's output. The token is the one of the lease.
#[utoipa::path(put, path = "/pilotage/v1/jobs/{id}/attempts/{attempt}/logs/{stream}", tag = "jobs",
    params(("id" = i64, Path), ("attempt" = u32, Path), ("stream" = String, Path), ChunkQuery,
        ("pilotage-job-token" = String, Header)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn write(
    State(state): State<AppState>,
    Segments((job, attempt, stream)): Segments<(JobId, u32, LogStream)>,
    query: Result<Params<ChunkQuery>, ApiError>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    check_job_token(&state, request.headers(), job, attempt)?;
    let Params(query) = query?;
    let (bytes, _held) = read_body(request.into_body(), LOG_CHUNK_MAX).await?;
    if query.offset.saturating_add(bytes.len() as u64) > LOG_MAX {
        let detail = format!("the server keeps at most {LOG_MAX} bytes of an output");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "log-too-large", detail));
    }
    let log = LogName { job, attempt, stream };
    let append = LogAppend { log, offset: query.offset, bytes: bytes.into(), complete: query.complete, now: now() };
    let position = state.store.append_log(append).await?;
    if position.complete && position.location.is_none() && position.size > LOG_KEPT_MAX {
        tokio::spawn(async move {
            if let Err(error) = move_log(&state, log, position.size).await {
                tracing::warn!(job = log.job.0, attempt = log.attempt, %error, "failed to move a log");
            }
        });
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses who does not show the token of the attempt.
pub(super) fn check_job_token(state: &AppState, headers: &HeaderMap, job: JobId, attempt: u32) -> Result<(), ApiError> {
    let token = headers.get(JOB_TOKEN).and_then(|value| value.to_str().ok());
    match token {
        Some(token) if state.key.is_job_token(job, attempt, token) => Ok(()),
        Some(_) => {
            let detail = format!("the job token is not that of attempt {attempt} of job {job}");
            Err(ApiError::new(StatusCode::FORBIDDEN, "bad-job-token", detail))
        }
        None => {
            let detail = format!("the call carries no job token; send the header {JOB_TOKEN}");
            Err(crate::auth::unauthorized("no-credential", detail))
        }
    }
}

/// Copies a complete log to the object store and lets the store forget its chunks. Until then it is read from there.
pub(crate) async fn move_log(state: &AppState, log: LogName, size: u64) -> Result<(), ApiError> {
    let path = objects::new_job_file(log.job, log.attempt, "logs", log.stream.as_str())?;
    objects::expect(state, &path).await?;
    let mut upload =
        object_store::WriteMultipart::new(object_store::ObjectStoreExt::put_multipart(&*state.objects, &path).await?);
    let mut at = 0;
    while at < size {
        let slice = state.store.read_log(log, LogFrom::Offset(at), PIECE).await?;
        if slice.bytes.is_empty() {
            upload.abort().await?;
            return Ok(());
        }
        at += slice.bytes.len() as u64;
        upload.wait_for_capacity(objects::PARTS_IN_FLIGHT).await?;
        upload.put(slice.bytes.into());
    }
    upload.finish().await?;
    Ok(state.store.log_moved(log, path.to_string(), size).await?)
}
