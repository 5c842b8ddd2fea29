//! Reading the output of jobs: whole, the tail, from an offset, or as it is written.

use super::deadline;
use super::jobs::unknown_job;
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::{ApiError, AppState, now, objects};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use model::{JobId, LogStream, Permission, Target, Verb};
use std::time::Duration;
use store::{LogFrom, LogName, LogPosition, NewCommand};
use tokio::time::Instant;
use wire::api::{LOG_ATTEMPT, LOG_NEXT_OFFSET, LOG_STATE, LogQuery};

/// Bytes that are read from the store at once.
const PIECE: u64 = 1 << 20;
/// How long a pilot streams for one reader; each long poll of the reader renews it.
const FOLLOW: Duration = Duration::from_secs(60);

/// What a reader asks for, and where the log is.
struct Reading {
    log: LogName,
    position: LogPosition,
    /// Nothing follows: the log is complete, or its attempt is over.
    is_over: bool,
}

/// Output of a job as plain bytes.
#[utoipa::path(get, path = "/pilotage/v1/jobs/{id}/logs/{stream}", tag = "jobs",
    params(("id" = i64, Path), ("stream" = String, Path, description = "stdout or stderr"), LogQuery),
    responses((status = 200, description = "bytes", content_type = "text/plain"),
        (status = "4XX", body = wire::api::Problem)))]
pub async fn read(
    State(state): State<AppState>,
    who: Identity,
    Segments((job, stream)): Segments<(JobId, LogStream)>,
    Params(query): Params<LogQuery>,
) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    if query.offset.is_some() && query.tail.is_some() {
        let detail = "give 'offset' or 'tail', not both";
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("tail"));
    }
    let reading = match query.wait_s {
        Some(wait_s) => await_bytes(&state, &who, job, stream, &query, deadline(wait_s, &state)?).await?,
        None => look(&state, job, stream, query.attempt).await?,
    };
    respond(&state, reading, &query).await
}

async fn look(state: &AppState, job: JobId, stream: LogStream, attempt: Option<u32>) -> Result<Reading, ApiError> {
    let last = state.store.last_attempt(job).await?.ok_or_else(|| unknown_job(job))?;
    let attempt = match attempt {
        Some(attempt) if !(1..=last).contains(&attempt) => return Err(unknown_attempt(job, attempt, last)),
        attempt => attempt.unwrap_or(last),
    };
    let log = LogName { job, attempt, stream };
    let position = match attempt {
        0 => LogPosition::default(),
        _ => state.store.log_position(log).await?.unwrap_or_default(),
    };
    let is_over = position.complete || attempt < last || is_ended(state, job).await?;
    Ok(Reading { log, position, is_over })
}

fn unknown_attempt(job: JobId, attempt: u32, last: u32) -> ApiError {
    let known = match last {
        0 => "none has begun".to_owned(),
        1 => "it has had 1".to_owned(),
        _ => format!("it has had {last}"),
    };
    ApiError::invalid("unknown-attempt", "attempt", format!("job {job} has no attempt {attempt}; {known}"))
}

async fn is_ended(state: &AppState, job: JobId) -> Result<bool, ApiError> {
    let detail = state.store.job(job).await?.ok_or_else(|| unknown_job(job))?;
    Ok(detail.summary.state.is_final())
}

/// Waits for bytes after the offset; asks the pilot to stream while somebody waits.
async fn await_bytes(
    state: &AppState,
    who: &Identity,
    job: JobId,
    stream: LogStream,
    query: &LogQuery,
    until: Instant,
) -> Result<Reading, ApiError> {
    let bell = state.log_bells.of(job);
    let mut followed = None;
    loop {
        let rung = bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let reading = look(state, job, stream, query.attempt).await?;
        let has_bytes = reading.position.size > query.offset.unwrap_or(0);
        if has_bytes || reading.is_over || Instant::now() >= until || state.stopping.is_cancelled() {
            return Ok(reading);
        }
        if reading.log.attempt > 0 && followed != Some(reading.log.attempt) {
            follow(state, who, job).await?;
            followed = Some(reading.log.attempt);
        }
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep_until(until) => {}
            () = state.stopping.cancelled() => {}
        }
    }
}

async fn follow(state: &AppState, who: &Identity, job: JobId) -> Result<(), ApiError> {
    let now = now();
    let command = NewCommand {
        target: Target::Job(job),
        verb: Verb::Follow,
        arguments: vec![FOLLOW.as_secs().to_string()],
        issuer: who.user.clone(),
        expires: now + FOLLOW,
        now,
    };
    match state.store.command(command).await {
        // No pilot holds it now; the job's next change is waited for.
        Ok(_) | Err(store::Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn respond(state: &AppState, reading: Reading, query: &LogQuery) -> Result<Response, ApiError> {
    let size = reading.position.size;
    let offset = match query.tail {
        Some(tail) => size.saturating_sub(tail),
        None => query.offset.unwrap_or(0).min(size),
    };
    let state_word = if reading.is_over { "complete" } else { "open" };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static(LOG_ATTEMPT), reading.log.attempt.into());
    headers.insert(HeaderName::from_static(LOG_NEXT_OFFSET), size.into());
    headers.insert(HeaderName::from_static(LOG_STATE), HeaderValue::from_static(state_word));
    let body = match &reading.position.location {
        _ if offset >= size => Body::empty(),
        Some(location) => objects::body_from(&*state.objects, &objects::stored(location), offset).await?,
        None => pieces(state.clone(), reading.log, offset, size).await?,
    };
    Ok((headers, body).into_response())
}

/// The bytes from `offset` to `size`; a short log is one piece.
async fn pieces(state: AppState, log: LogName, offset: u64, size: u64) -> Result<Body, ApiError> {
    if size - offset <= PIECE {
        return Ok(Body::from(piece(&state, log, offset, size).await?));
    }
    let read = stream::try_unfold(offset, move |at| {
        let state = state.clone();
        async move {
            if at >= size {
                return Ok::<_, ApiError>(None);
            }
            let bytes = piece(&state, log, at, size).await?;
            let next = at + bytes.len() as u64;
            Ok((!bytes.is_empty()).then_some((bytes, next)))
        }
    });
    Ok(Body::from_stream(read))
}

async fn piece(state: &AppState, log: LogName, offset: u64, size: u64) -> Result<Bytes, ApiError> {
    let slice = state.store.read_log(log, LogFrom::Offset(offset), PIECE.min(size - offset)).await?;
    let Some(location) = slice.position.location else { return Ok(slice.bytes.into()) };
    // It was moved to the object store while it was read.
    let (objects, path) = (&*state.objects, objects::stored(&location));
    let range = offset..size.min(offset + PIECE);
    Ok(object_store::ObjectStoreExt::get_range(objects, &path, range).await?)
}
