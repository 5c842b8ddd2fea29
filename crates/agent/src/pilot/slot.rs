//! One slot of the pilot: its runner and what that was given.

use super::link::Link;
use crate::frame::{JobKey, Share, ToRunner};
use model::{JobSpec, SubmissionId};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most specs that a runner remembers.
const KNOWN_MAX: usize = 64;
/// A job that runs longer than this is no short one.
const STANDSTILL: Duration = Duration::from_millis(250);

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
    /// Its part of the node.
    own: Share,
    /// A job with its runner that has other slots too.
    wide: Option<JobKey>,
    /// A job of another slot that has this one too.
    lent_to: Option<JobKey>,
    /// When its runner last ended or got a job.
    moved: Instant,
    known: VecDeque<SubmissionId>,
}

impl Slot {
    pub(super) fn new(dir: PathBuf, own: Share) -> Slot {
        Slot {
            link: None,
            generation: 0,
            dir,
            jobs: VecDeque::new(),
            reserved_for: None,
            staging: None,
            own,
            wide: None,
            lent_to: None,
            moved: Instant::now(),
            known: VecDeque::new(),
        }
    }

    /// Takes over a fresh runner, which knows nothing.
    pub(super) fn connect(&mut self, link: Link) {
        self.link = Some(link);
        self.generation += 1;
        self.known.clear();
        self.tell(&ToRunner::Share(Box::new(self.own.clone())));
    }

    /// Whether it could start a job at once.
    pub(super) fn is_idle(&self) -> bool {
        self.is_open(1)
    }

    /// Whether its runner may get another job while it is to have at most `depth`; nothing more goes behind a job that
    /// turned out to be a long one.
    pub(super) fn is_open(&self, depth: usize) -> bool {
        let depth = if self.stands_still(Instant::now()) { 1 } else { depth };
        let taken = self.reserved_for.is_some() || self.wide.is_some() || self.lent_to.is_some();
        self.link.is_some() && !taken && self.jobs.len() < depth
    }

    /// Whether its runner did nothing new for a while.
    pub(super) fn stands_still(&self, now: Instant) -> bool {
        now >= self.moved + STANDSTILL
    }

    /// Whether jobs have waited for `patience` behind one that does not end.
    pub(super) fn is_stuck(&self, now: Instant, patience: Duration) -> bool {
        self.jobs.len() > 1 && now >= self.moved + patience
    }

    /// Jobs that it has, or 1 while it can take none.
    pub(super) fn load(&self) -> usize {
        self.jobs.len().max(usize::from(self.reserved_for.is_some() || self.lent_to.is_some() || self.link.is_none()))
    }

    /// Its CPUs.
    pub(super) fn cpus(&self) -> &[usize] {
        &self.own.cpus
    }

    /// Keeps it free for a job of another slot.
    pub(super) fn lend(&mut self, key: JobKey) {
        self.lent_to = Some(key);
    }

    /// Its next job is this one, which gets more than the slot has.
    pub(super) fn widen(&mut self, key: JobKey, share: Share) {
        self.wide = Some(key);
        self.tell(&ToRunner::Share(Box::new(share)));
    }

    /// A job that may have several slots does not need them any more.
    pub(super) fn free_of(&mut self, key: JobKey) {
        self.lent_to.take_if(|other| *other == key);
        if self.wide.take_if(|other| *other == key).is_some() {
            self.tell(&ToRunner::Share(Box::new(self.own.clone())));
        }
    }

    /// One of its jobs ended.
    pub(super) fn ended(&mut self, key: JobKey) {
        self.jobs.retain(|other| *other != key);
        self.moved = Instant::now();
    }

    /// Takes note of a job that its runner is told next.
    pub(super) fn begin(&mut self, key: JobKey) {
        if self.jobs.is_empty() {
            self.moved = Instant::now();
        }
        self.jobs.push_back(key);
    }

    /// Whether its runner remembers as many specs as it may.
    pub(super) fn knows_enough(&self) -> bool {
        self.known.len() >= KNOWN_MAX
    }

    /// Makes sure that the runner knows the spec of a job.
    pub(super) fn teach(&mut self, submission: SubmissionId, spec: &Arc<JobSpec>, in_use: &[SubmissionId]) {
        if self.known.contains(&submission) {
            return;
        }
        if self.knows_enough()
            && let Some(at) = self.known.iter().position(|known| !in_use.contains(known))
            && let Some(old) = self.known.remove(at)
        {
            self.tell(&ToRunner::Forget(old));
        }
        self.known.push_back(submission);
        self.tell(&ToRunner::Spec(submission, Box::new(JobSpec::clone(spec))));
    }

    /// Tells its runner something.
    pub(super) fn tell(&mut self, message: &ToRunner) {
        if let Some(link) = &mut self.link {
            link.queue(message);
        }
    }
}
