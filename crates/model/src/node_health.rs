//! Which node swallows what is sent to it: one on which much fails that works on the other nodes of its queue.

use serde::{Deserialize, Serialize};
use std::ops::{Add, AddAssign, Sub};

/// Hours that are looked at.
pub const HOURS: u64 = 6;
/// So many failures it takes.
pub const FAILURES_MIN: u64 = 6;
/// So much of what ended on it must have failed, in percent.
pub const FAILED_PERCENT_MIN: u64 = 20;
/// And so many times the share of the queue's other nodes.
pub const TIMES_OTHERS_MIN: u64 = 3;

/// What happened on a node in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NodeCounts {
    /// Pilots that ended as wanted, those without a job among them.
    pub done: u64,
    /// Pilots among them that never got a job.
    pub empty: u64,
    /// Pilots that ended in fault.
    pub fault: u64,
    /// Pilots for which the node failed its checks.
    pub refused: u64,
    /// Jobs that finished.
    pub finished: u64,
    /// Attempts of jobs that failed.
    pub failed: u64,
}

impl NodeCounts {
    /// Pilots that broke or were refused, and failed attempts.
    pub fn failures(&self) -> u64 {
        self.fault + self.refused + self.failed
    }

    /// Everything that ended there.
    pub fn ended(&self) -> u64 {
        self.done + self.finished + self.failures()
    }

    /// Failures of a hundred ends; none when nothing ended.
    pub fn failed_percent(&self) -> Option<u64> {
        (self.failures() * 100).checked_div(self.ended())
    }

    /// Whether the node is to blame and not what runs on it: at least [`FAILURES_MIN`] failures, at least
    /// [`FAILED_PERCENT_MIN`] percent, and [`TIMES_OTHERS_MIN`] times the share of failures on the other nodes of its
    /// queue, of which some must have ended something. Jobs that fail everywhere blame no node.
    pub fn is_black_hole(&self, queue: &NodeCounts) -> bool {
        let others = *queue - *self;
        let is_bad = self.failures() >= FAILURES_MIN && self.failures() * 100 >= self.ended() * FAILED_PERCENT_MIN;
        let (of_others, among) = (others.failures() * TIMES_OTHERS_MIN, others.ended());
        is_bad && among > 0 && self.failures() * among >= of_others * self.ended()
    }
}

impl AddAssign for NodeCounts {
    fn add_assign(&mut self, other: NodeCounts) {
        *self = *self + other;
    }
}

impl Add for NodeCounts {
    type Output = NodeCounts;

    fn add(self, other: NodeCounts) -> NodeCounts {
        self.with(other, |a, b| a + b)
    }
}

impl Sub for NodeCounts {
    type Output = NodeCounts;

    fn sub(self, other: NodeCounts) -> NodeCounts {
        self.with(other, u64::saturating_sub)
    }
}

impl NodeCounts {
    fn with(self, other: NodeCounts, of: impl Fn(u64, u64) -> u64) -> NodeCounts {
        NodeCounts {
            done: of(self.done, other.done),
            empty: of(self.empty, other.empty),
            fault: of(self.fault, other.fault),
            refused: of(self.refused, other.refused),
            finished: of(self.finished, other.finished),
            failed: of(self.failed, other.failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(done: u64, fault: u64, finished: u64, failed: u64) -> NodeCounts {
        NodeCounts { done, fault, finished, failed, ..NodeCounts::default() }
    }

    #[test]
    fn a_node_is_to_blame_for_what_works_elsewhere() {
        let good = counts(50, 0, 500, 10);
        let is_bad = |node: NodeCounts| node.is_black_hole(&(good + node));
        assert!(is_bad(counts(0, 6, 0, 0)));
        assert!(is_bad(counts(1, 0, 20, 40)));
        assert!(!is_bad(counts(0, 5, 0, 0)), "too few");
        assert!(!is_bad(counts(50, 6, 500, 0)), "too small a share");
    }

    #[test]
    fn jobs_that_fail_everywhere_blame_no_node() {
        let node = counts(1, 0, 10, 30);
        let queue = counts(10, 0, 100, 300) + node;
        assert!(!node.is_black_hole(&queue));
        assert!(!node.is_black_hole(&node), "there is no other node to compare with");
    }

    #[test]
    fn a_refusing_node_is_to_blame() {
        let node = NodeCounts { refused: 8, ..NodeCounts::default() };
        assert_eq!((node.failures(), node.failed_percent()), (8, Some(100)));
        assert!(node.is_black_hole(&(counts(5, 0, 0, 0) + node)));
    }
}
