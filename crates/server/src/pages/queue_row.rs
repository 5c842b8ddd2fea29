//! Queues in tables.

use super::about::{ByQueue, Mark};
use super::cells::{self, Cell};
use super::link::Link;
use super::sorting::Value;
use model::job::JobCounts;
use model::{Decision, JobState, PilotState, QueueRecord, QueueStatus, StatusChange};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::api::AlarmView;

/// Jobs and pilots in the row of a queue.
pub const COLUMNS: [&str; 6] = ["Waiting", "With pilots", "Finished", "Failed", "Pilots created", "Running"];

/// What rows of queues can be sorted by.
pub const SORTABLE: [&str; 8] =
    ["Queue", COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[4], COLUMNS[5], "Idle slots"];

/// A queue with everything its row shows.
pub struct QueueRow {
    /// Its name.
    pub name: String,
    /// Its site.
    pub site: String,
    /// Its region.
    pub region: String,
    /// Its status.
    pub status: QueueStatus,
    /// Its open alarms.
    pub alarms: Option<Mark>,
    /// One for each of [`COLUMNS`].
    pub cells: Vec<Cell>,
    /// Slots without a job.
    pub idle_slots: u64,
    /// The last decision for it.
    pub last: Option<Decision>,
}

/// One queue with its counts.
#[derive(Clone, Debug, Serialize)]
pub struct QueueSituation {
    /// As registered.
    pub queue: QueueRecord,
    /// Its jobs by state.
    pub jobs: JobCounts,
    /// Its pilots by state.
    pub pilots: BTreeMap<PilotState, u64>,
    /// Slots without a job.
    pub idle_slots: u64,
    /// Who last set its status.
    pub status_set: Option<StatusChange>,
    /// The last decision for it.
    pub last: Option<Decision>,
}

/// The first `most` queues of those that somebody should look at before the others, the worst first, then those in which
/// most waits, then those with most pilots.
pub fn worst_first(queues: &[QueueSituation], open: &[AlarmView], most: usize) -> Vec<QueueSituation> {
    let alarms = ByQueue::new(open);
    let live = |queue: &QueueSituation| queue.pilots.values().sum::<u64>();
    let rank = |queue: &QueueSituation| {
        let severity = alarms.mark(&queue.queue).and_then(|mark| mark.severity);
        Reverse((severity, queue.jobs.of(JobState::Activated), live(queue)))
    };
    let mut ranked: Vec<_> = queues.iter().map(|queue| (rank(queue), queue)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().take(most).map(|(_, queue)| queue.clone()).collect()
}

impl QueueSituation {
    /// One count for each of [`COLUMNS`].
    fn counts(&self) -> [u64; 6] {
        let (jobs, pilots) = (&self.jobs, &self.pilots);
        [
            jobs.of(JobState::Activated),
            jobs.0.iter().filter(|(state, _)| state.is_with_pilot()).map(|(_, count)| count).sum(),
            jobs.of(JobState::Finished),
            jobs.of(JobState::Failed),
            cells::sum(pilots, PilotState::is_pending),
            pilots.get(&PilotState::Running).copied().unwrap_or_default(),
        ]
    }

    /// What it has in one of the columns of [`SORTABLE`].
    pub fn value(&self, column: usize) -> Value<'_> {
        match column.checked_sub(1) {
            None => Value::Text(&self.queue.name),
            Some(nth) => Value::Number(self.counts().get(nth).copied().unwrap_or(self.idle_slots) as f64),
        }
    }
}

/// Whether anything was decided for any of the queues, as far as that was read.
pub fn has_decisions(queues: &[QueueRow]) -> bool {
    queues.iter().any(|row| row.last.is_some())
}

/// The rows of queues, with their open alarms.
pub fn rows(queues: Vec<QueueSituation>, open: &[AlarmView]) -> Vec<QueueRow> {
    let alarms = ByQueue::new(open);
    queues.into_iter().map(|queue| row(alarms.mark(&queue.queue), queue)).collect()
}

fn row(alarms: Option<Mark>, situation: QueueSituation) -> QueueRow {
    let counts = situation.counts();
    let QueueSituation { queue, idle_slots, last, .. } = situation;
    let jobs = Link::to("/jobs").with("queue", &queue.name);
    let pilots = Link::to("/pilots").with("queue", &queue.name);
    let in_state = |state: JobState| jobs.clone().with("state", state).url();
    let links = [
        in_state(JobState::Activated),
        jobs.clone().with("with_pilot", true).url(),
        in_state(JobState::Finished),
        in_state(JobState::Failed),
        pilots.clone().with("live", true).url(),
        pilots.clone().with("state", PilotState::Running).url(),
    ];
    let cells = counts.into_iter().zip(links).map(|(number, href)| Cell { number, href }).collect();
    QueueRow {
        name: queue.name,
        site: queue.site,
        region: queue.region,
        status: queue.status,
        alarms,
        cells,
        idle_slots,
        last,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn what_is_in_trouble_comes_before_what_is_busy() {
        let queue = |name: &str, waiting: u64| {
            let mut queue = samples::queue_situation(None);
            queue.queue.name = name.into();
            queue.queue.site = name.into();
            queue.jobs = samples::counts(&[(JobState::Activated, waiting)]);
            queue
        };
        let queues = [queue("busy", 900), queue("glasgow-short", 1), queue("idle", 0)];
        let names = |open: &[AlarmView], most| {
            let first = worst_first(&queues, open, most);
            first.into_iter().map(|queue| queue.queue.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&samples::alarms(), 2), ["glasgow-short", "busy"]);
        assert_eq!(
            names(&samples::alarms()[2..], 3),
            ["busy", "glasgow-short", "idle"],
            "what is silenced is no trouble"
        );
    }
}
