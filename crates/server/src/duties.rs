//! What the server does by itself, each duty in a loop of its own.

mod alarms;
mod back_off;
mod pilot_logs;
mod read_ahead;
pub mod reaper;
mod rebroker;
mod retention;
mod silent;
mod token_use;
mod writing;

use crate::events::DutyFailed;
use crate::hub::locked;
use crate::{ApiError, AppState, now};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Starts all duties; they end when the server stops.
pub fn start(state: &AppState, tasks: &TaskTracker) {
    let lease = state.config.lease;
    let reap_every = (lease / 5).clamp(Duration::from_millis(100), Duration::from_secs(5));
    tasks.spawn(reaper::flush_and_reap(state.clone(), reap_every));
    tasks.spawn(back_off::run(state.clone()));
    tasks.spawn(rebroker::run(state.clone()));
    tasks.spawn(retention::commands(state.clone()));
    tasks.spawn(retention::jobs(state.clone()));
    tasks.spawn(pilot_logs::run(state.clone()));
    tasks.spawn(alarms::evaluate(state.clone()));
    tasks.spawn(alarms::send(state.clone()));
    if let Some(config) = state.config.apfmon.clone() {
        tasks.spawn(silent::run(state.clone(), config));
    }
    tasks.spawn(token_use::run(state.clone()));
    tasks.spawn(writing::watch(state.clone()));
    tasks.spawn(read_ahead::run(state.clone()));
    tasks.spawn(sweep(state.clone()));
}

/// Waits for the next turn. False when the server stops.
async fn turn(state: &AppState, wait: Duration) -> bool {
    tokio::select! {
        () = state.stopping.cancelled() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

/// Whether this server has the duty now. It is renewed in the store when half of `hold` is over.
async fn has(state: &AppState, duty: &'static str, hold: Duration) -> bool {
    let now = now();
    if locked(&state.duties).get(duty).is_some_and(|until| now + hold / 2 < *until) {
        return true;
    }
    match state.store.try_duty(duty, hold).await {
        Ok(true) => {
            locked(&state.duties).insert(duty, now + hold);
            true
        }
        Ok(false) => false,
        Err(error) => {
            failed(state, duty, &error.into());
            false
        }
    }
}

fn failed(state: &AppState, duty: &'static str, error: &ApiError) {
    DutyFailed { duty, error }.emit(&state.metrics);
}

/// Gives the duties of this server back, so that another one has them at once.
pub async fn release(state: &AppState) {
    let held: Vec<&str> = locked(&state.duties).drain().map(|(duty, _)| duty).collect();
    for duty in held {
        if let Err(error) = state.store.release_duty(duty).await {
            tracing::debug!(duty, %error, "failed to give a duty back");
        }
    }
}

/// Forgets what nobody waits for any more.
async fn sweep(state: AppState) {
    while turn(&state, Duration::from_secs(30)).await {
        state.hub.sweep();
        state.pilot_bells.sweep();
        state.factory_bells.sweep();
        state.log_bells.sweep();
        state.pilots.forget_silent(now() - state.config.lease * 4);
    }
}
