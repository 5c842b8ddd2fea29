//! Queues, sites, tags and demand.

use super::jobs::{every_state, sum};
use crate::auth::Identity;
use crate::extract::{Body, Params, Segments};
use crate::names::{Narrowed, unknown_queue};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::queue::check_name;
use model::{IdlePilots, JobCounts, Permission, PilotState, QueueRecord, StatusChange, Written};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use store::QueueOrigin;
use wire::api::{DemandList, QueueGroup, QueueGroupList, QueueList, QueueSummary, SetQueueStatus};

/// The most tags of one queue.
const TAGS_MAX: usize = 100;

/// All queues with their counts.
#[utoipa::path(get, path = "/pilotage/v1/queues", tag = "queues",
    responses((status = 200, body = QueueList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(State(state): State<AppState>, who: Identity) -> Result<Json<QueueList>, ApiError> {
    who.require(Permission::Read)?;
    Ok(Json(QueueList { queues: summaries(&state).await? }))
}

/// One queue.
#[utoipa::path(get, path = "/pilotage/v1/queues/{name}", tag = "queues", params(("name" = String, Path)),
    responses((status = 200, body = QueueSummary), (status = "4XX", body = wire::api::Problem)))]
pub async fn show(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
) -> Result<Json<QueueSummary>, ApiError> {
    who.require(Permission::Read)?;
    let all = summaries(&state).await?;
    match all.iter().find(|summary| summary.queue.name == name) {
        Some(summary) => Ok(Json(summary.clone())),
        None => Err(missing(&name, all.iter().map(|summary| summary.queue.name.as_str()))),
    }
}

fn missing<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> ApiError {
    ApiError { status: StatusCode::NOT_FOUND, ..unknown_queue(name, known) }
}

/// All queues by name, with jobs, pilots and idle slots.
pub async fn summaries(state: &AppState) -> Result<Vec<QueueSummary>, ApiError> {
    let queues = state.store.queues().await?;
    let mut jobs = state.store.counts_by_queue().await?;
    let mut pilots = live_pilots(state).await?;
    let idle = idle_slots(state).await?;
    let mut origins = state.store.queue_origins().await?;
    let summary = |queue: QueueRecord| {
        let QueueOrigin { status_set, written } = origins.remove(&queue.name).unwrap_or_default();
        QueueSummary {
            jobs: every_state(jobs.remove(&queue.name).unwrap_or_default()),
            pilots: pilots.remove(&queue.name).unwrap_or_default(),
            idle_slots: idle.get(&queue.name).copied().unwrap_or_default(),
            queue,
            status_set,
            written,
        }
    };
    Ok(queues.into_iter().map(summary).collect())
}

async fn live_pilots(state: &AppState) -> Result<HashMap<String, BTreeMap<PilotState, u64>>, ApiError> {
    let mut pilots: HashMap<String, BTreeMap<PilotState, u64>> = HashMap::new();
    for count in state.aggregates.pilot_counts(&state.store).await?.iter() {
        if !count.state.is_final() {
            *pilots.entry(count.queue.clone()).or_default().entry(count.state).or_default() += count.pilots;
        }
    }
    Ok(pilots)
}

/// Idle slots by queue. One server knows which lease calls wait; several servers only know their own, so there the slots
/// of running pilots without those that the jobs they hold fill are taken, with a core for a slot.
async fn idle_slots(state: &AppState) -> Result<HashMap<String, u64>, ApiError> {
    if state.config.database.is_none() {
        let slots = |idle: Vec<IdlePilots>| idle.iter().map(|one| u64::from(one.slots) * one.pilots).sum();
        return Ok(state.pilots.idle().into_iter().map(|(queue, idle)| (queue, slots(idle))).collect());
    }
    let mut idle: HashMap<String, u64> = HashMap::new();
    for count in state.store.pilot_counts().await? {
        if count.state == PilotState::Running {
            *idle.entry(count.queue).or_default() += count.slots;
        }
    }
    for (queue, cores) in state.store.cores_in_use().await? {
        idle.entry(queue).and_modify(|slots| *slots = slots.saturating_sub(cores));
    }
    Ok(idle)
}

/// Creates a queue or changes one; the status of one that is there stays as it is.
#[utoipa::path(put, path = "/pilotage/v1/queues/{name}", tag = "queues", request_body = QueueRecord,
    params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn put_queue(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Body(mut queue): Body<QueueRecord>,
) -> Result<StatusCode, ApiError> {
    who.require(Permission::ManageQueues)?;
    if queue.name != name {
        let detail = format!("the path names the queue '{name}', the body '{}'", queue.name);
        return Err(ApiError::invalid("bad-value", "name", detail));
    }
    check_name(&queue.name)?;
    if queue.site.is_empty() {
        queue.site.clone_from(&queue.name);
    }
    check_words(&queue)?;
    state.store.put_queue(queue, Written { by: who.user, at: now() }).await?;
    state.candidates.forget().await;
    Ok(StatusCode::NO_CONTENT)
}

