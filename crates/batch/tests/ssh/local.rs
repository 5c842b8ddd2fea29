//! Processes of a login node.

use crate::node::{Node, me, mode, request, wait_for_event, wait_until};
use batch::local::{LocalConfig, RemoteLocal};
use batch::{BatchSystem, SubmitOutcome};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;

/// Ends by its id: 1 well, 2 with 73 and undelivered reports; others wait, 4 without listening.
const WRAPPER: &str = r#"echo "$1 $PILOTAGE_SLOTS"
cat "$PILOTAGE_SECRET_FILE" >&2
case ${PWD##*/} in
1) exit 0;;
2) mkdir 2.spool; echo late >2.spool/reports; exit 73;;
4) trap '' TERM;;
esac
: >ready
while :; do sleep 0.1; done
"#;

fn open(node: &Node, slots: u64) -> RemoteLocal {
    let config = LocalConfig { dir: node.there(), slots, grace_s: 1.0, poll_s: 0.05, ..LocalConfig::default() };
    RemoteLocal::open(config, &node.ssh(&me()), &node.factory).unwrap()
}

async fn submit(local: &RemoteLocal, first: i64, count: usize) -> SubmitOutcome {
    local.submit(&request(first, count, WRAPPER)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pilots_run_end_and_are_removed() {
    let node = Node::new("local").await;
    let local = open(&node, 4);
    let outcome = submit(&local, 1, 5).await;
    assert_eq!((outcome.accepted.len(), outcome.refused.as_slice(), outcome.full), (4, &[PilotId(5)][..], true));
    let there = node.there().join(&node.factory);
    assert_eq!(["1", "1/secret.json", "1/out"].map(|name| mode(&there.join(name))), [0o700, 0o600, 0o600]);

    wait_for_event(&local, 1, PilotEvent::End).await;
    let broken = wait_for_event(&local, 2, PilotEvent::Break).await;
    assert_eq!(
        (broken.error_class, broken.message.as_str()),
        (Some(ErrorClass::Node), "the pilot ended with exit code 73")
    );
    let running = wait_for_event(&local, 3, PilotEvent::Run).await;
    assert_eq!(running.batch_id, outcome.accepted[2].1);
    assert!(local.fetch(&[PilotId(1), PilotId(2)]).await.is_empty());
    let logs = local.logs(PilotId(2));
    assert_eq!(fs::read_to_string(&logs.out).unwrap(), "a 'word' 2\n");
    assert_eq!(fs::read_to_string(&logs.err).unwrap(), "it's secret 1\n");
    assert_eq!(fs::read_to_string(logs.place.join("2.spool/reports")).unwrap(), "late\n");

    // Another process of the factory knows them, and one that does not listen is killed after the grace.
    let again = open(&node, 4);
    wait_until("pilot 4 is not ready", || there.join("4/ready").exists()).await;
    again.remove(&[3, 4, 999].map(PilotId)).await.unwrap();
    assert_eq!(wait_for_event(&again, 3, PilotEvent::End).await.message, "removed");
    assert_eq!(wait_for_event(&again, 4, PilotEvent::End).await.message, "removed");
    again.forget(&[1, 2, 3, 4].map(PilotId)).await;
    assert!(again.kept().is_empty() && fs::read_dir(&there).unwrap().next().is_none());
    let checks = again.doctor().await;
    assert!(checks.iter().all(|check| check.ok), "{checks:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_of_a_killed_pilot_is_not_lost_sight_of() {
    let node = Node::new("orphans").await;
    let local = open(&node, 1);
    let leader = submit(&local, 3, 1).await.accepted[0].1.clone();
    let folder = node.there().join(&node.factory).join("3");
    wait_until("pilot 3 is not ready", || folder.join("ready").exists()).await;
    wait_for_event(&local, 3, PilotEvent::Run).await;
    kill(&leader);
    wait_until("the supervisor lives", || !batch::local::process::is_alive(leader.parse().unwrap())).await;
    // A fresh look, by a process that knows nothing yet.
    assert_eq!(open(&node, 1).capacity().await.unwrap(), Some(0), "its wrapper still runs");

    local.remove(&[PilotId(3)]).await.unwrap();
    let ended = wait_for_event(&local, 3, PilotEvent::End).await;
    assert_eq!(ended.message, "removed");
}

fn kill(pid: &str) {
    assert!(std::process::Command::new("kill").args(["-s", "KILL", pid]).status().unwrap().success());
}
