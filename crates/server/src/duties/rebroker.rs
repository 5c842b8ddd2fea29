//! Brokerage of jobs that wait already: defined ones when a queue changed, activated ones when their queue went offline
//! or another one has a far shorter expected wait.

use super::{failed, has, turn};
use crate::events::JobsMoved;
use crate::{ApiError, AppState, now};
use model::brokerage::{Candidate, Outcome, expected_wait_s, place};
use model::{JobId, JobState, Placement, QueueStatus};
use std::collections::HashMap;
use std::time::Duration;
use store::{Destination, WaitingRange};
use tokio::sync::broadcast::error::RecvError;

const DUTY: &str = "brokerage";
/// The longest time between two looks.
const EVERY: Duration = Duration::from_secs(10);
/// Ranges that are read at once.
const RANGES_AT_ONCE: u32 = 500;
/// Ranges of a queue that are looked at in one pass; the next one goes on behind them.
const RANGES_A_PASS: usize = 20_000;
/// Jobs of a range that move at once to a better queue: what is right now may be wrong in a minute.
const CHUNK: i64 = 1000;
/// Another queue must promise a wait this many times shorter...
const FAR_SHORTER: f64 = 4.0;
/// ...and this one must promise at least this long a wait, before an activated job moves.
const WORTH_MOVING_S: f64 = 60.0;

/// Looks every few seconds, and at once when a queue's record changed.
pub async fn run(state: AppState) {
    let mut changes = state.store.changes();
    let mut places = Places::new();
    loop {
        let stop = tokio::select! {
            on = turn(&state, EVERY) => !on,
            stop = queue_changed(&mut changes) => stop,
        };
        if stop {
            return;
        }
        if has(&state, DUTY, EVERY * 3).await
            && let Err(error) = pass(&state, &mut places).await
        {
            failed(&state, DUTY, &error);
        }
    }
}

/// Returns when a queue's record changed; true when nothing more will be heard.
async fn queue_changed(changes: &mut tokio::sync::broadcast::Receiver<std::sync::Arc<store::ChangeSet>>) -> bool {
    loop {
        match changes.recv().await {
            Ok(change) if change.everything || !change.queues.is_empty() => return false,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return false,
            Err(RecvError::Closed) => return true,
        }
    }
}

/// Where the next pass goes on in a queue; the empty name stands for jobs without one.
type Places = HashMap<String, JobId>;

async fn pass(state: &AppState, places: &mut Places) -> Result<(), ApiError> {
    let mut candidates = state.store.candidates(now()).await?;
    let crowded: Vec<String> =
        candidates.iter().filter(|c| deserves_a_look(c, &candidates)).map(|c| c.queue.name.clone()).collect();
    places.retain(|queue, _| queue.is_empty() || crowded.contains(queue));
    for queue in std::iter::once(String::new()).chain(crowded) {
        pass_queue(state, queue, places, &mut candidates).await?;
    }
    Ok(())
}

/// Offline queues with waiting jobs, and queues with a wait that is far longer than that of another.
fn deserves_a_look(candidate: &Candidate, candidates: &[Candidate]) -> bool {
    let is_offline = candidate.queue.status == QueueStatus::Offline;
    let here = expected_wait_s(candidate);
    let is_far_longer = |other: &Candidate| {
        other.queue.name != candidate.queue.name
            && other.queue.status == QueueStatus::Online
            && expected_wait_s(other) * FAR_SHORTER < here
    };
    candidate.waiting > 0 && (is_offline || (here > WORTH_MOVING_S && candidates.iter().any(is_far_longer)))
}

async fn pass_queue(
    state: &AppState,
    queue: String,
    places: &mut Places,
    candidates: &mut [Candidate],
) -> Result<(), ApiError> {
    let (mut after, mut seen) = (places.remove(&queue), 0);
    loop {
        let ranges = state.store.waiting_ranges(Some(queue.clone()), after, RANGES_AT_ONCE).await?;
        for range in &ranges {
            consider(state, range, candidates).await?;
        }
        seen += ranges.len();
        let Some(last) = ranges.last().filter(|_| ranges.len() == RANGES_AT_ONCE as usize) else { return Ok(()) };
        after = Some(last.last);
        if seen >= RANGES_A_PASS || state.stopping.is_cancelled() {
            places.insert(queue, last.last);
            return Ok(());
        }
    }
}

