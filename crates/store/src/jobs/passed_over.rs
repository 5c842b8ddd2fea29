//! Wide jobs that narrower ones overtake, because pilots ask for fewer slots than they need. After a while they are given
//! to pilots that have enough slots though not all of them free: these keep them free for it as they become so.
//!
//! Kept in memory alone: after a restart the wait begins anew.

use model::Time;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How long jobs may be overtaken. A pilot that starts anew has all its slots free and mostly comes sooner.
pub(crate) const OVERTAKEN_MAX: Duration = Duration::from_secs(300);
/// Lanes that nobody passed over for so long have nothing that waits any more.
const FORGET_AFTER: Duration = Duration::from_secs(3600);

/// By queue and lane, since when its jobs are overtaken and when they were last.
#[derive(Default)]
pub(crate) struct PassedOver(Mutex<HashMap<String, HashMap<i64, Span>>>);

#[derive(Clone, Copy)]
struct Span {
    since: Time,
    last: Time,
}

impl PassedOver {
    /// Notes that these lanes of a queue are passed over; gives those that were for too long.
    pub(crate) fn overtaken(&self, queue: &str, lanes: Vec<i64>, now: Time) -> Vec<i64> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.is_empty() && !queues.contains_key(queue) {
            return lanes;
        }
        let spans = queues.entry(queue.to_owned()).or_default();
        spans.retain(|_, span| now.since(span.last) < FORGET_AFTER);
        for lane in &lanes {
            spans.entry(*lane).or_insert(Span { since: now, last: now }).last = now;
        }
        let is_due = |lane: &i64| spans.get(lane).is_some_and(|span| now.since(span.since) >= OVERTAKEN_MAX);
        let due = lanes.into_iter().filter(is_due).collect();
        if spans.is_empty() {
            queues.remove(queue);
        }
        due
    }

    /// Jobs of these lanes found room, or none of them waits: the next one waits anew.
    pub(crate) fn served(&self, queue: &str, lanes: impl Iterator<Item = i64>) {
        if let Some(spans) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(queue) {
            for lane in lanes {
                spans.remove(&lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_due_while_it_is_passed_over_again_and_again() {
        let over = PassedOver::default();
        let due = |queue: &str, lanes: &[i64], s: u64| {
            over.overtaken(queue, lanes.to_vec(), Time(0) + Duration::from_secs(s))
        };
        for s in (0..300).step_by(50) {
            assert!(due("q", &[7], s).is_empty());
        }
        assert_eq!(due("q", &[7, 8], 300), [7]);
        assert!(due("other", &[7], 300).is_empty());
        assert_eq!(due("q", &[7, 8], 600), [7, 8]);
        over.served("q", [8].into_iter());
        assert_eq!(due("q", &[7, 8], 601), [7]);
        assert!(due("q", &[], 4200).is_empty());
        assert!(due("q", &[7], 4201).is_empty(), "it was forgotten");
    }
}
