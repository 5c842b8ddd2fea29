//! What pilots call: lease, report, heartbeat, exit.

use super::pilot_hello::{SLOTS_MAX, check_text};
use super::pilot_list::unknown_pilot;
use super::{committed, deadline};
use crate::auth::{PilotCaller, Reporter};
use crate::events::{AttemptsLost, JobsLeased, ReportRefused, ReportsApplied};
use crate::extract::{BULK_BODY_MAX, Body, Segments};
use crate::live::LivePilot;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{JobId, JobReport, JobState, PilotId, RefusedReport, Time};
use store::{LeaseCall, LeaseFilter, Leases, PilotEnd};
use tokio::time::Instant;
use wire::api::{
    ExitRequest, Heartbeat, HeartbeatRequest, INLINE_LOG_MAX, LEASE_MAX, LEASE_SLOTS_MAX, LeaseRequest, Leased,
    LeasedJob, LeasedSpec, REPORTS_MAX, ReportRequest,
};

/// What is known about a calling pilot. One that this server does not know yet (another one greeted it, or this one was
/// started again) is read from the store. An older incarnation is refused: a newer instance has its jobs.
pub async fn known_pilot(state: &AppState, caller: PilotCaller) -> Result<LivePilot, ApiError> {
    let now = now();
    if let Some(live) = state.pilots.heard(caller.pilot, now)
        && live.incarnation >= caller.incarnation
    {
        return current(live, caller);
    }
    let Some(record) = state.store.pilot(caller.pilot).await? else {
        return Err(ApiError::missing("unknown-pilot", format!("there is no pilot {}", caller.pilot)));
    };
    let mut live = LivePilot::new(record.incarnation, record.queue, now);
    live.draining = record.flag == Some(model::PilotFlag::Retiring);
    if !record.state.is_final() {
        state.pilots.insert(caller.pilot, live.clone());
    }
    current(live, caller)
}

fn current(live: LivePilot, caller: PilotCaller) -> Result<LivePilot, ApiError> {
    if live.incarnation == caller.incarnation {
        return Ok(live);
    }
    let detail = format!(
        "pilot {} has started again: this is incarnation {}, the present one is {}",
        caller.pilot, caller.incarnation, live.incarnation
    );
    Err(ApiError::conflict("superseded", detail))
}

/// Splits reports into those with a genuine job token, cut to what is stored, and the refused ones.
pub fn genuine_reports(state: &AppState, reports: Vec<JobReport>) -> (Vec<JobReport>, Vec<RefusedReport>) {
    let mut refused = Vec::new();
    let mut genuine = Vec::with_capacity(reports.len());
    for report in reports {
        match check_report(state, &report) {
            Ok(()) => genuine.push(report),
            Err((reason, stop)) => {
                refused.push(RefusedReport { job: report.job, attempt: report.attempt, reason, stop });
            }
        }
    }
    (genuine, refused)
}

fn check_report(state: &AppState, report: &JobReport) -> Result<(), (String, bool)> {
    use JobState as S;
    if !state.key.is_job_token(report.job, report.attempt, &report.token) {
        return Err(("the token is not that of this attempt".to_owned(), true));
    }
    let reportable = [S::Starting, S::Running, S::Holding, S::Transferring, S::Finished, S::Failed];
    if !reportable.contains(&report.state) {
        return Err((format!("a pilot does not report {}", report.state), false));
    }
    if report.stdout.len() > INLINE_LOG_MAX || report.stderr.len() > INLINE_LOG_MAX {
        return Err((format!("an output of more than {INLINE_LOG_MAX} bytes must be uploaded"), false));
    }
    let nul = [&report.stdout, &report.stderr, &report.message].into_iter().any(|text| text.contains('\0'));
    if nul || report.message.chars().count() > 1000 {
        return Err(("a text has a NUL byte, or the message more than 1000 characters".to_owned(), false));
    }
    Ok(())
}

/// Reports, and asks for jobs; waits for one when there is none and nothing was reported.
#[utoipa::path(post, path = "/pilotage/v1/pilots/{id}/lease", tag = "pilots", request_body = LeaseRequest,
    params(("id" = i64, Path)),
    responses((status = 200, body = Leased), (status = "4XX", body = wire::api::Problem)))]
