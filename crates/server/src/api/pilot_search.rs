//! Looking for a text in the logs of pilots.

use super::cursor;
use super::hours;
use super::pilot_ends::HOURS_MAX;
use super::pilot_logs::check_kind;
use crate::auth::Identity;
use crate::extract::Params;
use crate::names::Narrowed;
use crate::pilot_log::{self, KINDS};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{Permission, PilotState, PilotSummary};
use store::PilotFilter;
use wire::api::{SearchHit, SearchPage, SearchQuery};

/// The most pilots whose logs one page looks at.
const PILOTS_MAX: u32 = 100;
/// The end of each log that is looked at, in bytes.
const LOG_MAX: u64 = 1 << 20;
/// The most bytes that one page looks at, or a log more.
const BYTES_MAX: usize = 64 << 20;
/// The longest text that is looked for, and the most characters of a line that are shown.
const TEXT_MAX: usize = 200;
const LINE_MAX: usize = 300;

/// Pilots with a text in their logs, newest first; without a state those in fault.
#[utoipa::path(get, path = "/pilotage/v1/pilots/search", tag = "pilots", params(SearchQuery),
    responses((status = 200, body = SearchPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn search(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<SearchQuery>,
) -> Result<Json<SearchPage>, ApiError> {
    who.require(Permission::Read)?;
    check(&query)?;
    let below = cursor(query.cursor.as_deref())?;
    let since = query.hours.map(|count| hours(count, HOURS_MAX)).transpose()?.map(|hours| now() - hours);
    let kinds: Vec<&str> =
        KINDS.into_iter().filter(|kind| query.kind.as_deref().is_none_or(|one| one == *kind)).collect();
    let (queue, factory, label) = (query.queue.clone(), query.factory.clone(), query.label.clone());
    let wanted = query.state.unwrap_or(PilotState::Fault);
    let filter = PilotFilter { state: Some(wanted), queue, factory, label, ..PilotFilter::default() };
    let page = state.store.pilots(filter, below, PILOTS_MAX).await?;
    if page.rows.is_empty() {
        let SearchQuery { factory, label, queue, .. } = query.clone();
        Narrowed { factory, label, queue, ..Narrowed::default() }.check(&state).await?;
    }
    let (mut hits, mut looked, mut bytes) = (Vec::new(), 0, 0);
    let needle = query.text.to_lowercase();
    for pilot in page.rows {
        if since.is_some_and(|since| pilot.ended.is_some_and(|ended| ended < since)) {
            continue;
        }
        looked += 1;
        let next = pilot.id;
        bytes += look(&state, pilot, &kinds, &needle, &mut hits).await?;
        if bytes > BYTES_MAX {
            return Ok(Json(SearchPage { hits, looked, next: Some(next.to_string()) }));
        }
    }
    Ok(Json(SearchPage { hits, looked, next: page.next.map(|id| id.to_string()) }))
}

fn check(query: &SearchQuery) -> Result<(), ApiError> {
    query.kind.as_deref().map_or(Ok(()), check_kind)?;
    if !(1..=TEXT_MAX).contains(&query.text.len()) {
        let detail = format!("the parameter 'text' must have 1 to {TEXT_MAX} bytes");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("text"));
    }
    Ok(())
}

/// Looks through the logs of one pilot; how many bytes that were.
async fn look(
    state: &AppState,
    pilot: PilotSummary,
    kinds: &[&str],
    needle: &str,
    hits: &mut Vec<SearchHit>,
) -> Result<usize, ApiError> {
    let mut bytes = 0;
    for kind in kinds {
        let log = pilot_log::tail(&*state.objects, &pilot_log::place(&pilot, kind), LOG_MAX).await?;
        bytes += log.len();
        if let Some((lines, line)) = find(&String::from_utf8_lossy(&log), needle) {
            hits.push(SearchHit { pilot: pilot.clone(), kind: (*kind).to_owned(), lines, line });
        }
    }
    Ok(bytes)
}

/// How many lines have the text, and the last of them.
fn find(log: &str, needle: &str) -> Option<(u64, String)> {
    let mut found = log.lines().filter(|line| line.to_lowercase().contains(needle));
    let mut last = found.next()?;
    let mut lines = 1;
    for line in found {
        (lines, last) = (lines + 1, line);
    }
    Some((lines, last.trim().chars().take(LINE_MAX).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_their_case() {
        let log = "begin\nERROR: no space\nerror: No Space left on device\nend\n";
        assert_eq!(find(log, "no space").unwrap(), (2, "error: No Space left on device".to_owned()));
        assert_eq!(find(log, "memory"), None);
        assert_eq!(find(&"ä".repeat(999), "ä").unwrap().1.chars().count(), LINE_MAX);
    }
}
