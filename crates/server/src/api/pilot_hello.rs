//! A pilot's first call: who it is, where it is, and whether that place can run jobs.

use super::committed;
use crate::auth::token_hash;
use crate::events::PilotGreeted;
use crate::extract::{Body, Segments};
use crate::live::LivePilot;
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use model::node::CLOCK_MAX_S;
use model::{FailedCheck, NodeCheck, NodeProfile, PilotId, Time};
use std::time::Duration;
use store::HelloCall;
use wire::api::{Hello, HelloRequest};

/// How far a pilot's clock may be off: what it reports about times would be wrong by that much.
const CLOCK_OFF_MAX: Duration = Duration::from_secs(CLOCK_MAX_S as u64);
/// The most slots of one pilot.
pub(super) const SLOTS_MAX: u32 = 4096;
/// The longest text in a hello or exit, in bytes.
const TEXT_MAX: usize = 1000;
/// The most bytes of what a pilot says of its node.
const PROFILE_MAX: usize = 16_384;

/// A pilot's first call: exchanges the secret of its announcement for a session token.
#[utoipa::path(post, path = "/pilotage/v1/pilots/{id}/hello", tag = "pilots", request_body = HelloRequest,
    params(("id" = i64, Path)),
    responses((status = 200, body = Hello), (status = "4XX", body = wire::api::Problem)), security(()))]
pub async fn hello(
    State(state): State<AppState>,
    Segments(pilot): Segments<PilotId>,
    Body(said): Body<HelloRequest>,
) -> Result<Json<Hello>, ApiError> {
    let now = now();
    check_hello(&said, now)?;
    let is_fit = said.failed.is_empty();
    let call = HelloCall {
        pilot,
        secret_hash: token_hash(&said.secret),
        instance: said.instance.clone(),
        version: said.version,
        node: said.node.clone(),
        slots: said.slots,
        shape: said.shape,
        batch_id: said.batch_id,
        profile: profile_text(said.profile.as_ref())?,
        unfit: if is_fit { String::new() } else { FailedCheck::all_in_words(&said.failed) },
        now,
    };
    let greeting = committed(&state, state.store.hello(call)).await.map_err(refused_hello)?;
    let (incarnation, queue) = (greeting.incarnation, greeting.queue);
    PilotGreeted { pilot, incarnation, node: &said.node, queue: &queue }.emit(&state.metrics);
    if is_fit {
        state.pilots.insert(pilot, LivePilot::new(incarnation, queue.clone(), now));
    }
    Ok(Json(Hello {
        token: state.key.pilot_token(pilot, incarnation, &said.instance),
        incarnation,
        queue,
        site: greeting.site,
        lease_s: state.config.lease.as_secs_f64(),
        heartbeat_s: state.config.heartbeat.as_secs_f64(),
        long_poll_s: u32::try_from(state.config.long_poll.as_secs()).unwrap_or(u32::MAX),
    }))
}

/// A wrong secret and an unknown pilot look the same from outside.
fn refused_hello(error: ApiError) -> ApiError {
    match error.code {
        "not-found" => crate::auth::unauthorized("bad-secret", "there is no such pilot, or its secret is another one"),
        "conflict" => ApiError::conflict("pilot-ended", error.detail),
        _ => error,
    }
}

fn check_hello(said: &HelloRequest, now: Time) -> Result<(), ApiError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !(1..=64).contains(&said.instance.len()) || !said.instance.chars().all(plain) {
        let detail = "'instance' must have 1 to 64 letters, digits, '-' or '_'";
        return Err(ApiError::invalid("bad-value", "instance", detail));
    }
    if !(1..=SLOTS_MAX).contains(&said.slots) {
        let detail = format!("'slots' is {}; it must be between 1 and {SLOTS_MAX}", said.slots);
        return Err(ApiError::invalid("bad-value", "slots", detail));
    }
    for (field, text) in [("version", &said.version), ("node", &said.node), ("batch_id", &said.batch_id)] {
        check_text(field, text)?;
    }
    if !said.failed.is_empty() {
        return check_failed(&said.failed);
    }
    let (behind, ahead) = (now.since(said.clock), said.clock.since(now));
    let (off, word) = if behind > ahead { (behind, "behind") } else { (ahead, "ahead of") };
    if off > CLOCK_OFF_MAX {
        let detail = format!(
            "the clock of {} is {} s {word} the server's ({now}); at most {} s are accepted: set the node's clock",
            said.node,
            off.as_secs(),
            CLOCK_OFF_MAX.as_secs()
        );
        return Err(ApiError::invalid("clock-off", "clock", detail));
    }
    Ok(())
}

/// As it is stored.
fn profile_text(profile: Option<&NodeProfile>) -> Result<String, ApiError> {
    let text = profile.map(serde_json::to_string).transpose().unwrap_or_default().unwrap_or_default();
    if text.len() <= PROFILE_MAX && !text.contains("\\u0000") {
        return Ok(text);
    }
    let detail = format!("'profile' has a NUL byte or more than {PROFILE_MAX} bytes");
    Err(ApiError::invalid("bad-value", "profile", detail))
}

/// A node that is known to be unfit may have a clock that is wrong; the pilot reports no times of jobs.
fn check_failed(failed: &[FailedCheck]) -> Result<(), ApiError> {
    if failed.len() > NodeCheck::ALL.len() {
        let detail = format!("'failed' has more than {} checks", NodeCheck::ALL.len());
        return Err(ApiError::invalid("bad-value", "failed", detail));
    }
    failed.iter().try_for_each(|failed| check_text("failed", &failed.why))
}

pub(super) fn check_text(field: &str, text: &str) -> Result<(), ApiError> {
    if text.len() <= TEXT_MAX && !text.contains('\0') {
        return Ok(());
    }
    let detail = format!("'{field}' has a NUL byte or more than {TEXT_MAX} bytes");
    Err(ApiError::invalid("bad-value", field, detail))
}
