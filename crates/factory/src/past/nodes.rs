//! Nodes on which pilots failed before their first job.

use super::Failures;
use crate::chain::AvoidNodes;
use crate::situation::FailingNode;
use model::{BadNode, ErrorClass, PilotState, Time};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::api::{BatchUpdate, PilotSummary};

/// The most nodes that are remembered: those that failed last.
const NODES_MAX: usize = 1000;
/// How the wrapper begins what it says, before the node's name and a colon.
const WRAPPER_SAYS: &str = "pilotage wrapper on ";

/// By end point and node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes(BTreeMap<(String, String), Bad>);

#[derive(Clone, Debug, Default)]
struct Bad {
    failures: Failures,
    why: String,
}

impl Nodes {
    /// Pilots failed on a node; however many did in one cycle.
    pub(crate) fn failed(&mut self, batch: &str, node: &str, why: &str, now: Time) {
        let bad = self.0.entry((batch.to_owned(), node.to_owned())).or_default();
        bad.failures.more(now);
        why.clone_into(&mut bad.why);
        if self.0.len() > NODES_MAX
            && let Some(oldest) = self.0.iter().min_by_key(|(_, bad)| bad.failures.last).map(|(key, _)| key.clone())
        {
            self.0.remove(&oldest);
        }
    }

    /// A pilot came up on a node.
    pub(crate) fn well(&mut self, batch: &str, node: &str) {
        self.0.remove(&(batch.to_owned(), node.to_owned()));
    }

    /// Forgets what failed on these nodes, of all end points; on all nodes when none is named. Says how many there were.
    pub(crate) fn forgive(&mut self, nodes: &[String]) -> Result<String, String> {
        if let Some(unknown) = nodes.iter().find(|name| !self.0.keys().any(|(_, node)| node == *name)) {
            return Err(format!("no pilot failed on node '{unknown}' lately"));
        }
        let before = self.0.len();
        self.0.retain(|(_, node), _| !nodes.is_empty() && !nodes.contains(node));
        let forgiven = before - self.0.len();
        Ok(format!("{forgiven} {} used again", if forgiven == 1 { "node is" } else { "nodes are" }))
    }

    /// The facts about an end point.
    pub(crate) fn of_endpoint(&self, batch: &str, now: Time) -> Vec<FailingNode> {
        let of_batch = self.0.iter().filter(|((of, _), _)| of == batch);
        let fact = |((_, name), bad): (&(String, String), &Bad)| FailingNode {
            name: name.clone(),
            failures: bad.failures.count,
            last_failure_s: bad.failures.last_s(now).unwrap_or_default(),
        };
        of_batch.map(fact).collect()
    }

    /// For people.
    pub(crate) fn infos(&self, settings: &AvoidNodes, now: Time) -> Vec<BadNode> {
        let info = |((batch, node), bad): (&(String, String), &Bad)| {
            let last = bad.failures.last.unwrap_or_default();
            let pause = settings.pause_s(bad.failures.count).map(|pause_s| Duration::from_secs(pause_s.unsigned_abs()));
            BadNode {
                batch: batch.clone(),
                node: node.clone(),
                failures: u32::try_from(bad.failures.count).unwrap_or(u32::MAX),
                last,
                why: bad.why.clone(),
                avoided_until: pause.map(|pause| last + pause).filter(|until| *until > now),
            }
        };
        self.0.iter().map(info).collect()
    }
}

/// Whether a pilot told the server that its node is unfit.
pub(crate) fn is_unfit(record: &PilotSummary) -> bool {
    record.state == PilotState::Exiting && record.error_class == Some(ErrorClass::Node)
}

/// The node that a pilot failed on before its first job, as far as its name is known and can be told to a batch system,
/// and what was said.
pub(crate) fn node_of(record: &PilotSummary, update: &BatchUpdate) -> Option<(String, String)> {
    if is_unfit(record) {
        return Some((record.node.clone(), record.message.clone())).filter(|(node, _)| is_name(node));
    }
    let of_node = record.started.is_none() && update.error_class == Some(ErrorClass::Node);
    // A pilot that never came up has no record of its node: the wrapper says where it was.
    let (_, said) = update.message.split_once(WRAPPER_SAYS).filter(|_| of_node)?;
    let (node, why) = said.split_once(": ")?;
    is_name(node).then(|| (node.to_owned(), why.to_owned()))
}

