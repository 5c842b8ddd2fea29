//! What machines watch: events, metrics, health.

use crate::auth::Identity;
use crate::extract::Params;
use crate::hub::SubscribeError;
use crate::metrics::{Facts, StateLabels};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use model::alarm::{Alarm, Rule, Severity};
use model::{JobState, Permission, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use store::HistoryOf;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Which topics.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Topics such as `jobs,job:17,queue:x,pilots,overview`.
    topics: String,
}

/// Server-sent events: one per topic that changed, named like it, at most four times a second.
#[utoipa::path(get, path = "/events", tag = "service", params(EventQuery),
    responses((status = 200, description = "events", content_type = "text/event-stream"),
        (status = "4XX", body = wire::api::Problem)))]
pub async fn events(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<EventQuery>,
) -> Result<impl IntoResponse, ApiError> {
    who.require(Permission::Read)?;
    let names: Vec<&str> = query.topics.split(',').map(str::trim).collect();
    let subscription = state.hub.subscribe(&names).map_err(|error| match error {
        SubscribeError::Full => ApiError::unavailable("busy", error.to_string()),
        _ => ApiError::new(StatusCode::BAD_REQUEST, "bad-parameter", error.to_string()).at("topics"),
    })?;
    let stopping = state.stopping.clone();
    let changes = stream::unfold((subscription, stopping), |(mut subscription, stopping)| async move {
        let topics = tokio::select! {
            topics = subscription.changed() => topics,
            () = stopping.cancelled() => return None,
        };
        Some((stream::iter(topics.into_iter().map(event)), (subscription, stopping)))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(([(header::CACHE_CONTROL, "no-store")], Sse::new(hello().chain(changes.flatten())).keep_alive(keep_alive)))
}

/// The first event tells the page that it is connected, so that it can show when it is not.
fn hello() -> impl Stream<Item = Result<Event, Infallible>> {
    stream::iter([Ok(Event::default().event("connected").data("{}"))])
}

fn event(topic: String) -> Result<Event, Infallible> {
    Ok(Event::default().event(topic).data("{}"))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, description = "OpenMetrics text", content_type = "text/plain"),
        (status = "4XX", body = wire::api::Problem)))]
pub async fn metrics(State(state): State<AppState>, who: Identity) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    read_gauges(&state).await?;
    let facts = pilot_facts(&state).await?;
    let text = state.metrics.with(&facts).map_err(|error| ApiError::internal(error.to_string()))?;
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Everything is read before anything is set: two scrapes at the same time set the same twice.
async fn read_gauges(state: &AppState) -> Result<(), ApiError> {
    let health = state.store.health().await?;
    let jobs = state.store.counts_by_queue().await?;
    let metrics = &state.metrics;
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    metrics.write_queue.set(i64::try_from(health.write_queue).unwrap_or(i64::MAX));
    metrics.database_bytes.set(number(health.bytes));
    metrics.commits.set(number(health.commits));
    metrics.operations.set(number(health.operations));
    metrics.jobs.clear();
    for (queue, counts) in jobs {
        for one in JobState::ALL {
            let labels = StateLabels { queue: queue.clone(), state: one.as_str() };
            metrics.jobs.get_or_create(&labels).set(number(counts.of(one)));
        }
    }
    Ok(())
}

/// Durations are counted since the server's start, by the longest span, so that they stay few.
async fn pilot_facts(state: &AppState) -> Result<Facts, ApiError> {
    let (store, now) = (&state.store, now());
    let queues = store.queues().await?.into_iter();
    let ahead = now + Duration::from_secs(1);
    Ok(Facts {
        kept: store.pilot_counts().await?,
        forgotten: store.all_forgotten_pilots().await?,
        ended: store.pilot_ends(now - Duration::from_secs(3600)).await?,
        durations: store.pilot_durations(HistoryOf::All, Span::SixHours, state.metrics.since, ahead).await?,
        factories: store.factories().await?,
        orders: store.orders_in_force(None, now).await?,
        alarms: open_alarms(state).await?,
        sites: queues.map(|queue| (queue.name, queue.site)).collect(),
        labels_max: state.config.metric_labels,
    })
}

async fn open_alarms(state: &AppState) -> Result<BTreeMap<(Rule, Severity), u64>, ApiError> {
    let mut open = BTreeMap::new();
    for alarm in state.store.open_alarms().await?.into_iter().filter(Alarm::is_open) {
        *open.entry((alarm.rule, alarm.severity)).or_default() += 1;
    }
    Ok(open)
}

/// How long an answer of `/readyz` stands: whoever asks needs no credential, and looking costs a commit.
const READY_STANDS: Duration = Duration::from_secs(1);

/// The last answer of `/readyz`.
#[derive(Default)]
pub struct LastReady(Mutex<Option<(Instant, Result<Ready, ApiError>)>>);

/// How the server is.
#[derive(Clone, Serialize, utoipa::ToSchema)]
pub struct Ready {
    /// Version of the program.
    version: &'static str,
    /// `sqlite` or `postgresql`.
    engine: &'static str,
    /// Version of the schema.
    schema: i64,
}

/// What robots may read: nothing, unless the configuration lets them.
pub async fn robots(State(state): State<AppState>) -> &'static str {
    match state.config.allow_robots {
        true => "User-agent: *\nDisallow:\n",
        false => "User-agent: *\nDisallow: /\n",
    }
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200)), security(()))]
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// Whether the server can work now: its store answers and it is not stopping.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses((status = 200, body = Ready), (status = 503, body = wire::api::Problem)), security(()))]
pub async fn readyz(State(state): State<AppState>) -> Result<Json<Ready>, ApiError> {
    if state.stopping.is_cancelled() {
        return Err(ApiError::unavailable("stopping", "the server is stopping"));
    }
    let mut last = state.ready.0.lock().await;
    let answer = match last.take().filter(|(asked, _)| asked.elapsed() < READY_STANDS) {
        Some(answer) => answer,
        None => (Instant::now(), look(&state).await),
    };
    last.insert(answer).1.clone().map(Json)
}

async fn look(state: &AppState) -> Result<Ready, ApiError> {
    let health = state.store.health().await?;
    Ok(Ready { version: env!("CARGO_PKG_VERSION"), engine: health.engine, schema: health.schema })
}
