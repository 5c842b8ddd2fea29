//! The real HTCondor through a login node.

use crate::node::{Node, mode, request, variable, wait_for_event};
use batch::BatchSystem;
use batch::condor::{Condor, CondorConfig};
use model::{PilotEvent, PilotId};
use std::fs;
use std::path::PathBuf;

/// Ends by its id: 1 well, 2 with undelivered reports and 73, others wait.
const WRAPPER: &str = r#"#!/bin/sh
echo "$1 $PILOTAGE_SLOTS"
stat -c %a "$PILOTAGE_SECRET_FILE" >&2
pilot=${PILOTAGE_SECRET_FILE%.json}
case $pilot in
*1) exit 0;;
*2) mkdir "$PILOTAGE_SPOOL_DIR/$pilot.spool"; echo late >"$PILOTAGE_SPOOL_DIR/$pilot.spool/reports"; exit 73;;
*) exec sleep 300;;
esac
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pilots_run_and_what_they_leave_comes_here() {
    let node = Node::new("condor").await;
    let config = CondorConfig {
        dir: node.there(),
        bin: PathBuf::from(variable("PILOTAGE_TEST_CONDOR_BIN")),
        conf: PathBuf::from(variable("CONDOR_CONFIG")),
        ssh: Some(node.ssh(&variable("PILOTAGE_TEST_CONDOR_USER"))),
        poll_s: 0.1,
        ..CondorConfig::default()
    };
    let condor = Condor::open(config, &node.factory).unwrap();
    let outcome = condor.submit(&request(1, 3, WRAPPER)).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len()), (3, 0), "{}", outcome.reason);
    let there = node.there().join(&node.factory).join("1");
    assert_eq!(["1.json", "spool"].map(|name| mode(&there.join(name))), [0o600, 0o700]);

    wait_for_event(&condor, 1, PilotEvent::End).await;
    wait_for_event(&condor, 2, PilotEvent::Break).await;
    assert!(condor.fetch(&[PilotId(1), PilotId(2)]).await.is_empty());
    let logs = condor.logs(PilotId(2));
    assert_eq!(fs::read_to_string(&logs.out).unwrap(), "a 'word' 2\n");
    assert_eq!(fs::read_to_string(&logs.err).unwrap(), "600\n");
    assert_eq!(fs::read_to_string(logs.place.join("2.spool/reports")).unwrap(), "late\n");
    assert!(fs::read_to_string(&logs.log).unwrap().contains("(return value 73)"));

    wait_for_event(&condor, 3, PilotEvent::Run).await;
    condor.remove(&[PilotId(3)]).await.unwrap();
    wait_for_event(&condor, 3, PilotEvent::End).await;
    condor.forget(&[1, 2, 3].map(PilotId)).await;
    assert!(!there.exists() && condor.kept().is_empty());
    let checks = condor.doctor().await;
    assert!(checks.iter().all(|check| check.ok), "{checks:?}");
}
