//! Listing, counting, awaiting, killing and retrying jobs.

use super::{committed, cursor, deadline, id_set, page_size};
use crate::auth::Identity;
use crate::extract::{Body, Params, Segments};
use crate::names::Narrowed;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{JobCounts, JobDetail, JobId, JobState, Killed, Permission, Retried};
use std::time::Duration;
use store::{CountScope, JobFilter, KillRequest, RetryRequest};
use tokio::time::Instant;
use wire::api::{FailuresQuery, JobPage, JobQuery, JobsRequest, WaitQuery};

/// The shortest time between two looks of a call that waits for jobs to end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Jobs, newest first.
#[utoipa::path(get, path = "/pilotage/v1/jobs", tag = "jobs", params(JobQuery),
    responses((status = 200, body = JobPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<JobQuery>,
) -> Result<Json<JobPage>, ApiError> {
    who.require(Permission::Read)?;
    let (rows, below) = (page_size(query.limit)?, cursor(query.cursor.as_deref())?);
    let narrowed = narrowed(&query);
    let page = state.store.jobs(filter(query)?, below, rows).await?;
    if page.rows.is_empty() {
        narrowed.check(&state).await?;
    }
    Ok(Json(JobPage { jobs: page.rows, next: page.next.map(|id| id.to_string()) }))
}

/// The jobs that failed last, by the time of their end; not those that are archived.
#[utoipa::path(get, path = "/pilotage/v1/jobs/failures", tag = "jobs", params(FailuresQuery),
    responses((status = 200, body = JobPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn failures(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<FailuresQuery>,
) -> Result<Json<JobPage>, ApiError> {
    who.require(Permission::Read)?;
    let jobs = state.store.latest_failures(page_size(query.limit)?).await?;
    Ok(Json(JobPage { jobs, next: None }))
}

fn narrowed(query: &JobQuery) -> Narrowed {
    Narrowed { queue: query.queue.clone(), site: query.site.clone(), ..Narrowed::default() }
}

fn filter(query: JobQuery) -> Result<JobFilter, ApiError> {
    Ok(JobFilter {
        state: query.state,
        ids: query.ids.map(|ids| id_set(&ids, "ids")).transpose()?,
        queue: query.queue,
        site: query.site,
        user: query.user,
        group: query.group,
        with_pilot: query.with_pilot.unwrap_or(false),
        pilot: query.pilot,
        error_class: query.error_class,
        name: query.name,
        task: query.task,
        submission: None,
    })
}

/// Jobs by state.
#[utoipa::path(get, path = "/pilotage/v1/jobs/count", tag = "jobs", params(JobQuery),
    responses((status = 200, body = JobCounts), (status = "4XX", body = wire::api::Problem)))]
pub async fn count_route(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<JobQuery>,
) -> Result<Json<JobCounts>, ApiError> {
    who.require(Permission::Read)?;
    count(&state, query).await.map(Json)
}

/// Jobs by state, from counters: of everything, of one queue, site, user or group, or of a set of ids.
pub async fn count(state: &AppState, query: JobQuery) -> Result<JobCounts, ApiError> {
    let (only, narrowed, with_pilot) = (query.state, narrowed(&query), query.with_pilot.unwrap_or(false));
    let uncounted = [
        ("pilot", query.pilot.is_some()),
        ("error_class", query.error_class.is_some()),
        ("name", query.name.is_some()),
        ("task", query.task.is_some()),
    ];
    let scopes = [
        query.ids.as_deref().map(|ids| id_set(ids, "ids").map(CountScope::Ids)),
        query.queue.map(|queue| Ok(CountScope::Queue(queue))),
        query.user.map(|user| Ok(CountScope::User(user))),
        query.group.map(|group| Ok(CountScope::Group(group))),
    ];
    let mut scopes: Vec<CountScope> = scopes.into_iter().flatten().collect::<Result<_, _>>()?;
    let uncounted = uncounted.iter().find(|(_, given)| *given).map(|(name, _)| *name);
    if uncounted.is_some() || scopes.len() + usize::from(query.site.is_some()) > 1 {
        let detail = "jobs are counted by one of ids, queue, site, user and group; list them for other questions";
        let error = ApiError::new(StatusCode::BAD_REQUEST, "not-counted", detail);
        return Err(uncounted.into_iter().fold(error, ApiError::at));
    }
    let counts = match query.site {
        Some(site) => count_site(state, &site).await?,
        None => state.store.counts(scopes.pop().unwrap_or(CountScope::All)).await?,
    };
    if counts.total() == 0 {
        narrowed.check(state).await?;
    }
    Ok(match only {
        Some(only) => JobCounts([(only, counts.of(only))].into()),
        None if with_pilot => JobCounts(counts.0.into_iter().filter(|(state, _)| state.is_with_pilot()).collect()),
        None => every_state(counts),
    })
}

async fn count_site(state: &AppState, site: &str) -> Result<JobCounts, ApiError> {
    let queues = state.store.queues().await?;
    let mut counts = state.store.counts_by_queue().await?;
    let of_site = queues.iter().filter(|queue| queue.site == site);
    Ok(of_site.filter_map(|queue| counts.remove(&queue.name)).fold(JobCounts::default(), sum))
}

/// Two counts together.
pub(crate) fn sum(mut all: JobCounts, more: JobCounts) -> JobCounts {
    for (state, jobs) in more.0 {
        *all.0.entry(state).or_default() += jobs;
    }
    all
}

/// The same with every state present.
pub(crate) fn every_state(counts: JobCounts) -> JobCounts {
    JobCounts(JobState::ALL.map(|state| (state, counts.of(state))).into())
}

/// Waits until no job of the set is open any more; answers with the counts.
#[utoipa::path(get, path = "/pilotage/v1/jobs/wait", tag = "jobs", params(WaitQuery),
    responses((status = 200, body = JobCounts), (status = "4XX", body = wire::api::Problem)))]