pub async fn lease(
    State(state): State<AppState>,
    caller: PilotCaller,
    Segments(pilot): Segments<PilotId>,
    Body(request): Body<LeaseRequest, BULK_BODY_MAX>,
) -> Result<Json<Leased>, ApiError> {
    caller.must_be(pilot)?;
    check_lease(&request)?;
    let until = deadline(request.wait_s, &state)?;
    let live = known_pilot(&state, caller).await?;
    let (reports, refused) = genuine_reports(&state, request.reports);
    let call = LeaseCall {
        pilot,
        incarnation: caller.incarnation,
        queue: live.queue,
        offer: request.offer,
        max_slots: request.max_slots,
        max_jobs: LEASE_MAX,
        filter: LeaseFilter::default(),
        reports,
        now: now(),
    };
    let may_wait = request.wait_s > 0 && call.max_slots > 0 && call.reports.is_empty() && refused.is_empty();
    let leases = match may_wait {
        true => wait_for_jobs(&state, call, request.idle_slots, until).await?,
        false => {
            state.pilots.set_idle(pilot, request.idle_slots);
            lease_once(&state, &call).await?
        }
    };
    Ok(Json(answer(&state, pilot, leases, refused)))
}

fn check_lease(request: &LeaseRequest) -> Result<(), ApiError> {
    if request.max_slots > LEASE_SLOTS_MAX {
        let detail = format!("'max_slots' is {}; it must be at most {LEASE_SLOTS_MAX}", request.max_slots);
        return Err(ApiError::invalid("bad-value", "max_slots", detail));
    }
    if request.offer.slots > SLOTS_MAX {
        let detail = format!("'offer.slots' is {}; it must be at most {SLOTS_MAX}", request.offer.slots);
        return Err(ApiError::invalid("bad-value", "offer.slots", detail));
    }
    check_report_count(request.reports.len())
}

fn check_report_count(reports: usize) -> Result<(), ApiError> {
    if reports <= REPORTS_MAX {
        return Ok(());
    }
    let detail = format!("{reports} reports in one call, at most {REPORTS_MAX} are accepted");
    Err(ApiError::invalid("too-many", "reports", detail))
}

/// One commit with the reports and the jobs.
async fn lease_once(state: &AppState, call: &LeaseCall) -> Result<Leases, ApiError> {
    let leases = committed(state, state.store.lease_and_report(call.clone())).await?;
    let is_applied = |report: &&JobReport| {
        !leases.refused.iter().any(|refused| (refused.job, refused.attempt) == (report.job, report.attempt))
    };
    let states = call.reports.iter().filter(is_applied).map(|report| report.state).collect();
    ReportsApplied { states }.emit(&state.metrics);
    if !leases.jobs.is_empty() {
        JobsLeased { pilot: call.pilot, queue: &call.queue, jobs: leases.jobs.len() }.emit(&state.metrics);
    }
    Ok(leases)
}

/// Looks for jobs, then again whenever the queue gets some and it is this call's turn.
async fn wait_for_jobs(
    state: &AppState,
    mut call: LeaseCall,
    idle_slots: u32,
    until: Instant,
) -> Result<Leases, ApiError> {
    let _idle = state.pilots.wait(call.pilot, idle_slots);
    let mut waiter = state.waiters.join(&call.queue);
    let mut turn = false;
    loop {
        call.now = now();
        let leases = lease_once(state, &call).await?;
        if turn {
            pass_turn(state, &mut waiter, &call, leases.slots).await;
        }
        if !leases.jobs.is_empty() || leases.drain || state.pilots.is_draining(call.pilot) {
            return Ok(leases);
        }
        turn = tokio::select! {
            () = waiter.woken() => true,
            () = tokio::time::sleep_until(until) => return Ok(leases),
            () = state.stopping.cancelled() => return Ok(leases),
        };
    }
}

/// Wakes the next calls when this one left jobs behind: because it took all it could, or because none fits it.
async fn pass_turn(state: &AppState, waiter: &mut crate::waiters::Waiter, call: &LeaseCall, taken: u32) {
    if taken > 0 && taken < call.max_slots {
        return waiter.served();
    }
    match state.store.counts(store::CountScope::Queue(call.queue.clone())).await {
        Ok(counts) => waiter.pass_on(counts.of(JobState::Activated)),
        Err(_) => waiter.pass_on(1),
    }
}

fn answer(state: &AppState, pilot: PilotId, leases: Leases, mut refused: Vec<RefusedReport>) -> Leased {
    refused.extend(leases.refused);
    for refused in &refused {
        ReportRefused { pilot, refused }.emit(&state.metrics);
    }
    let token = |job: JobId, attempt| state.key.job_token(job, attempt);
    let jobs = leases.jobs.into_iter().map(|job| LeasedJob {
        id: job.id,
        attempt: job.attempt,
        index: job.index,
        submission: job.submission,
        token: token(job.id, job.attempt),
    });
    let specs = leases
        .specs
        .into_iter()
        .map(|entry| LeasedSpec { submission: entry.submission, spec: std::sync::Arc::unwrap_or_clone(entry.spec) });
    let drain = leases.drain || state.pilots.is_draining(pilot);
    Leased { jobs: jobs.collect(), specs: specs.collect(), refused, drain }
}

