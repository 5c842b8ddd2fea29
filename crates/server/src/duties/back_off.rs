//! Activates jobs whose wait before the next attempt is over.

use super::{failed, turn};
use crate::{AppState, now};
use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(1);
const SHORTEST: Duration = Duration::from_millis(20);

/// Looks when the next wait ends, at least once a second.
pub async fn run(state: AppState) {
    let mut wait = SHORTEST;
    while turn(&state, wait).await {
        let now = now();
        wait = match state.store.activate_due(now).await {
            Ok(Some(next)) => next.since(now).clamp(SHORTEST, LONGEST),
            Ok(None) => LONGEST,
            Err(error) => {
                failed(&state, "back-off", &error.into());
                LONGEST
            }
        };
    }
}
