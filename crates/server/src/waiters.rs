//! Lease calls that wait for a job, woken in the order in which they came.
//!
//! A change of a queue starts a *round* that wakes as many calls as jobs were activated. A woken call that finds
//! nothing for itself (its slot is too small, another server was faster) passes the round on to the next one, and each
//! call is woken at most once in a round, so a job that nobody can take does not keep them busy.

use crate::hub::locked;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// The most calls that one call wakes.
const AT_ONCE: usize = 16;

/// All waiting lease calls of this server.
#[derive(Clone, Default)]
pub struct Waiters(Arc<Mutex<HashMap<String, Queue>>>);

#[derive(Default)]
struct Queue {
    round: u64,
    next_ticket: u64,
    waiting: BTreeMap<u64, Entry>,
}

struct Entry {
    tried: u64,
    wake: Arc<Notify>,
}

/// One waiting call; registers before it looks for jobs, so that no wake-up is lost.
pub struct Waiter {
    queue: String,
    ticket: u64,
    wake: Arc<Notify>,
    all: Waiters,
    owes: bool,
}

impl Waiters {
    /// A place at the end of the queue's line.
    pub fn join(&self, queue: &str) -> Waiter {
        let mut queues = locked(&self.0);
        let line = queues.entry(queue.to_owned()).or_default();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        let wake = Arc::new(Notify::new());
        line.waiting.insert(ticket, Entry { tried: line.round, wake: wake.clone() });
        Waiter { queue: queue.to_owned(), ticket, wake, all: self.clone(), owes: false }
    }

    /// Wakes up to `jobs` calls of the queue.
    pub fn wake(&self, queue: &str, jobs: u64) {
        let mut queues = locked(&self.0);
        let Some(line) = queues.get_mut(queue) else { return };
        line.round += 1;
        let jobs = usize::try_from(jobs).unwrap_or(usize::MAX);
        line.wake_next(jobs);
    }

    /// Wakes every call of every queue.
    pub fn wake_all(&self) {
        for line in locked(&self.0).values_mut() {
            line.round += 1;
            line.wake_next(usize::MAX);
        }
    }
}

impl Queue {
    fn wake_next(&mut self, calls: usize) {
        let round = self.round;
        for entry in self.waiting.values_mut().filter(|entry| entry.tried < round).take(calls) {
            entry.tried = round;
            entry.wake.notify_one();
        }
    }
}

impl Waiter {
    /// Waits until it is this call's turn to look for jobs.
    pub async fn woken(&mut self) {
        self.wake.notified().await;
        self.owes = true;
    }

    /// Lets the next calls look: this one left `jobs` in the queue.
    pub fn pass_on(&mut self, jobs: u64) {
        self.owes = false;
        if let Some(line) = locked(&self.all.0).get_mut(&self.queue) {
            line.wake_next(usize::try_from(jobs).unwrap_or(usize::MAX).min(AT_ONCE));
        }
    }

    /// The call got what it waited for.
    pub fn served(&mut self) {
        self.owes = false;
    }
}

impl Drop for Waiter {
    /// A call that ends after it was woken and before it looked (its pilot hung up) hands its turn on.
    fn drop(&mut self) {
        let mut queues = locked(&self.all.0);
        let Some(line) = queues.get_mut(&self.queue) else { return };
        let entry = line.waiting.remove(&self.ticket);
        let unused_wake = entry.is_some_and(|entry| entry.tried == line.round && take_permit(&entry.wake));
        if self.owes || unused_wake {
            line.wake_next(1);
        }
        if line.waiting.is_empty() {
            queues.remove(&self.queue);
        }
    }
}

/// Whether a wake-up was left that nobody had taken.
fn take_permit(wake: &Notify) -> bool {
    use futures_util::FutureExt;
    wake.notified().now_or_never().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn is_woken(waiter: &mut Waiter) -> bool {
        waiter.woken().now_or_never().is_some()
    }

    #[test]
    fn one_job_wakes_the_first_call_only() {
        let waiters = Waiters::default();
        let (mut first, mut second) = (waiters.join("q"), waiters.join("q"));
        waiters.wake("q", 1);
        assert!(is_woken(&mut first) && !is_woken(&mut second));
    }

    #[test]
    fn a_round_goes_on_until_somebody_is_served_and_ends() {
        let waiters = Waiters::default();
        let (mut first, mut second) = (waiters.join("q"), waiters.join("q"));
        waiters.wake("q", 1);
        assert!(is_woken(&mut first));
        first.pass_on(1);
        assert!(is_woken(&mut second));
        second.pass_on(1);
        assert!(!is_woken(&mut first) && !is_woken(&mut second));
    }

    #[test]
    fn a_call_that_ends_after_its_wake_up_hands_it_on() {
        let waiters = Waiters::default();
        let (first, mut second) = (waiters.join("q"), waiters.join("q"));
        waiters.wake("q", 1);
        drop(first);
        assert!(is_woken(&mut second));
        drop(second);
        assert!(locked(&waiters.0).is_empty());
    }
}
