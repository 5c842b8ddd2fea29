//! What a factory remembers between cycles and no question to the world tells. Forgetting it costs time, nothing else.

mod nodes;

pub(crate) use nodes::{Nodes, is_unfit, node_of};

use crate::chain::{self, Sched};
use crate::situation::{History, Remembered};
use model::{ErrorClass, PilotEvent, PilotState, Time};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use wire::api::{BatchUpdate, PilotSummary};

/// The most ended pilots of a label that are remembered: the newest.
pub const ENDED_MAX: usize = 1000;

/// Of all labels and end points.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Cycles that ran.
    pub cycle: i64,
    labels: BTreeMap<String, LabelPast>,
    endpoints: BTreeMap<String, Failures>,
    /// Nodes on which pilots failed.
    pub(crate) nodes: Nodes,
}

#[derive(Clone, Debug, Default)]
struct LabelPast {
    failures: Failures,
    last_submit: Option<Time>,
    removal_wanted: Option<Time>,
    /// `None` until the server was asked about pilots that earlier processes closed.
    ended: Option<VecDeque<EndedPilot>>,
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: i64,
    last: Option<Time>,
}

/// A pilot that ran and is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedPilot {
    started: Time,
    wallclock: Duration,
    jobs: u64,
}

impl EndedPilot {
    /// From a record and what ended it; `None` when the pilot never ran. What ended well did run, unless it was taken
    /// out of the queue, which the caller knows.
    pub fn closed(record: &PilotSummary, update: &BatchUpdate, at: Time) -> Option<EndedPilot> {
        let ran = record.state == PilotState::Running || update.event == PilotEvent::End;
        EndedPilot::of(record, ran, update.error_class, at)
    }

    /// From a record of a pilot that ended earlier. Without a hello and a fault it may have been taken out of the queue.
    pub fn recorded(record: &PilotSummary) -> Option<EndedPilot> {
        EndedPilot::of(record, false, record.error_class, record.ended?)
    }

    /// One without a hello ran for no time: it did not come that far. Those that were refused or taken out of the queue
    /// never ran.
    fn of(record: &PilotSummary, ran: bool, broke: Option<ErrorClass>, at: Time) -> Option<EndedPilot> {
        let jobs = record.jobs_ended;
        if let Some(started) = record.started {
            let heard = record.last_heard.unwrap_or(started);
            return Some(EndedPilot { started, wallclock: heard.since(started), jobs });
        }
        let ran = ran || broke.is_some_and(|class| !matches!(class, ErrorClass::Batch | ErrorClass::Killed));
        ran.then_some(EndedPilot { started: at, wallclock: Duration::ZERO, jobs })
    }
}

impl Failures {
    fn more(&mut self, now: Time) {
        self.count += 1;
        self.last = Some(now);
    }

    fn last_s(&self, now: Time) -> Option<f64> {
        self.last.map(|last| now.since(last).as_secs_f64())
    }
}

impl Past {
    /// A submission failed, or pilots broke before their hello. However many did in one cycle count as one failure of
    /// their label.
    pub fn label_failed(&mut self, label: &str, now: Time) {
        self.label(label).failures.more(now);
    }

    /// The same for an end point, however many of its labels failed.
    pub fn endpoint_failed(&mut self, batch: &str, now: Time) {
        self.endpoints.entry(batch.to_owned()).or_default().more(now);
    }

    /// A pilot said hello: its label and its end point are well.
    pub fn started(&mut self, label: &str, batch: &str) {
        self.label(label).failures = Failures::default();
        self.endpoints.remove(batch);
    }

    /// A label has other settings: what failed with the old ones says nothing of these.
    pub fn forgive(&mut self, label: &str) {
        if let Some(past) = self.labels.get_mut(label) {
            past.failures = Failures::default();
        }
    }

    /// Pilots were submitted.
    pub fn submitted(&mut self, label: &str, now: Time) {
        self.label(label).last_submit = Some(now);
    }

    /// Whether the chain asked for more removals than are safe at once.
    pub fn removal_wanted(&mut self, label: &str, wanted: bool, now: Time) {
        if wanted {
            self.label(label).removal_wanted.get_or_insert(now);
        } else if let Some(past) = self.labels.get_mut(label) {
            past.removal_wanted = None;
        }
    }

    /// A pilot is gone.
    pub fn ended(&mut self, label: &str, pilot: EndedPilot) {
        if let Some(ended) = &mut self.label(label).ended {
            ended.push_back(pilot);
            if ended.len() > ENDED_MAX {
                ended.pop_front();
            }
        }
    }

    /// Whether it is known which pilots of a label ended before this process.
    pub fn is_recalled(&self, label: &str) -> bool {
        self.labels.get(label).is_some_and(|past| past.ended.is_some())
    }

    /// Takes what the server knows of a label's ended pilots.
    pub fn recall(&mut self, label: &str, records: &[PilotSummary]) {
        let mut ended: Vec<EndedPilot> = records.iter().filter_map(EndedPilot::recorded).take(ENDED_MAX).collect();
        ended.sort_by_key(|pilot| pilot.started);
        self.label(label).ended = Some(ended.into());
    }

    /// The facts about a label.
    pub fn of_label(&self, label: &str, now: Time) -> Remembered {
        let Some(past) = self.labels.get(label) else { return Remembered::default() };
        let seconds = |since: Time| now.since(since).as_secs_f64();
        Remembered {
            failures: past.failures.count,
            last_failure_s: past.failures.last_s(now),
            last_submit_s: past.last_submit.map(seconds),
            removal_wanted_s: past.removal_wanted.map(seconds),
        }
    }

    /// Failures in a row of an end point, and seconds since the last.
    pub fn of_endpoint(&self, batch: &str, now: Time) -> (i64, Option<f64>) {
        self.endpoints.get(batch).map_or((0, None), |failures| (failures.count, failures.last_s(now)))
    }

    /// A label's ended pilots, counted as its settings ask; `None` when they are not known.
    pub fn history(&self, label: &str, sched: &Sched, now: Time) -> Option<History> {
        let ended = self.labels.get(label)?.ended.as_ref()?;
        let each = ended.iter().map(|pilot| chain::Ended {
            wallclock_s: pilot.wallclock.as_secs_f64(),
            age_s: now.since(pilot.started).as_secs_f64(),
            jobs: Some(pilot.jobs),
        });
        Some(chain::count(&each.collect::<Vec<_>>(), sched))
    }

    fn label(&mut self, name: &str) -> &mut LabelPast {
        self.labels.entry(name.to_owned()).or_default()
    }
}
