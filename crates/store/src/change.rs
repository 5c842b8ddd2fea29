//! What a commit changed, told to whoever waits for it.

use model::job::LogStream;
use model::{JobId, PilotId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most ids of one kind that are named; beyond it `all_*` is set.
pub const NAMED_MAX: usize = 1000;

/// A log that grew or was completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogName {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// Which output.
    pub stream: LogStream,
}

/// Everything one group commit changed, here or on another server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeSet {
    /// Queues that got activated jobs.
    pub activated: BTreeSet<String>,
    /// Jobs that changed state; of a new array the first.
    pub jobs: BTreeSet<JobId>,
    /// More jobs changed than are named.
    pub all_jobs: bool,
    /// Pilots that changed.
    pub pilots: BTreeSet<PilotId>,
    /// More pilots changed than are named.
    pub all_pilots: bool,
    /// Pilots that have a command waiting.
    pub pilot_commands: BTreeSet<PilotId>,
    /// Factories that have a command waiting.
    pub factory_commands: BTreeSet<String>,
    /// Logs that grew or were completed.
    pub logs: BTreeSet<LogName>,
    /// Queues whose record changed.
    pub queues: BTreeSet<String>,
    /// Factories that said something, or whose labels decided something.
    pub factories: BTreeSet<String>,
    /// Alarms or silences changed.
    pub alarms: bool,
    /// What exactly changed is not known: look at everything.
    pub everything: bool,
}

impl ChangeSet {
    /// The set that says "look at everything".
    pub fn everything() -> ChangeSet {
        ChangeSet { everything: true, ..ChangeSet::default() }
    }

    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == ChangeSet::default()
    }

    /// Names a job.
    pub(crate) fn add_job(&mut self, job: JobId) {
        if self.jobs.len() < NAMED_MAX {
            self.jobs.insert(job);
        } else {
            self.all_jobs = true;
        }
    }

    /// Names the jobs of a range.
    pub(crate) fn add_jobs(&mut self, first: JobId, last: JobId) {
        (first.0..=last.0).take(NAMED_MAX + 1).for_each(|id| self.add_job(JobId(id)));
    }

    /// Names a pilot.
    pub(crate) fn add_pilot(&mut self, pilot: PilotId) {
        if self.pilots.len() < NAMED_MAX {
            self.pilots.insert(pilot);
        } else {
            self.all_pilots = true;
        }
    }

    /// The same without the names of jobs and pilots, of which there may be many.
    pub(crate) fn unnamed(mut self) -> ChangeSet {
        self.all_jobs |= !self.jobs.is_empty();
        self.all_pilots |= !self.pilots.is_empty();
        self.jobs.clear();
        self.pilots.clear();
        self
    }

    /// Whether the queue may have got activated jobs.
    pub fn has_activated(&self, queue: &str) -> bool {
        self.everything || self.activated.contains(queue)
    }

    /// Whether a command may wait for the pilot.
    pub fn commands_pilot(&self, pilot: PilotId) -> bool {
        self.everything || self.pilot_commands.contains(&pilot)
    }

    /// Whether a command may wait for the factory.
    pub fn commands_factory(&self, factory: &str) -> bool {
        self.everything || self.factory_commands.contains(factory)
    }

    /// Whether any pilot may have changed, or something was said about one.
    pub fn touches_pilots(&self) -> bool {
        self.everything || self.all_pilots || !self.pilots.is_empty()
    }

    /// Whether any job may have changed.
    pub fn touches_jobs(&self) -> bool {
        self.everything || self.all_jobs || !self.jobs.is_empty()
    }
}
