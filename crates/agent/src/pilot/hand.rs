//! The jobs that the pilot has in hand, and its slots.

use super::follow::Follow;
use super::link::Link;
use super::unfinished::Shared;
use crate::frame::{JobKey, JobOrder, ToRunner};
use model::{JobSpec, SubmissionId};
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wire::api::{LeasedJob, LeasedSpec};

/// The most specs that a runner remembers.
const KNOWN_MAX: usize = 64;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the pilot, not started.
    Ready,
    /// Its inputs are being brought into this slot.
    Staging(usize),
    /// With the runner of this slot, running or next.
    Slot(usize),
    /// It ended; outputs and logs are on their way.
    Finishing,
}

/// One attempt that was leased.
pub(super) struct Held {
    /// From the lease.
    pub(super) job: LeasedJob,
    /// What to run.
    pub(super) spec: Arc<JobSpec>,
    /// Where it is.
    pub(super) place: Place,
    /// Since when it is in the pilot.
    pub(super) since: Instant,
    /// It runs since a while.
    pub(super) started: bool,
    /// The server does not want to hear of it any more.
    pub(super) silent: bool,
    /// Ends the bringing of its inputs.
    pub(super) staging: Option<CancellationToken>,
    /// Somebody reads its output.
    pub(super) follow: Option<Follow>,
    /// What is left to do since it ended.
    pub(super) unfinished: Option<Shared>,
}

impl Held {
    fn new(job: LeasedJob, spec: Arc<JobSpec>, since: Instant) -> Held {
        let (place, started, silent) = (Place::Ready, false, false);
        Held { job, spec, place, since, started, silent, staging: None, follow: None, unfinished: None }
    }

    /// Job and attempt.
    pub(super) fn key(&self) -> JobKey {
        JobKey { job: self.job.id, attempt: self.job.attempt }
    }

    fn order(&self, hold: bool) -> ToRunner {
        let (key, index, submission) = (self.key(), self.job.index, self.job.submission);
        ToRunner::Job(JobOrder { key, index, submission, hold })
    }
}

/// One slot.
pub(super) struct Slot {
    /// Its runner; none while it is broken.
    pub(super) link: Option<Link>,
    /// How many runners it had.
    pub(super) generation: u32,
    /// Its directory.
    pub(super) dir: PathBuf,
    /// Jobs with the runner, in order.
    pub(super) jobs: VecDeque<JobKey>,
    /// A job with files has it for itself until its scratch directory is clean again.
    pub(super) reserved_for: Option<JobKey>,
    /// The job whose files are being brought into it, until nothing writes there any more.
    pub(super) staging: Option<JobKey>,
    /// When its runner last ended or got a job.
    moved: Instant,
    known: VecDeque<SubmissionId>,
}

impl Slot {
    pub(super) fn new(dir: PathBuf) -> Slot {
        Slot {
            link: None,
            generation: 0,
            dir,
            jobs: VecDeque::new(),
            reserved_for: None,
            staging: None,
            moved: Instant::now(),
            known: VecDeque::new(),
        }
    }

    /// Takes over a fresh runner, which knows nothing.
    pub(super) fn connect(&mut self, link: Link) {
        self.link = Some(link);
        self.generation += 1;
        self.known.clear();
    }

    /// Whether it could start a job at once.
    pub(super) fn is_idle(&self) -> bool {
        self.link.is_some() && self.jobs.is_empty() && self.reserved_for.is_none()
    }

    /// Tells its runner something.
    pub(super) fn tell(&mut self, message: &ToRunner) {
        if let Some(link) = &mut self.link {
            link.queue(message);
        }
    }

    /// Makes sure that the runner knows the spec of a job.
    fn teach(&mut self, submission: SubmissionId, spec: &Arc<JobSpec>, in_use: &[SubmissionId]) {
        if self.known.contains(&submission) {
            return;
        }
        if self.known.len() >= KNOWN_MAX
            && let Some(at) = self.known.iter().position(|known| !in_use.contains(known))
            && let Some(old) = self.known.remove(at)
        {
            self.tell(&ToRunner::Forget(old));
        }
        self.known.push_back(submission);
        self.tell(&ToRunner::Spec(submission, Box::new(JobSpec::clone(spec))));
    }
}