/// Reports without asking for jobs: of the pilot itself, or by its factory of what it could not deliver before its end.
#[utoipa::path(post, path = "/pilotage/v1/pilots/{id}/report", tag = "pilots", request_body = ReportRequest,
    params(("id" = i64, Path)),
    responses((status = 200, body = Leased), (status = "4XX", body = wire::api::Problem)))]
pub async fn report(
    State(state): State<AppState>,
    reporter: Reporter,
    Segments(pilot): Segments<PilotId>,
    Body(request): Body<ReportRequest, BULK_BODY_MAX>,
) -> Result<Json<Leased>, ApiError> {
    check_report_count(request.reports.len())?;
    let (incarnation, queue) = match reporter {
        Reporter::Pilot(caller) => {
            caller.must_be(pilot)?;
            (caller.incarnation, known_pilot(&state, caller).await?.queue)
        }
        Reporter::Factory(who) => {
            let record = state.store.pilot(pilot).await?.ok_or_else(|| unknown_pilot(pilot))?;
            who.require_factory(&record.factory)?;
            (record.incarnation, record.queue)
        }
    };
    let (reports, refused) = genuine_reports(&state, request.reports);
    let call = LeaseCall { pilot, incarnation, queue, reports, now: now(), ..LeaseCall::default() };
    let leases = lease_once(&state, &call).await?;
    Ok(Json(answer(&state, pilot, leases, refused)))
}

/// Renews the leases of all jobs of a pilot.
#[utoipa::path(post, path = "/pilotage/v1/pilots/{id}/heartbeat", tag = "pilots", request_body = HeartbeatRequest,
    params(("id" = i64, Path)),
    responses((status = 200, body = Heartbeat), (status = "4XX", body = wire::api::Problem)))]
pub async fn heartbeat(
    State(state): State<AppState>,
    caller: PilotCaller,
    Segments(pilot): Segments<PilotId>,
    Body(request): Body<HeartbeatRequest>,
) -> Result<Json<Heartbeat>, ApiError> {
    caller.must_be(pilot)?;
    let live = known_pilot(&state, caller).await?;
    state.pilots.set_idle(pilot, request.idle_slots);
    let held = state.store.jobs_of_pilot(pilot).await?;
    let holds = |job: &JobId, attempt: &u32| held.iter().any(|one| one.job == *job && one.attempt == *attempt);
    let stop: Vec<_> = request.jobs.iter().filter(|(job, attempt)| !holds(job, attempt)).copied().collect();
    let before = heard_of_by_now(&state);
    let never_got = held.iter().filter(|one| one.sent < before && !request.jobs.contains(&(one.job, one.attempt)));
    give_back(&state, pilot, never_got.map(|one| (one.job, one.attempt)).collect()).await?;
    Ok(Json(Heartbeat { stop, drain: live.draining }))
}

/// A pilot has heard of every attempt that was sent before this time. After a crash of a server that is alone that is
/// all that the earlier process sent: its connections died with it. One heartbeat later no pilot still says what it knew
/// before.
fn heard_of_by_now(state: &AppState) -> Time {
    let now = now();
    let is_alone = state.config.database.is_none();
    let settled = now.since(state.started) > state.config.heartbeat;
    let whole_lease = now - state.config.lease.max(state.config.heartbeat * 2);
    if is_alone && settled { whole_lease.max(state.started) } else { whole_lease }
}

/// Attempts that the pilot does not know of although it has had the time to hear of them: the answer that carried them
/// was lost.
async fn give_back(state: &AppState, pilot: PilotId, attempts: Vec<(JobId, u32)>) -> Result<(), ApiError> {
    if attempts.is_empty() {
        return Ok(());
    }
    let reason = "the pilot never got it: the answer was lost";
    let lost = state.store.lose_attempts(pilot, attempts, reason.to_owned(), now()).await?;
    AttemptsLost { lost: &lost, reason }.emit(&state.metrics);
    Ok(())
}

/// A pilot's last call.
#[utoipa::path(post, path = "/pilotage/v1/pilots/{id}/exit", tag = "pilots", request_body = ExitRequest,
    params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn exit(
    State(state): State<AppState>,
    caller: PilotCaller,
    Segments(pilot): Segments<PilotId>,
    Body(request): Body<ExitRequest>,
) -> Result<StatusCode, ApiError> {
    caller.must_be(pilot)?;
    check_text("reason", &request.reason)?;
    known_pilot(&state, caller).await?;
    let end = PilotEnd { pilot, error_class: request.error_class, message: request.reason, now: now() };
    committed(&state, state.store.pilot_exits(end, caller.incarnation)).await?;
    state.pilots.remove(pilot);
    Ok(StatusCode::NO_CONTENT)
}
