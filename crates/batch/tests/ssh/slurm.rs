//! The real Slurm through a login node.

use crate::node::{Node, me, mode, request, variable, wait_for_event, wait_until};
use batch::slurm::{Slurm, SlurmConfig};
use batch::{BatchSystem, SubmitOutcome};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;
use std::path::PathBuf;

/// Ends by its index: 0 well, 1 with 73 and undelivered reports, others wait.
const WRAPPER: &str = r#"#!/bin/sh
pilot=$((PILOTAGE_FIRST_ID + SLURM_ARRAY_TASK_ID))
echo "$1 $PILOTAGE_SLOTS $PILOTAGE_FIRST_ID"
cat "$PILOTAGE_SECRET_DIR/$pilot.json" >&2
case $SLURM_ARRAY_TASK_ID in
0) exit 0;;
1) mkdir "$PILOTAGE_SECRET_DIR/$pilot.spool"; printf 'a\0b\377\n' >"$PILOTAGE_SECRET_DIR/$pilot.spool/1.out"; exit 73;;
*) exec sleep 300;;
esac
"#;

pub fn open(node: &Node, config: SlurmConfig) -> Slurm {
    let (dir, conf) = (node.there(), PathBuf::from(variable("SLURM_CONF")));
    let ssh = config.ssh.or_else(|| Some(node.ssh(&me())));
    let config = SlurmConfig { dir, conf, ssh, poll_s: 0.05, ..config };
    Slurm::open(config, &node.factory).unwrap()
}

pub async fn submit(slurm: &Slurm, first: i64, count: usize) -> SubmitOutcome {
    slurm.submit(&request(first, count, WRAPPER)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_array_runs_and_what_it_leaves_comes_here() {
    let node = Node::new("runs").await;
    let slurm = open(&node, SlurmConfig::default());
    let outcome = submit(&slurm, 101, 3).await;
    assert_eq!((outcome.accepted.len(), outcome.refused.len()), (3, 0), "{}", outcome.reason);
    let there = node.there().join(&node.factory).join("101");
    assert_eq!(
        [".", "101.json", "103.json", "script"].map(|name| mode(&there.join(name))),
        [0o700, 0o600, 0o600, 0o600]
    );

    wait_for_event(&slurm, 101, PilotEvent::End).await;
    let broken = wait_for_event(&slurm, 102, PilotEvent::Break).await;
    assert_eq!(broken.error_class, Some(ErrorClass::Node));
    wait_for_event(&slurm, 103, PilotEvent::Run).await;

    let logs = slurm.logs(PilotId(102));
    assert!(!logs.out.exists() && logs.out.starts_with(node.path("here", "101")));
    assert!(slurm.fetch(&[PilotId(101), PilotId(102)]).await.is_empty());
    assert_eq!(fs::read_to_string(&logs.out).unwrap(), "a 'word' 2 101\n");
    assert_eq!(fs::read_to_string(&logs.err).unwrap(), "it's secret 1\n");
    let kept = logs.place.join("102.spool/1.out");
    assert_eq!(fs::read(&kept).unwrap(), b"a\0b\xff\n");
    assert_eq!((mode(&kept), mode(&logs.out)), (0o600, 0o600));
    // Once: what was delivered since does not come again.
    fs::remove_dir_all(logs.place.join("102.spool")).unwrap();
    assert!(slurm.fetch(&[PilotId(102)]).await.is_empty());
    assert!(!kept.exists());

    slurm.remove(&[PilotId(103), PilotId(999)]).await.unwrap();
    assert_eq!(wait_for_event(&slurm, 103, PilotEvent::End).await.message, "removed");
    slurm.forget(&[PilotId(101), PilotId(102)]).await;
    assert!(!there.join("101.json").exists() && !there.join("0.out").exists() && there.join("103.json").exists());
    slurm.forget(&[PilotId(103)]).await;
    assert!(!there.exists() && !node.path("here", "101").exists() && slurm.kept().is_empty());

    let checks = slurm.doctor().await;
    assert!(checks.iter().all(|check| check.ok), "{checks:?}");
    let transcript = fs::read_to_string(node.path("here", "transcript")).unwrap();
    assert!(transcript.contains(" sbatch --parsable ") && transcript.contains(" send /"), "{transcript}");
    assert!(!transcript.contains("secret 1"), "{transcript}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_leaves_no_secret_there() {
    let node = Node::new("refusal").await;
    let slurm = open(&node, SlurmConfig { partition: "nowhere".into(), ..SlurmConfig::default() });
    let outcome = submit(&slurm, 1, 2).await;
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (0, 2, false));
    assert!(outcome.reason.contains("invalid partition specified: nowhere"), "{}", outcome.reason);
    assert!(!node.there().join(&node.factory).join("1").exists() && !node.path("here", "1").exists());
    wait_until("no connection is kept", || node.master().is_some()).await;
}
