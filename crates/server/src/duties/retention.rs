//! Ends what is too old: commands, idempotency keys, ended jobs and their logs, pilots.

use super::{failed, has, turn};
use crate::api::log_write::move_log;
use crate::{ApiError, AppState, now};
use model::Time;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::time::Duration;
use store::Removable;

const COMMANDS_EVERY: Duration = Duration::from_secs(2);
/// Logs that are moved and files that are deleted at once.
const PORTION: u32 = 1000;
/// How long a file that could not be deleted is left alone.
const TRY_AGAIN: Duration = Duration::from_secs(3600);
/// Pause between two parts of the archive, so that other writers come in between.
const BREATH: Duration = Duration::from_millis(50);

/// Fails commands that nobody took in time, and ends orders whose time is over.
pub async fn commands(state: AppState) {
    while turn(&state, COMMANDS_EVERY).await {
        if has(&state, "commands", COMMANDS_EVERY * 15).await {
            let (commands, orders) = (state.store.expire_commands(now()).await, state.store.expire_orders(now()).await);
            for error in [commands.err(), orders.err()].into_iter().flatten() {
                failed(&state, "commands", &error.into());
            }
        }
    }
}

/// Archives ended jobs and drops what is older than the configuration wants: jobs, their files, pilots.
pub async fn jobs(state: AppState) {
    while turn(&state, state.config.retention_every).await {
        if has(&state, "retention", state.config.retention_every * 3).await {
            pass(&state).await;
        }
    }
}

/// One thing that fails does not keep the others.
async fn pass(state: &AppState) {
    let now = now();
    let alarms_before = now - state.config.alarms.rules.keep;
    let mut gone = told(state, state.store.prune(now, state.config.keep_idempotency).await);
    told(state, prune_history(state, now).await);
    gone.insert(Removable::Alarms, told(state, by_portions(state, || state.store.drop_alarms(alarms_before)).await));
    told(state, archive(state, now).await);
    told(state, move_logs(state).await);
    if let Some(keep) = state.config.keep_archive {
        gone.insert(Removable::Days, told(state, state.store.drop_archive(now - keep, now).await));
        gone.insert(Removable::Pilots, told(state, by_portions(state, || state.store.drop_pilots(now - keep)).await));
    }
    told(state, delete_discarded(state, now).await);
    told(state, state.store.removed(gone, now).await);
}

/// What was done, or that it failed.
fn told<T: Default>(state: &AppState, done: Result<T, impl Into<ApiError>>) -> T {
    done.unwrap_or_else(|error| {
        failed(state, "retention", &error.into());
        T::default()
    })
}

async fn prune_history(state: &AppState, now: Time) -> Result<(), ApiError> {
    let mut done = 0;
    while let Some(next) = state.store.prune_pilot_history(now, done).await? {
        done = next;
        if !turn(state, BREATH).await {
            break;
        }
    }
    Ok(())
}

/// Deletes portion after portion until nothing is left to delete. Returns how much went.
async fn by_portions<D>(state: &AppState, delete: impl Fn() -> D) -> store::Result<u64>
where
    D: Future<Output = store::Result<u64>>,
{
    let mut all = 0;
    loop {
        let gone = delete().await?;
        all += gone;
        if gone == 0 || !turn(state, BREATH).await {
            return Ok(all);
        }
    }
}

async fn archive(state: &AppState, now: Time) -> Result<(), ApiError> {
    while state.store.archive(now - state.config.archive_after).await?.more && turn(state, BREATH).await {}
    Ok(())
}

/// Moves the complete logs that stayed in the store when the object store could not take them.
async fn move_logs(state: &AppState) -> Result<(), ApiError> {
    let mut done = Ok(());
    for (log, size) in state.store.large_logs(PORTION).await? {
        done = done.and(move_log(state, log, size).await);
    }
    done
}

/// Deletes files that nothing refers to. What cannot be deleted is tried again later.
async fn delete_discarded(state: &AppState, now: Time) -> Result<(), ApiError> {
    loop {
        let places = state.store.discarded(now, PORTION).await?;
        let more = places.len() as u32 == PORTION;
        let (mut deleted, mut kept) = (Vec::new(), Vec::new());
        for place in places {
            match delete(state, &crate::objects::stored(&place)).await {
                Ok(()) => deleted.push(place),
                Err(error) => {
                    tracing::warn!(place, %error, "failed to delete a file of the object store");
                    kept.push(place);
                }
            }
        }
        state.store.deleted(deleted).await?;
        state.store.discard(kept, now + TRY_AGAIN).await?;
        if !more || !turn(state, BREATH).await {
            return Ok(());
        }
    }
}

async fn delete(state: &AppState, location: &Path) -> Result<(), ApiError> {
    match state.objects.delete(location).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
