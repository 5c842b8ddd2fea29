//! Brokerage at submit: the queues as they were a moment ago, and where a job goes.

use crate::names::unknown_queue;
use crate::{ApiError, AppState, now};
use model::JobSpec;
use model::brokerage::{Candidate, Outcome, place};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How old the picture of the queues may be. A change of a queue's record makes a new one at once.
const FRESH: Duration = Duration::from_secs(1);

/// The queues as brokerage sees them, read at most once a second.
#[derive(Default)]
pub struct Candidates(Mutex<Option<(Instant, Arc<Vec<Candidate>>)>>);

impl Candidates {
    /// All queues with what waits and runs in them.
    pub async fn get(&self, state: &AppState) -> Result<Arc<Vec<Candidate>>, ApiError> {
        let mut held = self.0.lock().await;
        if let Some((read, candidates)) = held.as_ref()
            && read.elapsed() < FRESH
        {
            return Ok(candidates.clone());
        }
        let candidates = Arc::new(state.store.candidates(now()).await?);
        *held = Some((Instant::now(), candidates.clone()));
        Ok(candidates)
    }

    /// Lets the next call look again: a queue changed.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }

    /// Counts jobs that were just placed, so that a burst does not go to one queue.
    pub async fn placed(&self, queue: &str, jobs: u64) {
        let mut held = self.0.lock().await;
        let Some((_, candidates)) = held.as_mut() else { return };
        let candidates = Arc::make_mut(candidates);
        if let Some(candidate) = candidates.iter_mut().find(|candidate| candidate.queue.name == queue) {
            candidate.waiting += jobs;
        }
    }
}

/// The queue for a new job, or the reason why there is none yet. An unknown queue is refused with the nearest known one.
pub async fn broker(spec: &JobSpec, state: &AppState) -> Result<(Option<String>, String), ApiError> {
    let mut candidates = state.candidates.get(state).await?;
    if let Outcome::UnknownQueue(_) = place(spec, &candidates) {
        // It may have been made less than a second ago.
        state.candidates.forget().await;
        candidates = state.candidates.get(state).await?;
    }
    match place(spec, &candidates) {
        Outcome::Queue(name) => Ok((Some(name), String::new())),
        Outcome::Nowhere(reason) => Ok((None, reason)),
        Outcome::UnknownQueue(name) => {
            let known = candidates.iter().map(|candidate| candidate.queue.name.as_str());
            Err(unknown_queue(&name, known))
        }
    }
}