fn check_words(queue: &QueueRecord) -> Result<(), ApiError> {
    let at = |field: &str| {
        let field = field.to_owned();
        move |error: model::queue::BadName| ApiError::invalid("bad-name", field, error.to_string())
    };
    check_name(&queue.site).map_err(at("site"))?;
    if !queue.region.is_empty() {
        check_name(&queue.region).map_err(at("region"))?;
    }
    if queue.tags.len() > TAGS_MAX {
        return Err(ApiError::invalid("too-many", "tags", format!("a queue has at most {TAGS_MAX} tags")));
    }
    queue.tags.iter().try_for_each(|tag| check_name(tag)).map_err(at("tags"))
}

/// Sets the status of a queue.
#[utoipa::path(put, path = "/pilotage/v1/queues/{name}/status", tag = "queues", request_body = SetQueueStatus,
    params(("name" = String, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn set_status(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Body(request): Body<SetQueueStatus>,
) -> Result<StatusCode, ApiError> {
    who.require(Permission::SetQueueStatus)?;
    let Some(queue) = state.store.queue(name.clone()).await? else {
        let all = state.store.queues().await?;
        return Err(missing(&name, all.iter().map(|queue| queue.name.as_str())));
    };
    who.require_site(&queue.site)?;
    tracing::info!(queue = name, status = %request.status, reason = request.reason, user = who.user, "queue status set");
    let reason: String = request.reason.chars().take(1000).collect();
    let change = StatusChange { by: who.user, at: now(), reason };
    state.store.set_queue_status(name, request.status, change).await?;
    state.candidates.forget().await;
    Ok(StatusCode::NO_CONTENT)
}

/// Queues by site.
#[utoipa::path(get, path = "/pilotage/v1/sites", tag = "queues",
    responses((status = 200, body = QueueGroupList), (status = "4XX", body = wire::api::Problem)))]
pub async fn sites(State(state): State<AppState>, who: Identity) -> Result<Json<QueueGroupList>, ApiError> {
    who.require(Permission::Read)?;
    groups(&state, |queue| vec![queue.site.clone()]).await
}

/// Queues by tag.
#[utoipa::path(get, path = "/pilotage/v1/tags", tag = "queues",
    responses((status = 200, body = QueueGroupList), (status = "4XX", body = wire::api::Problem)))]
pub async fn tags(State(state): State<AppState>, who: Identity) -> Result<Json<QueueGroupList>, ApiError> {
    who.require(Permission::Read)?;
    groups(&state, |queue| queue.tags.iter().cloned().collect()).await
}

async fn groups(
    state: &AppState,
    names: impl Fn(&QueueRecord) -> Vec<String>,
) -> Result<Json<QueueGroupList>, ApiError> {
    let counts = state.store.counts_by_queue().await?;
    let mut groups: BTreeMap<String, (Vec<String>, JobCounts)> = BTreeMap::new();
    for queue in state.store.queues().await? {
        for name in names(&queue) {
            let (queues, jobs) = groups.entry(name).or_default();
            queues.push(queue.name.clone());
            *jobs = sum(std::mem::take(jobs), counts.get(&queue.name).cloned().unwrap_or_default());
        }
    }
    let group = |(name, (queues, jobs))| QueueGroup { name, queues, jobs: every_state(jobs) };
    Ok(Json(QueueGroupList { groups: groups.into_iter().map(group).collect() }))
}

/// Which queue's demand.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DemandQuery {
    /// Only this queue.
    pub(crate) queue: Option<String>,
}

/// What waits, by shape, and what could take it at once.
#[utoipa::path(get, path = "/pilotage/v1/demand", tag = "queues", params(DemandQuery),
    responses((status = 200, body = DemandList), (status = "4XX", body = wire::api::Problem)))]
pub async fn demand(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<DemandQuery>,
) -> Result<Json<DemandList>, ApiError> {
    who.require(Permission::Read)?;
    let mut demand = state.store.demand(query.queue.clone()).await?;
    if demand.is_empty() {
        Narrowed { queue: query.queue, ..Narrowed::default() }.check(&state).await?;
    }
    let idle = idle_slots(&state).await?;
    let mut idle_pilots = state.pilots.idle();
    for one in &mut demand {
        one.idle_slots = idle.get(&one.queue).copied().unwrap_or_default();
        one.idle_pilots = idle_pilots.remove(&one.queue).unwrap_or_default();
    }
    Ok(Json(DemandList { demand }))
}
