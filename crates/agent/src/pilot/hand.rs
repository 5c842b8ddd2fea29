//! The jobs that the pilot has in hand, and its slots.

use super::follow::Follow;
use super::link::Link;
use super::slot::Slot;
use super::unfinished::Shared;
use crate::frame::{JobKey, JobOrder, Share, ToRunner};
use model::{JobSpec, Offer, SubmissionId};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wire::api::{LeasedJob, LeasedSpec};

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
    /// Slots that it takes.
    pub(super) weight: u32,
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
    fn new(job: LeasedJob, spec: Arc<JobSpec>, weight: u32) -> Held {
        let (place, since, started, silent) = (Place::Ready, Instant::now(), false, false);
        Held { job, spec, weight, place, since, started, silent, staging: None, follow: None, unfinished: None }
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

/// A spec and how many jobs in hand refer to it.
type SharedSpec = (Arc<JobSpec>, u32);

/// All jobs and slots.
pub(super) struct Hand {
    /// The slots.
    pub(super) slots: Vec<Slot>,
    /// What they have together.
    offer: Offer,
    held: HashMap<JobKey, Held>,
    ready: VecDeque<JobKey>,
    specs: HashMap<SubmissionId, SharedSpec>,
}

impl Hand {
    pub(super) fn new(slots: Vec<Slot>, offer: Offer) -> Hand {
        Hand { slots, offer, held: HashMap::new(), ready: VecDeque::new(), specs: HashMap::new() }
    }

    /// Takes leased jobs in. Those whose spec is missing are given back to the caller.
    pub(super) fn take_in(&mut self, jobs: Vec<LeasedJob>, specs: Vec<LeasedSpec>) -> Vec<LeasedJob> {
        let mut orphans = Vec::new();
        for LeasedSpec { submission, spec } in specs {
            self.specs.entry(submission).or_insert_with(|| (Arc::new(spec), 0));
        }
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
            // What was too large when it was leased would be so for any pilot of this kind: it gets all there is.
            let weight = self.offer.weight(spec.shape()).unwrap_or(self.offer.slots);
            self.held.insert(key, Held::new(job, spec, weight));
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
        self.free_slots_of(key);
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

    /// Slots that have a runner.
    pub(super) fn usable(&self) -> u32 {
        self.slots.iter().map(|slot| u32::from(slot.link.is_some())).sum()
    }

    /// What the usable slots have together.
    pub(super) fn offer(&self) -> Offer {
        let usable = self.usable();
        if usable == self.offer.slots { self.offer } else { self.offer.reduced_to(usable) }
    }

    /// What counts against the number of slots to have jobs for: jobs in slots, and the slots that ready ones will take.
    pub(super) fn load(&self) -> u32 {
        let ready: u32 = self.ready().map(|held| held.weight).fold(0, u32::saturating_add);
        let busy: usize = self.slots.iter().map(Slot::load).sum();
        ready.saturating_add(u32::try_from(busy).unwrap_or(u32::MAX))
    }

    /// Whether some runner has jobs waiting behind another.
    pub(super) fn has_queued(&self) -> bool {
        self.slots.iter().any(|slot| slot.jobs.len() > 1)
    }

    /// Whether jobs have waited for `patience` behind one that does not end.
    pub(super) fn stuck_since(&self, now: Instant, patience: Duration) -> bool {
        self.slots.iter().any(|slot| slot.is_stuck(now, patience))
    }

    /// Whether every slot has a long job: then more jobs at hand would only wait.
    pub(super) fn stands_still(&self, now: Instant) -> bool {
        self.slots.iter().all(|slot| !slot.is_idle() && slot.stands_still(now))
    }

    /// Whether all that is left is to upload outputs and logs.
    pub(super) fn is_only_finishing(&self) -> bool {
        self.held.values().all(|held| held.place == Place::Finishing)
    }

    /// A job of a slot ended.
    pub(super) fn job_ended(&mut self, slot: usize, key: JobKey) {
        self.slots[slot].ended(key);
        self.free_slots_of(key);
    }

    fn free_slots_of(&mut self, key: JobKey) {
        self.slots.iter_mut().for_each(|slot| slot.free_of(key));
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

    /// Gives ready jobs to slots in order, at most `depth` to each; those with files only to empty slots. One that needs
    /// several slots waits until so many are free, and all others wait behind it. Returns jobs whose files are to be
    /// brought first.
    pub(super) fn assign(&mut self, depth: u32, is_staged: impl Fn(&JobSpec) -> bool) -> Vec<(usize, JobKey)> {
        let mut to_stage = Vec::new();
        while let Some(key) = self.ready.front().copied() {
            let Some(held) = self.held.get(&key) else {
                self.ready.pop_front();
                continue;
            };
            let (staged, weight) = (is_staged(&held.spec), held.weight as usize);
            let found = match weight {
                0 | 1 => self.emptiest(if staged { 1 } else { depth as usize }),
                _ => self.widest(key, weight),
            };
            let Some(slot) = found else { break };
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
        let slots = self.slots.iter().enumerate().filter(|(_, slot)| slot.is_open(depth));
        slots.min_by_key(|(_, slot)| slot.jobs.len()).map(|(i, _)| i)
    }

    /// Takes `weight` idle slots for one job, if there are so many; it runs in the first of them.
    fn widest(&mut self, key: JobKey, weight: usize) -> Option<usize> {
        let idle: Vec<usize> = (0..self.slots.len()).filter(|at| self.slots[*at].is_idle()).take(weight).collect();
        let (first, others) = idle.split_first().filter(|_| idle.len() == weight)?;
        others.iter().for_each(|at| self.slots[*at].lend(key));
        let cpus = idle.iter().flat_map(|at| self.slots[*at].cpus()).copied().collect();
        let memory_mib = self.offer.memory_of(u32::try_from(weight).unwrap_or(u32::MAX));
        self.slots[*first].widen(key, Share { memory_mib, cpus });
        Some(*first)
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
        let in_use: Vec<SubmissionId> = match self.slots[slot].knows_enough() {
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
        slot.begin(key);
        slot.tell(&order);
    }

    /// Sends what was told to the runners.
    pub(super) fn flush(&mut self) {
        self.slots.iter_mut().filter_map(|slot| slot.link.as_mut()).for_each(Link::flush);
    }
}
