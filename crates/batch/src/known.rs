//! What is known of a batch system between two questions, so that one that suffers is not asked more often.

use crate::{BatchError, PilotStatus, Status, SubmitOutcome};
use model::PilotId;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a full system is left alone at most.
const FULL_PAUSE: Duration = Duration::from_secs(30);

/// The last answers of one end point.
pub struct Known {
    poll: Duration,
    // One question at a time: who waits for it gets the same answer.
    asking: tokio::sync::Mutex<()>,
    last: Mutex<Last>,
}

/// Never locked while a command runs.
#[derive(Default)]
struct Last {
    status: Option<Status>,
    /// When the last status failed, and why; `None` after one that did not.
    failed: Option<(Instant, String)>,
    /// Pilots whose removal was tried since the last good status was taken.
    removing: BTreeSet<PilotId>,
    full_since: Option<Instant>,
}

impl Known {
    /// Knows nothing yet; `poll` is the least time between two questions.
    pub fn new(poll: Duration) -> Known {
        Known { poll, asking: tokio::sync::Mutex::default(), last: Mutex::default() }
    }

    /// The last answer while it is young, also when it was an error; else what `ask` answers.
    pub async fn status(&self, ask: impl Future<Output = Result<Status, BatchError>>) -> Result<Status, BatchError> {
        let _one_at_a_time = self.asking.lock().await;
        if let Some(recent) = self.locked().recent(self.poll) {
            return recent;
        }
        let answer = ask.await;
        self.locked().learn(&answer);
        answer
    }

    /// How the last good status showed a pilot.
    pub fn last(&self, pilot: PilotId) -> Option<PilotStatus> {
        self.locked().status.as_ref()?.pilots.iter().find(|shown| shown.pilot == pilot).cloned()
    }

    /// Those whose removal was not yet tried since the last good status.
    pub fn not_removing(&self, pilots: &[PilotId]) -> Vec<PilotId> {
        let last = self.locked();
        pilots.iter().filter(|pilot| !last.removing.contains(pilot)).copied().collect()
    }

    /// Their removal is tried now.
    pub fn removing(&self, pilots: &[PilotId]) {
        self.locked().removing.extend(pilots);
    }

    /// Learns from a submission whether there is room.
    pub fn learn_outcome(&self, outcome: &SubmitOutcome) {
        self.locked().full_since = outcome.full.then(Instant::now);
    }

    /// Whether the last submission found no room, a short time ago.
    pub fn is_full(&self) -> bool {
        self.locked().full_since.is_some_and(|since| since.elapsed() < FULL_PAUSE.min(self.poll))
    }

    fn locked(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    fn recent(&self, poll: Duration) -> Option<Result<Status, BatchError>> {
        if let Some((_, said)) = self.failed.as_ref().filter(|(when, _)| when.elapsed() < poll) {
            return Some(Err(BatchError::Again(said.clone())));
        }
        self.status.clone().filter(|status| status.taken.elapsed() < poll).map(Ok)
    }

    fn learn(&mut self, answer: &Result<Status, BatchError>) {
        match answer {
            Ok(status) => {
                self.status = Some(status.clone());
                self.failed = None;
                self.removing.clear();
            }
            Err(error) => self.failed = Some((Instant::now(), error.to_string())),
        }
    }
}