async fn consider(state: &AppState, range: &WaitingRange, candidates: &mut [Candidate]) -> Result<(), ApiError> {
    let Some(to) = destination(range, candidates) else { return Ok(()) };
    let last = match &to {
        Destination::Queue(_) if range.state == JobState::Activated && is_served(range, candidates) => {
            JobId(range.last.0.min(range.first.0 + CHUNK - 1))
        }
        _ => range.last,
    };
    let moved = state.store.move_waiting(range.first, last, to.clone(), now()).await?;
    let to = match &to {
        Destination::Queue(name) => name.as_str(),
        Destination::Nowhere(_) => "",
    };
    note_move(candidates, &range.queue, to, moved);
    if moved > 0 && range.queue != to {
        JobsMoved { from: &range.queue, to, jobs: moved }.emit(&state.metrics);
    }
    Ok(())
}

fn is_served(range: &WaitingRange, candidates: &[Candidate]) -> bool {
    let own = candidates.iter().find(|candidate| candidate.queue.name == range.queue);
    own.is_some_and(|own| own.queue.status != QueueStatus::Offline)
}

/// Where the range should go; none when it stays.
fn destination(range: &WaitingRange, candidates: &[Candidate]) -> Option<Destination> {
    let outcome = match place(&range.spec, candidates) {
        Outcome::UnknownQueue(name) => Outcome::Nowhere(format!("there is no queue {name}")),
        outcome => outcome,
    };
    match (range.state, outcome) {
        (JobState::Defined, Outcome::Queue(name)) => Some(Destination::Queue(name)),
        (JobState::Defined, Outcome::Nowhere(reason)) if reason != range.reason => Some(Destination::Nowhere(reason)),
        (JobState::Activated, Outcome::Queue(name)) if is_better(range, &name, candidates) => {
            Some(Destination::Queue(name))
        }
        (JobState::Activated, Outcome::Nowhere(reason)) if !is_served(range, candidates) => {
            Some(Destination::Nowhere(reason))
        }
        _ => None,
    }
}

fn is_better(range: &WaitingRange, other: &str, candidates: &[Candidate]) -> bool {
    if other == range.queue || matches!(range.spec.placement, Placement::Queue(_)) {
        return false;
    }
    if !is_served(range, candidates) {
        return true;
    }
    let wait = |name: &str| candidates.iter().find(|c| c.queue.name == name).map(expected_wait_s);
    match (wait(&range.queue), wait(other)) {
        (Some(here), Some(there)) => here > WORTH_MOVING_S && there * FAR_SHORTER < here,
        _ => true,
    }
}

fn note_move(candidates: &mut [Candidate], from: &str, to: &str, jobs: u64) {
    for candidate in candidates {
        if candidate.queue.name == from {
            candidate.waiting = candidate.waiting.saturating_sub(jobs);
        } else if candidate.queue.name == to {
            candidate.waiting += jobs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{JobSpec, QueueRecord, SubmissionId, Time};
    use std::sync::Arc;

    fn candidate(name: &str, waiting: u64) -> Candidate {
        Candidate { queue: QueueRecord::named(name), waiting, slots: 1, finished_last_hour: 100 }
    }

    fn range(queue: &str, state: JobState) -> WaitingRange {
        WaitingRange {
            first: JobId(1),
            last: JobId(9),
            submission: SubmissionId(1),
            state,
            queue: queue.into(),
            reason: String::new(),
            since: Time(0),
            spec: Arc::new(JobSpec::command("true", [])),
        }
    }

    #[test]
    fn only_a_queue_that_another_could_relieve_is_looked_at() {
        let (full, free) = (candidate("a", 1000), candidate("b", 10));
        let looked = |candidates: &[Candidate]| deserves_a_look(&candidates[0], candidates);
        assert!(!looked(std::slice::from_ref(&full)));
        assert!(looked(&[full.clone(), free.clone()]));
        assert!(!looked(&[full.clone(), candidate("b", 500)]));
        assert!(!looked(&[free.clone(), full.clone()]));
        let mut off = free;
        off.queue.status = QueueStatus::Offline;
        assert!(!looked(&[full.clone(), off.clone()]));
        assert!(looked(&[off, full]));
    }

    #[test]
    fn an_activated_job_moves_only_for_a_far_shorter_wait() {
        let to =
            |here, there| destination(&range("a", JobState::Activated), &[candidate("a", here), candidate("b", there)]);
        assert_eq!(to(1000, 10), Some(Destination::Queue("b".into())));
        assert_eq!(to(1000, 500), None);
        assert_eq!(to(10, 1000), None);
    }

    #[test]
    fn an_offline_queue_is_left_for_another_or_for_none() {
        let mut off = candidate("a", 5);
        off.queue.status = QueueStatus::Offline;
        let waiting = range("a", JobState::Activated);
        assert_eq!(destination(&waiting, &[off.clone(), candidate("b", 900)]), Some(Destination::Queue("b".into())));
        assert_eq!(destination(&waiting, &[off]), Some(Destination::Nowhere("a: is offline".into())));
    }
}
