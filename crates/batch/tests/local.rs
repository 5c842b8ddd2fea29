//! Local pilots as a factory uses them, with real processes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use batch::local::{Local, LocalConfig};
use batch::{BatchError, BatchSystem, Flag, Needs, PilotStatus, SubmitOutcome, SubmitRequest};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const FACTORY: &str = "f1";
const DEADLINE: Duration = Duration::from_secs(20);

/// A directory, the local batch system in it, and an end for all its pilots.
struct Site {
    dir: tempfile::TempDir,
    local: Local,
}

impl Site {
    fn new(slots: u64, grace_s: f64) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let local = open(dir.path(), slots, grace_s);
        Site { dir, local }
    }

    /// As if the factory was started again.
    fn restart(&mut self) {
        self.local = open(self.dir.path(), 8, 0.2);
    }

    fn folder(&self, pilot: i64) -> PathBuf {
        self.dir.path().join(FACTORY).join(pilot.to_string())
    }

    async fn submit(&self, first: i64, count: usize, wrapper: &str) -> Result<SubmitOutcome, BatchError> {
        let request = SubmitRequest {
            label: "here".into(),
            first: PilotId(first),
            wrapper: wrapper.into(),
            arguments: vec!["a word".into()],
            environment: vec![("PILOTAGE_SLOTS".into(), "2".into())],
            secrets: (0..count).map(|index| format!("secret {index}").into_bytes()).collect(),
            needs: Needs::default(),
            ..SubmitRequest::default()
        };
        self.local.submit(&request).await
    }

    async fn shown(&self, pilot: i64) -> Option<PilotStatus> {
        let status = self.local.status().await.unwrap();
        assert!(status.complete);
        status.pilots.into_iter().find(|shown| shown.pilot == PilotId(pilot))
    }

    async fn wait_for(&self, pilot: i64, event: PilotEvent) -> PilotStatus {
        let until = Instant::now() + DEADLINE;
        loop {
            let shown = self.shown(pilot).await.unwrap();
            if shown.event == Some(event) {
                return shown;
            }
            assert!(Instant::now() < until, "still {shown:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn leader(&self, pilot: i64) -> i32 {
        let text = fs::read_to_string(self.folder(pilot).join("process")).unwrap();
        text.lines().nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.dir.path().join(FACTORY)).into_iter().flatten().flatten() {
            if let Some(pilot) = entry.file_name().to_str().and_then(|name| name.parse().ok())
                && entry.path().join("process").exists()
                && self.leader(pilot) != std::process::id() as i32
            {
                kill(&format!("-{}", self.leader(pilot)), "KILL");
            }
        }
    }
}

fn open(dir: &Path, slots: u64, grace_s: f64) -> Local {
    Local::open(LocalConfig { dir: dir.to_owned(), slots, grace_s, ..LocalConfig::default() }, FACTORY).unwrap()
}

fn kill(whom: &str, signal: &str) {
    let _ = std::process::Command::new("kill").args(["-s", signal, "--", whom]).output();
}

fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}

async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs until a file named `go` is beside it, then ends with the code in it. Not for ever: a test may be killed.
const WAITS: &str = "while [ ! -s go ]; do [ $((i += 1)) -lt 3000 ] || exit 99; sleep 0.05; done\nexit $(cat go)\n";

#[tokio::test]
async fn a_pilot_runs_survives_the_factory_and_ends() {
    let mut site = Site::new(8, 0.2);
    let outcome = site.submit(17, 2, &format!("echo \"$1 $PILOTAGE_SLOTS\"; echo oh >&2; {WAITS}")).await.unwrap();
    assert_eq!(outcome.accepted.iter().map(|(pilot, _)| pilot.0).collect::<Vec<_>>(), [17, 18]);
    assert_eq!((outcome.refused.len(), outcome.full), (0, false));
    let running = site.wait_for(17, PilotEvent::Run).await;
    assert_eq!((running.batch_id, running.flag), (site.leader(17).to_string(), None));

    site.restart();
    assert_eq!(site.shown(17).await.unwrap().event, Some(PilotEvent::Run));
    fs::write(site.folder(17).join("go"), "0").unwrap();
    let ended = site.wait_for(17, PilotEvent::End).await;
    assert_eq!(ended.error_class, None);
    let logs = site.local.logs(PilotId(17));
    assert_eq!(fs::read_to_string(logs.out).unwrap(), "a word 2\n");
    assert_eq!(fs::read_to_string(logs.err).unwrap(), "oh\n");

    site.local.forget(&[PilotId(17), PilotId(18)]).await;
    assert_eq!(site.shown(17).await, None);
    assert!(site.shown(18).await.is_some(), "a pilot that runs is not forgotten");
}

