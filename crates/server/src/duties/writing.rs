//! Tells open pages when writing to the store begins to fail or to be slow, and when it is well again.

use super::turn;
use crate::AppState;
use std::mem::discriminant;
use std::time::Duration;
use store::WriteTrouble;

const EVERY: Duration = Duration::from_secs(2);

/// Watches until the server stops.
pub async fn watch(state: AppState) {
    let mut known = None;
    while turn(&state, EVERY).await {
        if let Some(WriteTrouble::Failing { .. }) = state.store.write_trouble()
            && let Err(error) = state.store.try_writing().await
        {
            tracing::debug!(%error, "nothing can be written yet");
        }
        let kind = state.store.write_trouble().as_ref().map(discriminant);
        if kind != known {
            state.hub.publish_all();
            known = kind;
        }
    }
}