pub async fn wait(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<WaitQuery>,
) -> Result<Json<JobCounts>, ApiError> {
    who.require(Permission::Read)?;
    let until = deadline(query.wait_s, &state)?;
    let scope = match &query.ids {
        Some(ids) => CountScope::Ids(id_set(ids, "ids")?),
        None => CountScope::User(who.user),
    };
    let mut changes = state.store.changes();
    loop {
        let began = Instant::now();
        let counts = state.store.counts(scope.clone()).await?;
        let cost = began.elapsed();
        if counts.open() == 0 || Instant::now() >= until || state.stopping.is_cancelled() {
            return Ok(Json(every_state(counts)));
        }
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = state.stopping.cancelled() => {}
            () = jobs_changed(&mut changes) => tokio::time::sleep(LOOK_AGAIN.max(cost * 10)).await,
        }
    }
}

async fn jobs_changed(changes: &mut tokio::sync::broadcast::Receiver<std::sync::Arc<store::ChangeSet>>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match changes.recv().await {
            Ok(change) if !change.touches_jobs() => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            // The store is closing; the server's end wakes the call.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Everything about one job.
#[utoipa::path(get, path = "/pilotage/v1/jobs/{id}", tag = "jobs", params(("id" = i64, Path)),
    responses((status = 200, body = JobDetail), (status = "4XX", body = wire::api::Problem)))]
pub async fn show(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<JobId>,
) -> Result<Json<JobDetail>, ApiError> {
    who.require(Permission::Read)?;
    let mut job = state.store.job(id).await?.ok_or_else(|| unknown_job(id))?;
    if job.summary.state == JobState::Activated
        && let Some(reason) = waits_in_vain(&state, &job).await?
    {
        let said = &mut job.summary.message;
        *said = if said.is_empty() { reason } else { format!("{said}; {reason}") };
    }
    Ok(Json(job))
}

/// Why no pilot will take the job, as far as the factories that are alive say what their pilots offer.
async fn waits_in_vain(state: &AppState, job: &JobDetail) -> Result<Option<String>, ApiError> {
    let factories = state.store.factories().await?;
    let now = now();
    // What others report takes no jobs of ours.
    let alive = factories.iter().filter(|factory| factory.reported.is_none() && !factory.is_silent(now));
    let labels = alive.flat_map(|factory| &factory.said.labels).filter(|label| label.queue == job.summary.queue);
    Ok(model::factory::misfit(job.spec.shape(), labels))
}

/// The problem of a job that does not exist.
pub(crate) fn unknown_job(id: JobId) -> ApiError {
    ApiError::missing("unknown-job", format!("there is no job {id}"))
}

/// Kills jobs: waiting ones are cancelled at once, pilots are told to stop the others.
#[utoipa::path(post, path = "/pilotage/v1/jobs/kill", tag = "jobs", request_body = JobsRequest,
    responses((status = 200, body = Killed), (status = "4XX", body = wire::api::Problem)))]
pub async fn kill(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<JobsRequest>,
) -> Result<Json<Killed>, ApiError> {
    let scope = who.job_scope(&state).await?;
    let ids = id_set(&request.ids, "ids")?;
    crate::events::CommandGiven { verb: "kill", target: format!("jobs {ids}"), issuer: &who.user }.emit(&state.metrics);
    let call = KillRequest { ids, scope, issuer: who.user, now: now() };
    committed(&state, state.store.kill(call)).await.map(Json)
}

/// Runs ended jobs again.
#[utoipa::path(post, path = "/pilotage/v1/jobs/retry", tag = "jobs", request_body = JobsRequest,
    responses((status = 200, body = Retried), (status = "4XX", body = wire::api::Problem)))]
pub async fn retry(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<JobsRequest>,
) -> Result<Json<Retried>, ApiError> {
    let scope = who.job_scope(&state).await?;
    let ids = id_set(&request.ids, "ids")?;
    committed(&state, state.store.retry(RetryRequest { ids, scope, now: now() })).await.map(Json)
}