#[tokio::test]
async fn secrets_are_files_that_nobody_else_can_read() {
    let site = Site::new(8, 0.2);
    site.submit(1, 2, WAITS).await.unwrap();
    let secret = site.folder(2).join("secret.json");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "secret 1");
    assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(site.folder(2)).unwrap().permissions().mode() & 0o777, 0o700);
    site.wait_for(2, PilotEvent::Run).await;
    let pid = site.leader(2);
    let read = |name| fs::read(format!("/proc/{pid}/{name}")).unwrap();
    for place in ["cmdline", "environ"] {
        assert!(!String::from_utf8_lossy(&read(place)).contains("secret 1"), "{place}");
    }
}

#[tokio::test]
async fn more_than_the_slots_is_full_and_not_broken() {
    let site = Site::new(2, 0.2);
    assert_eq!(site.local.capacity().await.unwrap(), Some(2));
    let outcome = site.submit(1, 3, WAITS).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.clone(), outcome.full), (2, vec![PilotId(3)], true));
    assert_eq!(outcome.reason, "all 2 slots are taken");
    assert_eq!(site.local.capacity().await.unwrap(), Some(0));
    assert_eq!(site.shown(3).await, None);
    site.wait_for(1, PilotEvent::Run).await;
    fs::write(site.folder(1).join("go"), "0").unwrap();
    site.wait_for(1, PilotEvent::End).await;
    assert_eq!(site.local.capacity().await.unwrap(), Some(1));
}

#[tokio::test]
async fn an_exit_code_and_a_kill_have_their_classes() {
    let site = Site::new(8, 0.2);
    site.submit(1, 3, WAITS).await.unwrap();
    for pilot in 1..=3 {
        site.wait_for(pilot, PilotEvent::Run).await;
    }
    fs::write(site.folder(1).join("go"), "73").unwrap();
    let node = site.wait_for(1, PilotEvent::Break).await;
    assert_eq!(
        (node.error_class, node.message.as_str()),
        (Some(ErrorClass::Node), "the pilot ended with exit code 73")
    );
    kill(&format!("-{}", site.leader(2)), "KILL");
    let killed = site.wait_for(2, PilotEvent::Break).await;
    assert_eq!(killed.error_class, Some(ErrorClass::Lost));
    assert!(killed.message.contains("its process group was killed"), "{}", killed.message);

    // Without its leader the rest of the group is still this pilot, and can be taken away.
    let leader = site.leader(3);
    kill(&leader.to_string(), "KILL");
    wait_until("the leader is gone", || !is_alive(leader)).await;
    assert_eq!(site.shown(3).await.unwrap().event, Some(PilotEvent::Run));
    site.local.remove(&[PilotId(3)]).await.unwrap();
    site.wait_for(3, PilotEvent::End).await;
}

#[tokio::test]
async fn removal_asks_first_and_kills_after_the_grace() {
    let site = Site::new(8, 2.0);
    let stubborn = "trap '' TERM\nsleep 1000 & echo $! >child\nwhile :; do wait; done\n";
    site.submit(1, 1, stubborn).await.unwrap();
    site.submit(2, 1, &format!("trap 'echo asked; exit 0' TERM\n: >ready\n{WAITS}")).await.unwrap();
    let child = site.folder(1).join("child");
    wait_until("the child is there", || fs::read_to_string(&child).is_ok_and(|text| text.ends_with('\n'))).await;
    wait_until("the other one listens", || site.folder(2).join("ready").exists()).await;
    let pid: i32 = fs::read_to_string(&child).unwrap().trim().parse().unwrap();

    site.local.remove(&[PilotId(1), PilotId(2), PilotId(99)]).await.unwrap();
    assert_eq!(site.shown(1).await.unwrap().flag, Some(Flag::Retiring));
    let gone = site.wait_for(1, PilotEvent::End).await;
    assert_eq!(gone.message, "removed");
    wait_until("the child is gone too", || !is_alive(pid)).await;
    site.wait_for(2, PilotEvent::End).await;
    assert_eq!(fs::read_to_string(site.local.logs(PilotId(2)).out).unwrap(), "asked\n");
}

#[tokio::test]
async fn a_pilot_that_is_removed_while_it_starts_is_not_left_to_the_grace() {
    let site = Site::new(64, 600.0);
    for pilot in 1..=20 {
        site.submit(pilot, 1, &format!("trap 'exit 0' TERM\n{WAITS}")).await.unwrap();
        site.local.remove(&[PilotId(pilot)]).await.unwrap();
    }
    for pilot in 1..=20 {
        site.wait_for(pilot, PilotEvent::End).await;
    }
}

