//! Commands: given by people, taken by pilots and factories.

use super::{cursor, deadline, orders, page_size};
use crate::auth::{Identity, PilotCaller};
use crate::bells::Bells;
use crate::events::CommandGiven;
use crate::extract::{Body, Params, Segments};
use crate::names::{Narrowed, takes_orders};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::{Command, CommandId, CommandState, Permission, PilotChoice, PilotFlag, PilotId, Role, Target, Verb};
use std::hash::Hash;
use std::time::Duration;
use store::{CommandFilter, NewCommand, Taker};
use tokio::time::Instant;
use wire::api::{CommandList, CommandOutcome, CommandPoll, CommandQuery, CommandRequest};

/// Seconds until a command fails that nobody takes.
const EXPIRES_S: u32 = 300;
/// The longest time a command may wait, in seconds.
const EXPIRES_MAX_S: u32 = 7 * 24 * 3600;
/// The most arguments, and the most bytes of them together.
const ARGUMENTS_MAX: usize = 100;
const ARGUMENT_BYTES_MAX: usize = 8192;

/// Gives a command to a factory or pilot, or has a job's output streamed.
#[utoipa::path(post, path = "/pilotage/v1/commands", tag = "commands", request_body = CommandRequest,
    responses((status = 200, body = Command), (status = "4XX", body = wire::api::Problem)))]
pub async fn give(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<CommandRequest>,
) -> Result<Json<Command>, ApiError> {
    check(&request)?;
    authorize(&state, &who, &request).await?;
    let (time, verb, target) = (now(), request.verb, request.target);
    let expires_s = request.expires_s.unwrap_or(EXPIRES_S);
    let call = NewCommand {
        target: target.clone(),
        verb,
        arguments: request.arguments.clone(),
        issuer: who.user.clone(),
        expires: time + Duration::from_secs(expires_s.into()),
        now: time,
    };
    let (issuer, expires) = (call.issuer.clone(), call.expires);
    let id = state.store.command(call).await?;
    CommandGiven { verb: verb.as_str(), target: describe(&target), issuer: &who.user }.emit(&state.metrics);
    if let (Target::Pilot(pilot), Verb::Drain) = (&target, verb) {
        retire(&state, *pilot, &issuer).await?;
    }
    let (arguments, state) = (request.arguments, CommandState::Queued);
    Ok(Json(Command { id, target, verb, arguments, issuer, time, expires, state, note: String::new(), sent: None }))
}

async fn retire(state: &AppState, pilot: PilotId, issuer: &str) -> Result<(), ApiError> {
    let why = format!("{issuer} told it to drain");
    state.store.flag_pilot(pilot, Some(PilotFlag::Retiring), why, now()).await?;
    state.pilots.set_draining(pilot);
    Ok(())
}

fn describe(target: &Target) -> String {
    match target {
        Target::Factory(name) => format!("factory {name}"),
        Target::Pilot(pilot) => format!("pilot {pilot}"),
        Target::Job(job) => format!("job {job}"),
    }
}

fn check(request: &CommandRequest) -> Result<(), ApiError> {
    let fits = match request.target {
        Target::Factory(_) => request.verb != Verb::Follow,
        Target::Pilot(_) => request.verb == Verb::Drain,
        Target::Job(_) => request.verb == Verb::Follow,
    };
    if !fits {
        let hint = match (request.verb, &request.target) {
            (Verb::Kill, Target::Job(_)) => "; jobs are killed by POST /pilotage/v1/jobs/kill",
            _ => {
                "; factories take cycle, drain, forgive, kill, reload, stop and test, pilots take drain, jobs take follow"
            }
        };
        let detail = format!("'{}' does not fit {}{hint}", request.verb.as_str(), describe(&request.target));
        return Err(ApiError::invalid("verb-does-not-fit", "verb", detail));
    }
    if request.verb == Verb::Kill {
        PilotChoice::of_arguments(&request.arguments)
            .map_err(|error| ApiError::invalid("bad-value", "arguments", error))?;
    }
    if request.verb == Verb::Test && request.arguments.len() != 1 {
        return Err(ApiError::invalid("bad-value", "arguments", "a test names one label"));
    }
    let bytes: usize = request.arguments.iter().map(String::len).sum();
    if request.arguments.len() > ARGUMENTS_MAX || bytes > ARGUMENT_BYTES_MAX {
        let detail = format!("at most {ARGUMENTS_MAX} arguments with {ARGUMENT_BYTES_MAX} bytes are accepted");
        return Err(ApiError::invalid("too-many", "arguments", detail));
    }
    match request.expires_s.filter(|seconds| !(1..=EXPIRES_MAX_S).contains(seconds)) {
        Some(seconds) => {
            let detail = format!("'expires_s' is {seconds}; it must be between 1 and {EXPIRES_MAX_S}");
            Err(ApiError::invalid("bad-value", "expires_s", detail))
        }
        None => Ok(()),
    }
}

/// The permission goes by the target.
async fn authorize(state: &AppState, who: &Identity, request: &CommandRequest) -> Result<(), ApiError> {
    match &request.target {
        Target::Factory(name) => {
            let label = request.arguments.first().filter(|_| request.verb == Verb::Test);
            who.require(if label.is_some() { Permission::TestLabels } else { Permission::CommandFactories })?;
            let factories = state.store.factories().await?;
            let unknown = || ApiError::missing("unknown-factory", format!("there is no factory '{name}'"));
            takes_orders(factories.iter().find(|factory| factory.name == *name).ok_or_else(unknown)?)?;
            match label {
                Some(label) => orders::check_label(state, who, name, label).await,
                None => Ok(()),
            }
        }
        Target::Pilot(pilot) => {
            who.require(Permission::CommandPilots)?;
            let record = state.store.pilot(*pilot).await?.ok_or_else(|| super::pilot_list::unknown_pilot(*pilot))?;
            if record.reported {
                return Err(ApiError::conflict(
                    "only-reports",
                    format!("pilot {pilot} is only reported here; it takes no commands"),
                ));
            }
            if who.role == Role::Factory {
                who.require_factory(&record.factory)?;
            }
            who.require_site(&record.site)
        }
        Target::Job(job) => {
            who.require(Permission::Read)?;
            match state.store.last_attempt(*job).await? {
                Some(_) => Ok(()),
                None => Err(super::jobs::unknown_job(*job)),
            }
        }
    }
}

