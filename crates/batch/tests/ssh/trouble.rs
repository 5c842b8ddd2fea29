//! Connections that are cut, hosts that are others, processes that are killed.

use crate::node::{DEADLINE, Node, me, request, wait_for_event, wait_until};
use crate::slurm::{open, submit};
use batch::slurm::{Slurm, SlurmConfig};
use batch::ssh::SshConfig;
use batch::{BatchError, BatchSystem, Status};
use model::{PilotEvent, PilotId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_with_another_key_gets_nothing() {
    let node = Node::new("key").await;
    node.trust("other");
    let refused = open(&node, SlurmConfig::default()).submit(&request(1, 1, "true")).await.unwrap_err();
    let said = refused.to_string();
    assert!(said.starts_with("reach login node 127.0.0.1: its host key is another than that in /"), "{said}");
    assert!(!refused.is_uncertain() && !node.there().exists() && !node.path("here", "1").exists());

    fs::write(node.dir.path().join("here/known_hosts"), "").unwrap();
    let unknown = open(&node, SlurmConfig::default()).status().await.unwrap_err().to_string();
    assert!(unknown.contains("its host key is not in /"), "{unknown}");
    // Nothing learned the key by itself.
    assert_eq!(fs::read_to_string(node.dir.path().join("here/known_hosts")).unwrap(), "");
    let checks = open(&node, SlurmConfig::default()).doctor().await;
    assert!(checks.iter().any(|check| !check.ok && check.what == "login node 127.0.0.1"), "{checks:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_whose_connection_is_cut_is_in_doubt_and_adopted_later() {
    let node = Node::new("cut").await;
    let doubt = submit_in_doubt(&node, 60.0, || node.gate.cut(), async || node.gate.open().await).await;
    assert!(matches!(doubt, BatchError::Cut { .. }), "{doubt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_whose_sshd_is_killed_is_in_doubt_and_adopted_later() {
    let node = Node::with_own_sshd("sshd").await;
    let doubt = submit_in_doubt(&node, 60.0, || node.gate.cut(), async || node.gate.open().await).await;
    assert!(matches!(doubt, BatchError::Cut { .. }), "{doubt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submission_whose_sshd_hangs_is_in_doubt_and_adopted_later() {
    let node = Node::with_own_sshd("hangs").await;
    let (stop, go_on) = (|| node.gate.signal("STOP"), async || node.gate.signal("CONT"));
    let doubt = submit_in_doubt(&node, 5.0, stop, go_on).await;
    assert!(matches!(doubt, BatchError::TimeOut { .. }), "{doubt}");
}

/// Submits two pilots, and breaks the connection when `sbatch` has done it and was not heard. Gives the error, when all
/// of them were found again after mending.
async fn submit_in_doubt(node: &Node, timeout_s: f64, cut: impl Fn(), mend: impl AsyncFn()) -> BatchError {
    let pid_file = node.dir.path().join("hangs");
    // The real one, whose answer does not come back.
    let hangs = format!(
        "sbatch \"$@\" >/dev/null || exit\necho $$ >{0}.new; mv {0}.new {0}\nexec sleep 1000",
        pid_file.display()
    );
    let (bin, submit_arguments) = (commands(node.dir.path(), &hangs), vec!["--hold".into()]);
    let slurm = open(node, SlurmConfig { bin, submit_arguments, timeout_s, ..SlurmConfig::default() });
    let asked = request(1, 2, "true");
    let (outcome, ()) = tokio::join!(slurm.submit(&asked), async {
        wait_until("sbatch is not run", || pid_file.exists()).await;
        cut();
    });
    let doubt = outcome.unwrap_err();
    assert!(doubt.is_uncertain(), "{doubt}");

    // A node that does not answer is not an empty one.
    let down = slurm.status().await.unwrap_err();
    assert!(matches!(down, BatchError::Unreachable { .. } | BatchError::Again(_)), "{down}");
    assert_eq!(slurm.kept(), [PilotId(1), PilotId(2)]);
    mend().await;
    let pid = fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
    wait_until("the command lives on", || !batch::local::process::is_alive(pid)).await;
    let status = wait_for_answer(&slurm).await;
    let mut ids: Vec<i64> = status.pilots.iter().map(|pilot| pilot.pilot.0).collect();
    ids.sort_unstable();
    assert_eq!((ids, status.complete), (vec![1, 2], true));
    slurm.remove(&[PilotId(1), PilotId(2)]).await.unwrap();
    wait_for_event(&slurm, 2, PilotEvent::End).await;
    doubt
}

/// The first status that is no error.
async fn wait_for_answer(slurm: &Slurm) -> Status {
    let until = Instant::now() + DEADLINE;
    loop {
        match slurm.status().await {
            Ok(status) => return status,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hanging_sshd_is_told_has_no_effect_later() {
    let node = Node::with_own_sshd("later").await;
    let timeout_s = 4.0;
    let slurm = open(&node, SlurmConfig { timeout_s, ..SlurmConfig::default() });
    assert_eq!(submit(&slurm, 1, 1).await.accepted.len(), 1);
    node.gate.signal("STOP");
    let began = Instant::now();
    let refused = slurm.submit(&request(2, 2, "true")).await.unwrap_err();
    assert_eq!(refused.to_string(), "reach login node 127.0.0.1: no shell within 4 s");
    assert!(!refused.is_uncertain());
    // Who comes next does not wait for it again.
    assert!(slurm.remove(&[PilotId(1)]).await.is_err() && slurm.fetch(&[PilotId(1)]).await == [PilotId(1)].into());
    assert!(slurm.status().await.is_err() && slurm.submit(&request(4, 2, "true")).await.is_err());
    assert!(began.elapsed().as_secs_f64() < 2.0 * timeout_s, "{:?}", began.elapsed());

    node.gate.signal("CONT");
    let ids: Vec<PilotId> = wait_for_answer(&slurm).await.pilots.iter().map(|shown| shown.pilot).collect();
    assert_eq!((ids, slurm.kept()), (vec![PilotId(1)], vec![PilotId(1)]));
    let left: Vec<_> = fs::read_dir(node.there().join(&node.factory)).unwrap().flatten().collect();
    assert!(left.len() == 1 && left[0].file_name() == "1", "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_commands_share_one_connection_which_is_made_again_when_it_hangs() {
    let node = Node::new("one").await;
    // As another process of the same factory would.
    let (slurm, other) = (open(&node, SlurmConfig::default()), open(&node, SlurmConfig::default()));
    let (checks, outcome, status) = tokio::join!(other.doctor(), submit(&slurm, 1, 1), slurm.status());
    assert!(checks.iter().all(|check| check.ok) && outcome.accepted.len() == 1 && status.is_ok());
    assert_eq!(node.gate.connections(), 1);

    let first = node.master().unwrap().to_string();
    let signal = |name| assert!(Command::new("kill").args(["-s", name, &first]).status().unwrap().success());
    signal("STOP");
    wait_for_event(&slurm, 1, PilotEvent::End).await;
    assert_eq!(node.gate.connections(), 2);
    signal("KILL");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_killed_is_made_again() {
    let node = Node::new("killed").await;
    let slurm = open(&node, SlurmConfig::default());
    slurm.doctor().await;
    let first = node.master().unwrap();
    // Another factory process finds the same one.
    open(&node, SlurmConfig::default()).status().await.unwrap();
    assert_eq!(node.master(), Some(first));
    let killed = Command::new("kill").args(["-s", "KILL", &first.to_string()]).status().unwrap();
    assert!(killed.success() && node.dir.path().join("here/master").exists());
    let outcome = submit(&slurm, 1, 1).await;
    assert_eq!(outcome.accepted.len(), 1, "{}", outcome.reason);
    assert!(node.master().is_some_and(|second| second != first));
    wait_for_event(&slurm, 1, PilotEvent::End).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_host_is_gone_through() {
    let node = Node::with_own_sshd("behind").await;
    let jump = Node::new("jump").await;
    let (identity, hosts) = (jump.ssh(&me()).identity, jump.dir.path().join("here/known_hosts"));
    let text = format!(
        "Host 127.0.0.1\n    ProxyJump {}@jump:{port}\nHost jump\n    HostName 127.0.0.1\n    HostKeyAlias [127.0.0.1]:{port}\n    \
         IdentityFile {}\n    UserKnownHostsFile {}\n",
        me(),
        identity.display(),
        hosts.display(),
        port = jump.gate.port,
    );
    let file = node.dir.path().join("config");
    fs::write(&file, text).unwrap();
    let ssh = SshConfig { config: file, ..node.ssh(&me()) };
    let slurm = open(&node, SlurmConfig { ssh: Some(ssh), ..SlurmConfig::default() });
    let checks = slurm.doctor().await;
    assert!(checks.iter().all(|check| check.ok), "{checks:?}");
    assert_eq!((jump.gate.connections(), node.gate.connections()), (1, 1));
}

/// The commands of Slurm, but for `sbatch`.
fn commands(dir: &Path, sbatch: &str) -> PathBuf {
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["squeue", "scancel", "scontrol", "sacct"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
        std::os::unix::fs::symlink(String::from_utf8(found.stdout).unwrap().trim(), bin.join(program)).unwrap();
    }
    fs::write(bin.join("sbatch"), format!("#!/bin/sh\n{sbatch}\n")).unwrap();
    fs::set_permissions(bin.join("sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
    bin
}