#[tokio::test]
async fn a_pilot_that_nobody_could_find_again_is_not_started() {
    let site = Site::new(8, 0.2);
    // The supervisor cannot write down who it is.
    fs::create_dir_all(site.folder(1).join("process")).unwrap();
    let outcome = site.submit(1, 1, "touch started\n").await.unwrap();
    let supervisor = outcome.accepted[0].1.parse().unwrap();
    wait_until("it is gone", || !is_alive(supervisor)).await;
    assert!(!site.folder(1).join("started").exists());
    fs::remove_dir(site.folder(1).join("process")).unwrap();
}

#[tokio::test]
async fn a_removal_goes_on_after_a_restart() {
    let mut site = Site::new(8, 600.0);
    site.submit(1, 1, "trap '' TERM\nwhile :; do sleep 0.05; done\n").await.unwrap();
    site.wait_for(1, PilotEvent::Run).await;
    site.local.remove(&[PilotId(1)]).await.unwrap();
    assert_eq!(site.shown(1).await.unwrap().event, Some(PilotEvent::Run));
    site.restart();
    site.wait_for(1, PilotEvent::End).await;
}

#[tokio::test]
async fn a_pid_that_is_used_again_is_another_process() {
    let site = Site::new(8, 0.1);
    site.submit(1, 1, "exec sleep 1000\n").await.unwrap();
    site.wait_for(1, PilotEvent::Run).await;
    let leader = site.leader(1);
    kill(&format!("-{leader}"), "KILL");
    site.wait_for(1, PilotEvent::Break).await;

    // Another process stands for a later one with the pilot's pid.
    let path = site.folder(1).join("process");
    let text = fs::read_to_string(&path).unwrap();
    let mut other = process_of_another_moment(&text);
    let pid = other.id();
    fs::write(&path, text.replacen(&format!("\n{leader} "), &format!("\n{pid} "), 1)).unwrap();
    assert_eq!(site.leader(1), pid as i32);
    assert_eq!(site.shown(1).await.unwrap().event, Some(PilotEvent::Break));
    site.local.remove(&[PilotId(1)]).await.unwrap();
    let removed = site.wait_for(1, PilotEvent::End).await;
    assert_eq!(removed.message, "removed");
    assert!(other.try_wait().unwrap().is_none(), "the other process was signalled");
    other.kill().unwrap();
    other.wait().unwrap();

    // The same pid and start time before a reboot.
    let rest = text.split_once('\n').unwrap().1;
    fs::write(&path, format!("another-boot\n{rest}")).unwrap();
    fs::remove_file(site.folder(1).join("removed")).unwrap();
    assert!(site.shown(1).await.unwrap().message.contains("the machine was started again"));
}

/// A process that did not start in the same tick of the kernel's clock as the recorded one.
fn process_of_another_moment(record: &str) -> std::process::Child {
    let start_of = |stat: &str| stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap().to_owned();
    let recorded = start_of(record);
    loop {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        if start_of(&stat) != recorded {
            return child;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[tokio::test]
async fn a_directory_without_a_process_is_no_pilot_after_a_while() {
    let site = Site::new(8, 0.2);
    let folder = site.folder(5);
    fs::create_dir_all(&folder).unwrap();
    let secret = fs::File::create(folder.join("secret.json")).unwrap();
    assert_eq!(site.shown(5).await.unwrap().event, Some(PilotEvent::Queue));
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    secret.set_modified(long_ago).unwrap();
    assert_eq!(site.shown(5).await, None);
    site.local.forget(&[PilotId(5)]).await;
    assert!(!folder.exists());
}

#[tokio::test]
async fn an_end_is_told_at_once() {
    let site = Site::new(8, 0.2);
    site.submit(1, 1, "exit 0\n").await.unwrap();
    tokio::time::timeout(DEADLINE, site.local.changed()).await.unwrap();
    assert_eq!(site.shown(1).await.unwrap().event, Some(PilotEvent::End));
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_named() {
    let error = Local::open(LocalConfig { dir: "/proc/nowhere".into(), ..LocalConfig::default() }, FACTORY);
    let error = error.err().unwrap().to_string();
    assert!(error.starts_with("make /proc/nowhere/f1: "), "{error}");
    let site = Site::new(2, 0.2);
    let checks = site.local.doctor().await;
    assert!(checks.iter().all(|check| check.ok), "{checks:?}");
}
