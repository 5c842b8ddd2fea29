//! What rules are told: counts that were made when things happened, and what factories say.

use crate::{
    Durations, EndedPilots, FactorySummary, FlowAt, History, Levels, NodeCounts, PilotFlow, PilotId, QueueRecord, Span,
    Time,
};
use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

/// How far back a wait without a start is looked at.
const STUCK_MAX: Duration = Duration::from_secs(48 * 3600);

/// The most pilots of a label that are named as examples.
pub const EXAMPLES_MAX: usize = 3;

/// Days with which a day is compared.
pub const DAYS_BEFORE: usize = 7;

/// What is known of the pilots of a label, or of all labels of a queue or site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// On their way now.
    pub pending: u64,
    /// Of those, held back by their batch system.
    pub held: u64,
    /// Some of those, the newest first, not more than [`EXAMPLES_MAX`] of a label.
    pub held_pilots: Vec<PilotId>,
    /// What happened in the last two hours.
    pub recent: PilotFlow,
    /// Starts of the last three hours.
    pub starts_3h: u64,
    /// Starts of the same three hours of each of the days before, yesterday first.
    pub starts_before: [u64; DAYS_BEFORE],
    /// How long those ran that ended in the last two hours.
    pub ran: Durations,
    /// Since when pilots have waited and none started; none when that is not so.
    pub stuck_since: Option<Time>,
}

/// One label with its pilots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelFacts {
    /// Its factory.
    pub factory: String,
    /// Its name.
    pub label: String,
    /// The queue it serves.
    pub queue: String,
    /// What is known of its pilots.
    pub facts: Facts,
    /// When its factory decided about it last.
    pub decided: Option<Time>,
    /// In what error the last decision ended; empty when in none.
    pub submit_error: String,
}

/// The pilots of one queue beside its jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueFacts {
    /// Its name.
    pub queue: String,
    /// Slots of its running pilots.
    pub slots: u64,
    /// Of those, slots that jobs fill.
    pub filled: u64,
}

/// A node on which fails what works elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlackHole {
    /// The queue of the pilots.
    pub queue: String,
    /// Its name.
    pub node: String,
    /// What ended there.
    pub counts: NodeCounts,
    /// The last pilot that failed there.
    pub last: Option<PilotId>,
}

/// Everything that rules look at.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// The time.
    pub now: Time,
    /// Since when factories could be heard: nothing before says anything.
    pub listening_since: Time,
    /// All factories.
    pub factories: Vec<FactorySummary>,
    /// All labels that are configured or have pilots.
    pub labels: Vec<LabelFacts>,
    /// All queues by name.
    pub queues: BTreeMap<String, QueueRecord>,
    /// Slots of queues with running pilots.
    pub slots: Vec<QueueFacts>,
    /// Nodes that are to blame for what failed in the last [`crate::node_health::HOURS`].
    pub black_holes: Vec<BlackHole>,
    /// How pilots ended in the last two hours, the most frequent first.
    pub ends: Vec<EndedPilots>,
    /// How pilots that broke in that time, or in the hour that it began in, put it: words that are alike are counted
    /// together and stand in `message`.
    pub texts: Vec<EndedPilots>,
    /// Used part of the disk with logs and outputs, in percent.
    pub disk_percent: Option<u8>,
}

impl AddAssign<&Facts> for Facts {
    fn add_assign(&mut self, other: &Facts) {
        // The first start of any of them ends the wait of all; those without waiting pilots say nothing.
        self.stuck_since = match (self.pending, other.pending) {
            (_, 0) => self.stuck_since,
            (0, _) => other.stuck_since,
            _ => self.stuck_since.zip(other.stuck_since).map(|(one, another)| one.max(another)),
        };
        self.pending += other.pending;
        self.held += other.held;
        self.held_pilots.extend(&other.held_pilots);
        self.held_pilots.truncate(EXAMPLES_MAX);
        self.recent += other.recent;
        self.starts_3h += other.starts_3h;
        self.starts_before.iter_mut().zip(other.starts_before).for_each(|(day, more)| *day += more);
        other.ran.0.iter().for_each(|(bucket, count)| self.ran.add(*bucket, *count));
    }
}

impl Facts {
    /// Starts that are usual for the last three hours of a day: the median of the days before, so that neither one bad day
    /// nor one burst counts.
    pub fn usual_starts(&self) -> u64 {
        let mut days = self.starts_before;
        days.sort_unstable();
        days[DAYS_BEFORE / 2]
    }
}

impl Situation {
    /// The site of a queue; its own name when it is not registered.
    pub(super) fn site_of<'a>(&'a self, queue: &'a str) -> &'a str {
        self.queues.get(queue).map_or(queue, |record| record.site.as_str())
    }
}

/// Since when pilots of a label have waited without a start, of which some wait `now`. `flows` are what happened to them
/// in spans of ten minutes, in order, up to now.
pub fn stuck_since(flows: &[FlowAt], levels: Levels, now: Time) -> Option<Time> {
    if levels.pending <= 0 {
        return None;
    }
    let history = History::drawn(Span::TenMinutes, now - STUCK_MAX, now, flows, levels);
    let is_moving = |i: &usize| history.started[*i] > 0 || history.pending[*i] == 0;
    let first = (0..history.start.len()).rev().find(is_moving).map_or(0, |moving| moving + 1);
    history.start.get(first).map(|start| Time(start * 1000))
}

/// Of all nodes with what ended on them, those that are to blame.
pub fn black_holes(nodes: Vec<BlackHole>) -> Vec<BlackHole> {
    let mut queues: BTreeMap<String, NodeCounts> = BTreeMap::new();
    for node in &nodes {
        *queues.entry(node.queue.clone()).or_default() += node.counts;
    }
    let is_bad = |node: &BlackHole| queues.get(&node.queue).is_some_and(|queue| node.counts.is_black_hole(queue));
    nodes.into_iter().filter(is_bad).collect()
}
