//! Writes down when tokens were used last: of all that were used meanwhile in one commit, and nobody waits for it.

use super::{failed, turn};
use crate::AppState;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(60);

/// Runs until the server stops, and once more then.
pub async fn run(state: AppState) {
    while turn(&state, EVERY).await {
        write_down(&state).await;
    }
    write_down(&state).await;
}

/// What cannot be written now is written with what is used until the next turn.
async fn write_down(state: &AppState) {
    let used = state.tokens.used();
    if used.is_empty() {
        return;
    }
    match state.store.tokens_used(used.clone()).await {
        Ok(()) => state.tokens.written_down(&used),
        Err(error) => failed(state, "token-use", &error.into()),
    }
}