/// The last commands, oldest first.
#[utoipa::path(get, path = "/pilotage/v1/commands", tag = "commands", params(CommandQuery),
    responses((status = 200, body = CommandList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<CommandQuery>,
) -> Result<Json<CommandList>, ApiError> {
    who.require(Permission::Read)?;
    let (rows, below) = (page_size(query.limit)?, cursor(query.cursor.as_deref())?);
    let CommandQuery { factory, verb, state: in_state, .. } = query;
    let filter = CommandFilter { target: factory.clone().map(Target::Factory), verb, state: in_state };
    let mut page = state.store.commands(filter, below, rows).await?;
    if page.rows.is_empty() {
        Narrowed { factory, ..Narrowed::default() }.check(&state).await?;
    }
    page.rows.reverse();
    Ok(Json(CommandList { commands: page.rows, next: page.next.map(|id| id.to_string()) }))
}

/// Commands for a pilot and the jobs it holds; waits for one.
#[utoipa::path(get, path = "/pilotage/v1/pilots/{id}/commands", tag = "commands", params(("id" = i64, Path), CommandPoll),
    responses((status = 200, body = CommandList), (status = "4XX", body = wire::api::Problem)))]
pub async fn poll_pilot(
    State(state): State<AppState>,
    caller: PilotCaller,
    Segments(pilot): Segments<PilotId>,
    Params(poll): Params<CommandPoll>,
) -> Result<Json<CommandList>, ApiError> {
    caller.must_be(pilot)?;
    super::pilot_work::known_pilot(&state, caller).await?;
    take(&state, &state.pilot_bells, pilot, Taker::Pilot(pilot), poll, std::future::pending()).await.map(Json)
}

/// Commands for a factory; waits for one. Answers early, without a command, when jobs were activated: the demand may
/// have risen.
#[utoipa::path(get, path = "/pilotage/v1/factories/{name}/commands", tag = "commands",
    params(("name" = String, Path), CommandPoll),
    responses((status = 200, body = CommandList), (status = "4XX", body = wire::api::Problem)))]
pub async fn poll_factory(
    State(state): State<AppState>,
    who: Identity,
    Segments(name): Segments<String>,
    Params(poll): Params<CommandPoll>,
) -> Result<Json<CommandList>, ApiError> {
    who.require_factory(&name)?;
    let taker = Taker::Factory(name.clone());
    let demand = state.demand_bell.notified();
    take(&state, &state.factory_bells, name, taker, poll, demand).await.map(Json)
}

/// Waits for commands, or for something that ends the wait early. A command that was taken is always in the answer; the
/// answer itself may be lost, so that what was not answered within a heartbeat is offered again.
async fn take<K: Eq + Hash>(
    state: &AppState,
    bells: &Bells<K>,
    key: K,
    taker: Taker,
    poll: CommandPoll,
    early: impl Future<Output = ()>,
) -> Result<CommandList, ApiError> {
    let until = deadline(poll.wait_s, state)?;
    let bell = bells.of(key);
    tokio::pin!(early);
    loop {
        let rung = bell.notified();
        tokio::pin!(rung);
        rung.as_mut().enable();
        let taken = state.store.take_commands(taker.clone(), now(), state.config.heartbeat).await?;
        if !taken.commands.is_empty() || Instant::now() >= until || state.stopping.is_cancelled() {
            return Ok(CommandList { commands: taken.commands, next: None });
        }
        let again = taken.again.map_or(until, |again| until.min(Instant::now() + again.since(now())));
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep_until(again) => {}
            () = state.stopping.cancelled() => {}
            () = early.as_mut() => return Ok(CommandList::default()),
        }
    }
}

/// What became of a command, told by its target.
#[utoipa::path(post, path = "/pilotage/v1/commands/{id}/outcome", tag = "commands", request_body = CommandOutcome,
    params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn outcome(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<CommandId>,
    Body(outcome): Body<CommandOutcome>,
) -> Result<StatusCode, ApiError> {
    let taker = taker(&state, &who, id).await?;
    if matches!(outcome.state, CommandState::Queued | CommandState::Delivered) {
        let detail = "'state' must be accepted, refused, done or failed";
        return Err(ApiError::invalid("bad-value", "state", detail));
    }
    let note: String = outcome.note.chars().take(1000).collect();
    state.store.command_outcome(taker, id, outcome.state, note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// In whose name the caller speaks about the command: a pilot for itself, a factory for the one that the command is to.
async fn taker(state: &AppState, who: &Identity, id: CommandId) -> Result<Taker, ApiError> {
    if let Some(pilot) = who.pilot {
        return Ok(Taker::Pilot(pilot));
    }
    who.require(Permission::RunFactory)?;
    let below = id.0.saturating_add(1);
    let found = state.store.commands(CommandFilter::default(), Some(below), 1).await?.rows.pop();
    match found.filter(|command| command.id == id).map(|command| command.target) {
        Some(Target::Factory(name)) => who.require_factory(&name).map(|()| Taker::Factory(name)),
        _ => Err(ApiError::missing("unknown-command", format!("there is no command {id} to a factory"))),
    }
}