/// A job that runs longer than this is no short one.
const STANDSTILL: Duration = Duration::from_millis(250);

/// A spec and how many jobs in hand refer to it.
type SharedSpec = (Arc<JobSpec>, u32);

/// All jobs and slots.
pub(super) struct Hand {
    /// The slots.
    pub(super) slots: Vec<Slot>,
    held: HashMap<JobKey, Held>,
    ready: VecDeque<JobKey>,
    specs: HashMap<SubmissionId, SharedSpec>,
}

impl Hand {
    pub(super) fn new(slots: Vec<Slot>) -> Hand {
        Hand { slots, held: HashMap::new(), ready: VecDeque::new(), specs: HashMap::new() }
    }

    /// Takes leased jobs in. Those whose spec is missing are given back to the caller.
    pub(super) fn take_in(&mut self, jobs: Vec<LeasedJob>, specs: Vec<LeasedSpec>) -> Vec<LeasedJob> {
        let mut orphans = Vec::new();
        for LeasedSpec { submission, spec } in specs {
            self.specs.entry(submission).or_insert_with(|| (Arc::new(spec), 0));
        }
        let since = Instant::now();
        for job in jobs {
            let key = JobKey { job: job.id, attempt: job.attempt };
            let Some((spec, users)) = self.specs.get_mut(&job.submission) else {
                orphans.push(job);
                continue;
            };
            if self.held.contains_key(&key) {
                continue;
            }
            *users += 1;
            let spec = Arc::clone(spec);
            self.held.insert(key, Held::new(job, spec, since));
            self.ready.push_back(key);
        }
        self.specs.retain(|_, (_, users)| *users > 0);
        orphans
    }

    /// Forgets a job.
    pub(super) fn remove(&mut self, key: JobKey) -> Option<Held> {
        let held = self.held.remove(&key)?;
        if let Some((_, users)) = self.specs.get_mut(&held.job.submission) {
            *users -= 1;
            if *users == 0 {
                self.specs.remove(&held.job.submission);
            }
        }
        if held.place == Place::Ready {
            self.ready.retain(|other| *other != key);
        }
        Some(held)
    }

    /// One job.
    pub(super) fn get_mut(&mut self, key: JobKey) -> Option<&mut Held> {
        self.held.get_mut(&key)
    }

    /// All attempts in hand.
    pub(super) fn keys(&self) -> Vec<JobKey> {
        self.held.keys().copied().collect()
    }

    /// Attempts that ended and whose results are not away.
    pub(super) fn unfinished(&self) -> Vec<Shared> {
        self.held.values().filter(|held| !held.silent).filter_map(|held| held.unfinished.clone()).collect()
    }

    /// Nothing in hand.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Jobs that were not started, whether here or with a runner.
    pub(super) fn unstarted(&self) -> usize {
        let queued = |slot: &Slot| slot.jobs.len().saturating_sub(1);
        self.ready.len() + self.slots.iter().map(queued).sum::<usize>()
    }

