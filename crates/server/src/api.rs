//! The native interface, `/pilotage/v1/`.

pub(crate) mod alarms;
mod backup;
pub(crate) mod commands;
pub(crate) mod configuration;
pub(crate) mod core_time;
pub(crate) mod decisions;
pub(crate) mod factories;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod jobs;
mod labels;
pub(crate) mod log_index;
pub(crate) mod log_read;
pub(crate) mod log_write;
pub(crate) mod nodes;
pub(crate) mod orders;
mod outputs;
pub(crate) mod pilot_ends;
pub(crate) mod pilot_errors;
mod pilot_hello;
pub(crate) mod pilot_lines;
pub(crate) mod pilot_list;
pub(crate) mod pilot_logs;
mod pilot_search;
mod pilot_work;
mod programs;
pub(crate) mod queues;
mod ranged;
mod service;
pub(crate) mod silences;
mod submit;
pub(crate) mod tokens;
pub(crate) mod told;

pub(crate) mod openapi;

pub use service::LastReady;

use crate::{ApiError, AppState};
use axum::Router;
use axum::routing::{delete, get, post, put};
use http::{Method, StatusCode, Uri};
use std::time::Duration;
use tokio::time::Instant;
use wire::api::{LONG_POLL_MAX_S, PAGE_MAX, PREFIX};

/// Rows of a page when the caller does not say.
const PAGE_DEFAULT: u32 = 100;

/// All routes of the native interface and of the service itself.
pub fn router() -> Router<AppState> {
    let native = jobs_router().merge(pilots_router()).merge(others_router());
    Router::new().nest(PREFIX, native.fallback(unknown_path).method_not_allowed_fallback(wrong_method)).merge(service())
}

fn jobs_router() -> Router<AppState> {
    Router::new()
        .route("/jobs", post(submit::submit).get(jobs::list))
        .route("/jobs/bulk", post(submit::submit_bulk))
        .route("/jobs/count", get(jobs::count_route))
        .route("/jobs/failures", get(jobs::failures))
        .route("/jobs/wait", get(jobs::wait))
        .route("/jobs/kill", post(jobs::kill))
        .route("/jobs/retry", post(jobs::retry))
        .route("/jobs/{id}", get(jobs::show))
        .route("/jobs/{id}/logs/{stream}", get(log_read::read))
        .route("/jobs/{id}/outputs", get(outputs::list))
        .route("/jobs/{id}/outputs/{*name}", get(outputs::read))
        .route("/jobs/{id}/attempts/{attempt}/logs/{stream}", put(log_write::write))
        .route("/jobs/{id}/attempts/{attempt}/outputs/{*name}", put(outputs::write))
}

fn pilots_router() -> Router<AppState> {
    Router::new()
        .route("/pilots", get(pilot_list::list))
        .route("/pilots/ends", get(pilot_ends::list))
        .route("/pilots/errors", get(pilot_errors::list))
        .route("/pilots/errors/history", get(pilot_errors::history))
        .route("/pilots/core-time", get(core_time::list))
        .route("/pilots/core-time/history", get(core_time::history))
        .route("/pilots/history", get(history::read))
        .route("/pilots/events", get(told::feed))
        .route("/pilots/search", get(pilot_search::search))
        .route("/pilots/announce", post(factories::announce))
        .route("/pilots/batch", post(factories::batch))
        .route("/pilots/{id}", get(pilot_list::show))
        .route("/pilots/{id}/events", get(told::of_pilot))
        .route("/pilots/{id}/hello", post(pilot_hello::hello))
        .route("/pilots/{id}/lease", post(pilot_work::lease))
        .route("/pilots/{id}/report", post(pilot_work::report))
        .route("/pilots/{id}/heartbeat", post(pilot_work::heartbeat))
        .route("/pilots/{id}/exit", post(pilot_work::exit))
        .route("/pilots/{id}/commands", get(commands::poll_pilot))
        .route("/pilots/{id}/logs/{kind}/lines", get(pilot_lines::read))
        .route("/pilots/{id}/logs/{kind}", put(pilot_logs::write).get(pilot_logs::read))
}