fn is_name(node: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !node.is_empty() && node.len() <= 255 && !node.starts_with('-') && node.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::pilot_for_tests as pilot;
    use model::{PilotEvent, PilotId};

    const NOW: Time = Time(1_000_000_000);

    fn update(class: ErrorClass, message: &str) -> BatchUpdate {
        BatchUpdate {
            pilot: PilotId(1),
            event: PilotEvent::Break,
            batch_id: String::new(),
            native_state: String::new(),
            flag: None,
            error_class: Some(class),
            message: message.to_owned(),
        }
    }

    #[test]
    fn a_node_is_avoided_for_ever_longer_until_a_pilot_comes_up() {
        let (mut nodes, settings) = (Nodes::default(), AvoidNodes::default());
        let until = |nodes: &Nodes, now| nodes.infos(&settings, now)[0].avoided_until.map(|until| until.since(now));
        nodes.failed("b", "n1", "cvmfs: x", NOW);
        assert_eq!(until(&nodes, NOW), None);
        for pause_s in [600, 1200, 2400] {
            nodes.failed("b", "n1", "cvmfs: x", NOW);
            assert_eq!(until(&nodes, NOW), Some(Duration::from_secs(pause_s)));
        }
        assert_eq!(until(&nodes, NOW + Duration::from_secs(2400)), None);
        assert_eq!(nodes.of_endpoint("b", NOW + Duration::from_secs(3))[0].last_failure_s, 3.0);
        assert_eq!(nodes.of_endpoint("c", NOW), []);
        nodes.well("b", "n1");
        assert_eq!(nodes.infos(&settings, NOW), []);
    }

    #[test]
    fn nodes_are_forgiven_by_name_or_all() {
        let mut nodes = Nodes::default();
        ["n1", "n2", "n3"].into_iter().for_each(|node| nodes.failed("b", node, "", NOW));
        assert_eq!(nodes.forgive(&["n7".into()]).unwrap_err(), "no pilot failed on node 'n7' lately");
        assert_eq!(nodes.forgive(&["n2".into()]).unwrap(), "1 node is used again");
        assert_eq!(nodes.forgive(&[]).unwrap(), "2 nodes are used again");
        assert_eq!(nodes.forgive(&[]).unwrap(), "0 nodes are used again");
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut nodes = Nodes::default();
        (0..=NODES_MAX).for_each(|i| nodes.failed("b", &format!("n{i}"), "", NOW + Duration::from_secs(i as u64)));
        assert_eq!(nodes.0.len(), NODES_MAX);
        assert!(!nodes.0.contains_key(&("b".to_owned(), "n0".to_owned())));
    }

    #[test]
    fn the_node_is_that_of_the_record_or_of_the_wrapper_s_words() {
        let message = "the pilot ended with exit code 79: pilotage wrapper on n7.x: no room: /tmp";
        let silent = PilotSummary { started: None, ..pilot(1, "l", PilotState::Pending) };
        let found = node_of(&silent, &update(ErrorClass::Node, message));
        assert_eq!(found, Some(("n7.x".to_owned(), "no room: /tmp".to_owned())));
        assert_eq!(node_of(&silent, &update(ErrorClass::Killed, message)), None);
        let odd = "x: pilotage wrapper on $(reboot): no room";
        assert_eq!(node_of(&silent, &update(ErrorClass::Node, odd)), None);
        let exiting = PilotSummary { started: Some(NOW), ..pilot(1, "l", PilotState::Exiting) };
        assert_eq!(node_of(&exiting, &update(ErrorClass::Node, message)), None, "it came up and then failed");
        let unfit = PilotSummary { error_class: Some(ErrorClass::Node), node: "n8".into(), ..exiting };
        assert_eq!(node_of(&unfit, &update(ErrorClass::Internal, "")).unwrap().0, "n8");
    }
}
