//! What a cycle saw of the world, with the age of each thing.

use crate::config::{Config, LabelSection};
use crate::situation::{Aged, Jobs, Pilots, Situation};
use model::{Demand, PilotState, QueueRecord, Time};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::api::{PilotFlag, PilotSummary};

/// A pending pilot of another label counts as coming to the queue for so long. After that its batch system is taken to be
/// full, and other labels may serve the queue.
const COMING_MAX: Duration = Duration::from_secs(300);

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// When the cycle began.
    pub now: Time,
    /// Live pilots of this factory as the server has them; `None` before the first good answer.
    pub pilots: Option<Read<Vec<PilotSummary>>>,
    /// Demand of all queues.
    pub demand: Option<Read<Vec<Demand>>>,
    /// All queues.
    pub queues: Option<Read<Vec<QueueRecord>>>,
    /// Batch end points by name.
    pub batches: BTreeMap<String, BatchView>,
    /// Pilots that labels took in this cycle.
    taken: BTreeMap<String, i64>,
}

/// Something read at a time.
#[derive(Clone, Debug)]
pub struct Read<T> {
    /// What.
    pub value: T,
    /// When.
    pub at: Time,
}

/// One batch end point.
#[derive(Clone, Debug, Default)]
pub struct BatchView {
    /// When its last good status was taken.
    pub at: Option<Time>,
    /// How many more it takes; `None` when it sets no limit that we know.
    pub free: Option<u64>,
    /// What went wrong with it last; empty when nothing did.
    pub trouble: String,
    /// It has been asked and has not answered yet.
    pub silent: bool,
}

impl World {
    /// What the chain of a label is given.
    pub fn situation(&self, config: &Config, name: &str) -> Situation {
        let Some(label) = config.label.get(name) else { return Situation::default() };
        let pilots = self.pilots_known(label, name);
        Situation {
            jobs: self.jobs_known(config, label, name),
            total: self.pilots.as_ref().map(|read| {
                let live = read.value.iter().filter(|pilot| !is_retiring(pilot)).count() as i64;
                live + self.taken.values().sum::<i64>()
            }),
            pilots,
            status: self.queues.as_ref().and_then(|read| {
                let queue = read.value.iter().find(|queue| queue.name == label.queue)?;
                Some(Aged { value: queue.status, age: self.now.since(read.at) })
            }),
            slots: i64::from(label.slots()),
        }
    }

    /// The label's live pilots.
    pub fn pilots_of(&self, name: &str) -> Vec<&PilotSummary> {
        let all = self.pilots.iter().flat_map(|read| &read.value);
        all.filter(|pilot| pilot.label == name).collect()
    }

    /// What is wrong for a label, in words.
    pub fn trouble_of(&self, config: &Config, name: &str) -> String {
        let Some(label) = config.label.get(name) else { return format!("there is no label '{name}'") };
        let mut words = Vec::new();
        if let Some(read) = &self.queues
            && !read.value.iter().any(|queue| queue.name == label.queue)
        {
            words.push(format!("the server has no queue '{}'", label.queue));
        }
        if let Some(view) = self.batches.get(&label.batch).filter(|view| !view.trouble.is_empty()) {
            words.push(format!("batch end point '{}': failed to {}", label.batch, view.trouble));
        }
        words.join("; ")
    }

    /// Takes note of pilots that a label will submit, so that the next label sees them.
    pub fn take(&mut self, config: &Config, name: &str, count: i64) {
        *self.taken.entry(name.to_owned()).or_default() += count;
        let batch = config.label.get(name).and_then(|label| self.batches.get_mut(&label.batch));
        if let Some(free) = batch.and_then(|view| view.free.as_mut()) {
            *free = free.saturating_sub(count.unsigned_abs());
        }
    }

    /// Forgets what labels took, once it was decided: from now on it shows as pilots.
    pub fn settle(&mut self) {
        self.taken.clear();
    }

    /// Both the server's list and the batch system's answer must be there; the older of the two gives the age.
    fn pilots_known(&self, label: &LabelSection, name: &str) -> Option<Aged<Pilots>> {
        let read = self.pilots.as_ref()?;
        let at = self.batches.get(&label.batch)?.at?.min(read.at);
        let mut pilots = Pilots { pending: self.taken.get(name).copied().unwrap_or(0), ..Pilots::default() };
        for pilot in self.pilots_of(name) {
            match pilot {
                pilot if is_retiring(pilot) => pilots.retiring += 1,
                pilot if is_coming(pilot) => pilots.pending += 1,
                _ => pilots.running += 1,
            }
        }
        Some(Aged { value: pilots, age: self.now.since(at) })
    }

    /// `None` also for a queue that the server does not know: unknown is not zero.
    fn jobs_known(&self, config: &Config, label: &LabelSection, name: &str) -> Option<Aged<Jobs>> {
        let (read, queues) = (self.demand.as_ref()?, self.queues.as_ref()?);
        queues.value.iter().find(|queue| queue.name == label.queue)?;
        let nothing = Demand::default();
        let demand = read.value.iter().find(|demand| demand.queue == label.queue).unwrap_or(&nothing);
        let mut jobs = Jobs {
            idle_slots: demand.idle_slots as i64,
            running: demand.running as i64,
            coming_slots: self.coming_slots(config, label, name),
            ..Jobs::default()
        };
        for waiting in &demand.waiting {
            match slots_needed(label, waiting.shape) {
                Some(slots) => jobs.activated += waiting.jobs as i64 * slots,
                None => jobs.unfit += waiting.jobs as i64,
            }
        }
        Some(Aged { value: jobs, age: self.now.since(read.at) })
    }

    fn coming_slots(&self, config: &Config, label: &LabelSection, name: &str) -> i64 {
        let others = config.label.iter().filter(|(other, section)| *other != name && section.queue == label.queue);
        others
            .map(|(other, section)| {
                let young = |pilot: &&&PilotSummary| self.now.since(pilot.announced) < COMING_MAX;
                let pilots = self.pilots_of(other);
                let coming =
                    pilots.iter().filter(|pilot| is_coming(pilot) && !is_retiring(pilot)).filter(young).count();
                (coming as i64 + self.taken.get(other).copied().unwrap_or(0)) * i64::from(section.slots())
            })
            .sum()
    }
}

/// Slots of a pilot that a job fills; `None` when no pilot of this label can run it.
fn slots_needed(label: &LabelSection, job: model::Shape) -> Option<i64> {
    let within = |have: u32, need: u32| have == 0 || need <= have;
    let fits = job.cores <= label.cores
        && within(label.memory_mib, job.memory_mib)
        && within(crate::launch::life_s(label.wall_time_s), job.wall_time_s);
    let filled = (u64::from(job.cores) * u64::from(label.slots())).div_ceil(u64::from(label.cores.max(1)));
    fits.then(|| filled.max(1) as i64)
}

/// On its way: not seen running, or started by its batch system without a hello yet.
fn is_coming(pilot: &PilotSummary) -> bool {
    pilot.state.is_pending() || (pilot.state == PilotState::Running && pilot.started.is_none())
}

fn is_retiring(pilot: &PilotSummary) -> bool {
    pilot.state == PilotState::Exiting || pilot.flag == Some(PilotFlag::Retiring)
}
