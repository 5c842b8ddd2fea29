//! AvoidNodes: a node on which pilots fail takes ever more of them, as it is free again at once. Others are found instead.
//!
//! It changes no number: which nodes new pilots avoid follows from the same facts and settings, by [`avoided`].

use super::Outcome;
use super::back_off::doubled_s;
use super::settings::settings;
use crate::situation::{FailingNode, Situation};
use std::cmp::Reverse;

settings!(
    /// `sched.avoidnodes`.
    AvoidNodes {
        /// Failures in a row after which a node is avoided; 2 when not set.
        patience: i64,
        /// Seconds for which it is avoided at first, doubled by each further failure; 600 when not set.
        interval: i64,
        /// The longest that it is avoided, in seconds; 86400 when not set.
        maximum: i64,
        /// The most nodes that are avoided at once, those with the most failures; 20 when not set.
        most: i64,
    }
);

impl AvoidNodes {
    /// Seconds after its last failure for which a node with so many in a row is avoided; none while it is not.
    pub(crate) fn pause_s(&self, failures: i64) -> Option<i64> {
        let further = failures - self.patience.unwrap_or(2).max(1);
        (further >= 0)
            .then(|| doubled_s(self.interval.unwrap_or(600), further, self.maximum.unwrap_or(86_400)))
            .filter(|pause_s| *pause_s > 0)
    }
}

/// The nodes that new pilots avoid, by name.
pub(crate) fn avoided<'a>(settings: &AvoidNodes, situation: &'a Situation) -> Vec<&'a str> {
    let nodes = situation.endpoint.as_ref().map(|point| point.nodes.as_slice()).unwrap_or_default();
    let lasts = |node: &&FailingNode| settings.pause_s(node.failures).is_some_and(|s| node.last_failure_s < s as f64);
    let mut failing: Vec<&FailingNode> = nodes.iter().filter(lasts).collect();
    failing.sort_by_key(|node| (Reverse(node.failures), &node.name));
    failing.truncate(usize::try_from(settings.most.unwrap_or(20)).unwrap_or(0));
    let mut names: Vec<&str> = failing.into_iter().map(|node| node.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// Says which nodes the new pilots avoid, or that their batch system cannot be told to.
pub(super) fn avoid_nodes(n: i64, settings: &AvoidNodes, situation: &Situation) -> Outcome {
    let names = avoided(settings, situation).join(" ");
    if n <= 0 || names.is_empty() {
        return (n, String::new());
    }
    let unavoidable = situation.endpoint.as_ref().is_some_and(|point| point.unavoidable);
    let comment = if unavoidable { "comment=cannot be avoided," } else { "" };
    (n, format!("AvoidNodes:{comment}in={n},nodes={names},ret={n}"))
}
