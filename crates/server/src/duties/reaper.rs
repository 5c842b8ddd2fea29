//! Leases: writes down when pilots were heard, and gives up what silent pilots hold.

use super::{failed, has, turn};
use crate::events::AttemptsLost;
use crate::{ApiError, AppState, now, panda};
use model::{ErrorClass, PilotId, Time};
use std::collections::BTreeMap;
use std::time::Duration;

const DUTY: &str = "reaper";

/// Flushes every `every`, then reaps when the duty is this server's.
///
/// Every lease has its full length from the start of the server on, and again after a pause of the whole machine (a
/// suspended laptop): the pilots were silent because nobody could hear them.
pub(super) async fn flush_and_reap(state: AppState, every: Duration) {
    let mut listening_since = now();
    let mut last_turn = now();
    while turn(&state, every).await {
        let now = now();
        if now.since(last_turn) > every * 2 + state.config.lease / 2 {
            tracing::info!("the clock jumped, all leases begin anew");
            listening_since = now;
        }
        last_turn = now;
        if let Err(error) = flush(&state).await {
            failed(&state, "flush", &error);
            // What cannot be written down may not be judged either: other servers could not see it.
            continue;
        }
        if has(&state, DUTY, every * 6).await
            && let Err(error) = reap(&state, listening_since, every, now).await
        {
            failed(&state, DUTY, &error);
        }
    }
}

/// Writes down when the pilots of this server were heard.
pub async fn flush(state: &AppState) -> Result<(), ApiError> {
    let heard = state.pilots.unflushed();
    if heard.is_empty() {
        return Ok(());
    }
    state.store.flush_heard(heard.iter().copied().collect()).await?;
    state.pilots.flushed(&heard);
    Ok(())
}

async fn reap(state: &AppState, listening_since: Time, slack: Duration, now: Time) -> Result<(), ApiError> {
    let lease = state.config.lease;
    if now.since(listening_since) < lease {
        return Ok(());
    }
    let mut silent: BTreeMap<Duration, Vec<PilotId>> = BTreeMap::new();
    for pilot in state.store.pilots_with_jobs().await? {
        if let Some(lease) = ended_lease(state, pilot, listening_since, slack, now).await? {
            silent.entry(lease).or_default().push(pilot);
        }
    }
    for (lease, pilots) in silent {
        let reason = format!("the pilot was not heard for {} s", lease.as_secs_f64());
        let lost = state.store.lose_pilots(pilots, ErrorClass::Lost, reason.clone(), now).await?;
        AttemptsLost { lost: &lost, reason: &reason }.emit(&state.metrics);
    }
    Ok(())
}

/// The length of the pilot's lease when it has run out.
async fn ended_lease(
    state: &AppState,
    pilot: PilotId,
    listening_since: Time,
    slack: Duration,
    now: Time,
) -> Result<Option<Duration>, ApiError> {
    let lease = state.config.lease;
    if state.pilots.last_heard(pilot).is_some_and(|heard| now.since(heard) <= lease) {
        return Ok(None);
    }
    // Another server may have heard it, and writes that down with some delay.
    let Some(record) = state.store.pilot(pilot).await? else { return Ok(Some(lease)) };
    let lease = match panda::is_panda(&record) {
        true => panda::lease(state, pilot).await?,
        false => lease,
    };
    let heard = record.last_heard.or(record.started).unwrap_or(record.announced);
    let heard = state.pilots.last_heard(pilot).map_or(heard, |here| here.max(heard));
    Ok((now.since(heard.max(listening_since)) > lease + slack).then_some(lease))
}
