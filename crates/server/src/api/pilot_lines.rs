//! Lines of a pilot's log, for those who look for one.

use super::pilot_list::unknown_pilot;
use super::pilot_logs::{check_kind, not_there};
use crate::auth::Identity;
use crate::extract::{Params, Segments};
use crate::pilot_log::{self, lines::Lines};
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use futures_util::TryStreamExt;
use model::{Permission, PilotId};
use std::time::{Duration, Instant};
use wire::api::{LOG_FIND_MAX, LogLines, LogLinesQuery};

/// How long a log is read for one answer.
const READ_MAX: Duration = Duration::from_secs(2);

/// Lines of a pilot's log that hold something, or that follow a line.
#[utoipa::path(get, path = "/pilotage/v1/pilots/{id}/logs/{kind}/lines", tag = "pilots",
    params(("id" = i64, Path), ("kind" = String, Path, description = "out, err or log"), LogLinesQuery),
    responses((status = 200, body = LogLines), (status = "4XX", body = wire::api::Problem)))]
pub async fn read(
    State(state): State<AppState>,
    who: Identity,
    Segments((id, kind)): Segments<(PilotId, String)>,
    Params(query): Params<LogLinesQuery>,
) -> Result<Json<LogLines>, ApiError> {
    who.require(Permission::Read)?;
    check_kind(&kind)?;
    if query.find.as_ref().is_some_and(|find| find.chars().count() > LOG_FIND_MAX) {
        let detail = format!("'find' has more than {LOG_FIND_MAX} characters");
        return Err(ApiError::invalid("bad-value", "find", detail));
    }
    let pilot = state.store.pilot(id).await?.ok_or_else(|| unknown_pilot(id))?;
    let found = pilot_log::read(&*state.objects, &pilot_log::place(&pilot, &kind), |log| 0..log.size).await?;
    let (_, stream) = found.ok_or_else(not_there)?;
    Ok(Json(lines(stream, &query).await?))
}

async fn lines(mut stream: pilot_log::Stream, query: &LogLinesQuery) -> Result<LogLines, ApiError> {
    let (began, mut lines) = (Instant::now(), Lines::new(query));
    while let Some(bytes) = stream.try_next().await? {
        if !lines.take(&bytes) || began.elapsed() > READ_MAX {
            return Ok(lines.told(false));
        }
        // A long log leaves the thread to others between two pieces.
        tokio::task::yield_now().await;
    }
    Ok(lines.told(true))
}
