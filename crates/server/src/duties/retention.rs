//! Ends what is too old: commands, idempotency keys, ended jobs, logs.

use super::{failed, has, turn};
use crate::{ApiError, AppState, now};
use futures_util::TryStreamExt;
use model::Time;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::time::Duration;

const COMMANDS_EVERY: Duration = Duration::from_secs(2);
const JOBS_EVERY: Duration = Duration::from_secs(60);
/// Pause between two parts of the archive, so that other writers come in between.
const BREATH: Duration = Duration::from_millis(50);

/// Fails commands that nobody took in time.
pub async fn commands(state: AppState) {
    while turn(&state, COMMANDS_EVERY).await {
        if has(&state, "commands", COMMANDS_EVERY * 15).await
            && let Err(error) = state.store.expire_commands(now()).await
        {
            failed(&state, "commands", &error.into());
        }
    }
}

/// Archives ended jobs and drops what is older than the configuration wants.
pub async fn jobs(state: AppState) {
    while turn(&state, JOBS_EVERY).await {
        if has(&state, "retention", JOBS_EVERY * 3).await
            && let Err(error) = pass(&state).await
        {
            failed(&state, "retention", &error);
        }
    }
}

async fn pass(state: &AppState) -> Result<(), ApiError> {
    let now = now();
    state.store.prune(now).await?;
    while state.store.archive(now - state.config.archive_after).await?.more {
        if !turn(state, BREATH).await {
            return Ok(());
        }
    }
    let Some(keep) = state.config.keep_archive else { return Ok(()) };
    for location in state.store.drop_archive(now - keep).await? {
        delete(state, &crate::objects::stored(&location)).await?;
    }
    drop_pilot_logs(state, now - keep).await
}

/// Pilot logs lie by factory and day; whole days are dropped.
async fn drop_pilot_logs(state: &AppState, before: Time) -> Result<(), ApiError> {
    let day = before.to_string().chars().take(10).collect::<String>();
    let root = Path::from(crate::objects::PILOT_LOGS);
    for factory in state.objects.list_with_delimiter(Some(&root)).await?.common_prefixes {
        for date in state.objects.list_with_delimiter(Some(&factory)).await?.common_prefixes {
            if date.filename().is_some_and(|name| name < day.as_str()) {
                drop_all_below(state, &date).await?;
            }
        }
    }
    Ok(())
}

async fn drop_all_below(state: &AppState, prefix: &Path) -> Result<(), ApiError> {
    let files: Vec<_> = state.objects.list(Some(prefix)).map_ok(|file| file.location).try_collect().await?;
    for file in files {
        delete(state, &file).await?;
    }
    Ok(())
}

async fn delete(state: &AppState, location: &Path) -> Result<(), ApiError> {
    match state.objects.delete(location).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