    /// Jobs that are not given to any slot.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Held> {
        self.ready.iter().filter_map(|key| self.held.get(key))
    }

    /// Slots that could start a job at once.
    pub(super) fn idle_slots(&self) -> u32 {
        self.slots.iter().map(|slot| u32::from(slot.is_idle())).sum()
    }

    /// What counts against the number of jobs to have: jobs in slots and ready ones.
    pub(super) fn load(&self) -> u32 {
        let of = |slot: &Slot| slot.jobs.len().max(usize::from(slot.reserved_for.is_some() || slot.link.is_none()));
        u32::try_from(self.ready.len() + self.slots.iter().map(of).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// Whether some runner has jobs waiting behind another.
    pub(super) fn has_queued(&self) -> bool {
        self.slots.iter().any(|slot| slot.jobs.len() > 1)
    }

    /// Whether jobs have waited for `patience` behind one that does not end.
    pub(super) fn stuck_since(&self, now: Instant, patience: Duration) -> bool {
        self.slots.iter().any(|slot| slot.jobs.len() > 1 && now >= slot.moved + patience)
    }

    /// Whether every slot has a long job: then more jobs at hand would only wait.
    pub(super) fn stands_still(&self, now: Instant) -> bool {
        self.slots.iter().all(|slot| !slot.is_idle() && now >= slot.moved + STANDSTILL)
    }

    /// Whether all that is left is to upload outputs and logs.
    pub(super) fn is_only_finishing(&self) -> bool {
        self.held.values().all(|held| held.place == Place::Finishing)
    }

    /// A job of a slot ended.
    pub(super) fn job_ended(&mut self, slot: usize, key: JobKey) {
        let slot = &mut self.slots[slot];
        slot.jobs.retain(|other| *other != key);
        slot.moved = Instant::now();
    }

    /// A runner gave a job back: it is the next to go.
    pub(super) fn put_back(&mut self, key: JobKey) {
        if let Some(held) = self.held.get_mut(&key)
            && let Place::Slot(slot) = held.place
        {
            held.place = Place::Ready;
            self.slots[slot].jobs.retain(|other| *other != key);
            self.ready.push_front(key);
        }
    }

    /// Gives ready jobs to slots, at most `depth` to each; those with files only to empty slots. Returns jobs whose
    /// files are to be brought first.
    pub(super) fn assign(&mut self, depth: u32, is_staged: impl Fn(&JobSpec) -> bool) -> Vec<(usize, JobKey)> {
        let mut to_stage = Vec::new();
        while let Some(key) = self.ready.front().copied() {
            let Some(held) = self.held.get(&key) else {
                self.ready.pop_front();
                continue;
            };
            let staged = is_staged(&held.spec);
            let Some(slot) = self.emptiest(if staged { 1 } else { depth as usize }) else { break };
            self.ready.pop_front();
            match staged {
                true => {
                    self.reserve(slot, key);
                    to_stage.push((slot, key));
                }
                false => self.start(slot, key, false),
            }
        }
        to_stage
    }

    fn emptiest(&self, depth: usize) -> Option<usize> {
        let now = Instant::now();
        // Nothing more goes behind a job that turned out to be a long one.
        let depth_of = |slot: &Slot| if now >= slot.moved + STANDSTILL { 1 } else { depth };
        let open = |slot: &Slot| slot.link.is_some() && slot.reserved_for.is_none() && slot.jobs.len() < depth_of(slot);
        let slots = self.slots.iter().enumerate().filter(|(_, slot)| open(slot));
        slots.min_by_key(|(_, slot)| slot.jobs.len()).map(|(i, _)| i)
    }

    fn reserve(&mut self, slot: usize, key: JobKey) {
        self.slots[slot].reserved_for = Some(key);
        self.slots[slot].staging = Some(key);
        if let Some(held) = self.held.get_mut(&key) {
            held.place = Place::Staging(slot);
        }
    }

    /// Gives a job to the runner of a slot.
    pub(super) fn start(&mut self, slot: usize, key: JobKey, hold: bool) {
        let in_use: Vec<SubmissionId> = match self.slots[slot].known.len() >= KNOWN_MAX {
            true => {
                let jobs = self.slots[slot].jobs.iter();
                jobs.filter_map(|key| Some(self.held.get(key)?.job.submission)).collect()
            }
            false => Vec::new(),
        };
        let Some(held) = self.held.get_mut(&key) else { return };
        held.place = Place::Slot(slot);
        let (submission, spec, order) = (held.job.submission, Arc::clone(&held.spec), held.order(hold));
        let slot = &mut self.slots[slot];
        slot.teach(submission, &spec, &in_use);
        if slot.jobs.is_empty() {
            slot.moved = Instant::now();
        }
        slot.jobs.push_back(key);
        slot.tell(&order);
    }

    /// Sends what was told to the runners.
    pub(super) fn flush(&mut self) {
        self.slots.iter_mut().filter_map(|slot| slot.link.as_mut()).for_each(Link::flush);
    }
}