fn others_router() -> Router<AppState> {
    Router::new()
        .route("/queues", get(queues::list))
        .route("/queues/{name}", get(queues::show).put(queues::put_queue))
        .route("/queues/{name}/status", put(queues::set_status))
        .route("/sites", get(queues::sites))
        .route("/tags", get(queues::tags))
        .route("/labels", get(labels::list))
        .route("/demand", get(queues::demand))
        .route("/nodes", get(nodes::list))
        .route("/find", get(find::find))
        .route("/decisions", post(decisions::add).get(decisions::list))
        .route("/factories", get(factories::list))
        .route("/factories/{name}", put(factories::heartbeat))
        .route("/factories/{name}/configuration", put(configuration::outline).get(configuration::show))
        .route("/factories/{name}/configuration/sections", put(configuration::sections))
        .route("/factories/{name}/pilots", get(factories::pilots))
        .route("/factories/{name}/commands", get(commands::poll_factory))
        .route("/commands", post(commands::give).get(commands::list))
        .route("/commands/{id}/outcome", post(commands::outcome))
        .route("/orders", post(orders::give).get(orders::list))
        .route("/orders/{id}/end", post(orders::end))
        .route("/alarms", get(alarms::list))
        .route("/alarms/{id}", get(alarms::show))
        .route("/alarms/{id}/acknowledge", post(alarms::acknowledge))
        .route("/alarms/{id}/comment", post(alarms::comment))
        .route("/silences", get(silences::list).post(silences::create))
        .route("/silences/{id}", delete(silences::end))
        .route("/programs", get(programs::list))
        .route("/programs/{name}/{version}", put(programs::write).get(programs::read).delete(programs::remove))
        .route("/tokens", post(tokens::create).get(tokens::list))
        .route("/tokens/{id}", delete(tokens::revoke))
        .route("/backup", post(backup::backup))
        .route("/whoami", get(tokens::whoami))
        .route("/openapi.json", get(openapi::document))
}

fn service() -> Router<AppState> {
    Router::new()
        .route("/events", get(service::events))
        .route("/metrics", get(service::metrics))
        .route("/healthz", get(service::healthz))
        .route("/readyz", get(service::readyz))
        .route("/login", post(crate::auth::login))
        .route("/logout", post(crate::auth::logout))
        .route("/robots.txt", get(service::robots))
        .route("/logs/index.json", get(log_index::all))
        .route("/logs/{factory}/index.json", get(log_index::of_factory))
        .route("/logs/{factory}/{date}/index.json", get(log_index::of_day))
        .route("/logs/{factory}/{date}/{label}/index.json", get(log_index::of_label))
        .route("/logs/{factory}/{date}/{label}/{file}", get(pilot_logs::read_by_path))
}

async fn unknown_path(method: Method, uri: Uri) -> ApiError {
    ApiError::missing("unknown-path", format!("there is no {method} {}; see {PREFIX}/openapi.json", uri.path()))
}

async fn wrong_method(method: Method, uri: Uri) -> ApiError {
    let detail = format!("{} does not take {method}; see {PREFIX}/openapi.json", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", detail)
}

/// Rows of a page, within bounds.
pub(crate) fn page_size(limit: Option<u32>) -> Result<u32, ApiError> {
    match limit.unwrap_or(PAGE_DEFAULT) {
        rows if (1..=PAGE_MAX).contains(&rows) => Ok(rows),
        rows => {
            let detail = format!("the parameter 'limit' is {rows}; it must be between 1 and {PAGE_MAX}");
            Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("limit"))
        }
    }
}

/// A number of hours within bounds.
fn hours(hours: u32, max: u32) -> Result<Duration, ApiError> {
    if (1..=max).contains(&hours) {
        return Ok(Duration::from_secs(u64::from(hours) * 3600));
    }
    let detail = format!("the parameter 'hours' is {hours}; it must be between 1 and {max}");
    Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("hours"))
}

/// The id below which a page begins.
pub(crate) fn cursor(text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let read = text.parse::<i64>().ok().filter(|id| *id > 0);
    read.map(Some).ok_or_else(|| {
        let detail = format!("the parameter 'cursor' is '{text}'; it must be the 'next' of an earlier page");
        ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", detail).at("cursor")
    })
}

/// A set of job ids in a field.
pub(crate) fn id_set(text: &str, field: &str) -> Result<model::IdSet, ApiError> {
    let ids: model::IdSet = text
        .parse()
        .map_err(|error| ApiError::invalid("bad-ids", field, format!("the field '{field}' is wrong: {error}")))?;
    match ids.is_empty() {
        true => Err(ApiError::invalid("bad-ids", field, format!("the field '{field}' names no job"))),
        false => Ok(ids),
    }
}

/// When a long poll that may wait `wait_s` has to answer.
pub(crate) fn deadline(wait_s: u32, state: &AppState) -> Result<Instant, ApiError> {
    if wait_s > LONG_POLL_MAX_S {
        let detail = format!("'wait_s' is {wait_s}; it must be at most {LONG_POLL_MAX_S}");
        return Err(ApiError::invalid("bad-value", "wait_s", detail));
    }
    Ok(Instant::now() + Duration::from_secs(wait_s.into()).min(state.config.long_poll))
}

/// Runs something that commits and notes how long it took.
pub(crate) async fn committed<T>(
    state: &AppState,
    work: impl Future<Output = store::Result<T>>,
) -> Result<T, ApiError> {
    let began = Instant::now();
    let done = work.await;
    state.metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
    Ok(done?)
}
