//! Ends what is too old: commands, idempotency keys, ended jobs and their logs, pilots.

use super::{failed, has, turn};
use crate::api::log_write::move_log;
use crate::{ApiError, AppState, now};
use model::Time;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::time::Duration;

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
    let told = |done: Result<(), ApiError>| {
        if let Err(error) = done {
            failed(state, "retention", &error);
        }
    };
    told(state.store.prune(now, state.config.keep_idempotency).await.map(drop).map_err(ApiError::from));
    told(prune_history(state, now).await);
    told(drop_alarms(state, now - state.config.alarms.rules.keep).await);
    told(archive(state, now).await);
    told(move_logs(state).await);
    if let Some(keep) = state.config.keep_archive {
        told(state.store.drop_archive(now - keep, now).await.map_err(ApiError::from));
        told(drop_pilots(state, now - keep).await);
    }
    told(delete_discarded(state, now).await);
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

async fn drop_alarms(state: &AppState, before: Time) -> Result<(), ApiError> {
    while state.store.drop_alarms(before).await? > 0 && turn(state, BREATH).await {}
    Ok(())
}

async fn archive(state: &AppState, now: Time) -> Result<(), ApiError> {
    while state.store.archive(now - state.config.archive_after).await?.more && turn(state, BREATH).await {}
    Ok(())
}

async fn drop_pilots(state: &AppState, before: Time) -> Result<(), ApiError> {
    while state.store.drop_pilots(before).await? > 0 && turn(state, BREATH).await {}
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
