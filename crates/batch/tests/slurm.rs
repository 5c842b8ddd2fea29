//! Pilots in a real Slurm. `SLURM_CONF` names one that may be used; `cargo xtask test` starts it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use batch::slurm::{Slurm, SlurmConfig};
use batch::{BatchSystem, Flag, Needs, PilotStatus, SubmitOutcome, SubmitRequest};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

struct Site {
    dir: tempfile::TempDir,
    factory: String,
    slurm: Slurm,
}

impl Site {
    fn new(test: &str) -> Site {
        let conf = std::env::var("SLURM_CONF").ok().filter(|conf| !conf.is_empty());
        let conf = conf.expect("SLURM_CONF names no Slurm to test with; run the tests by 'cargo xtask test'");
        let dir = tempfile::tempdir().unwrap();
        // Names are shared by all tests of this Slurm, and with a dot they are the harder case.
        let factory = format!("t{}.{test}", std::process::id());
        let slurm = open(&dir, &factory, SlurmConfig { conf: PathBuf::from(conf), ..SlurmConfig::default() });
        Site { dir, factory, slurm }
    }

    async fn submit(&self, first: i64, count: usize, wrapper: &str, arguments: &[&str]) -> SubmitOutcome {
        self.slurm.submit(&request(first, count, wrapper, arguments)).await.unwrap()
    }

    async fn shown(&self, pilot: i64) -> Option<PilotStatus> {
        let status = self.slurm.status().await.unwrap();
        assert!(status.complete);
        status.pilots.into_iter().find(|shown| shown.pilot == PilotId(pilot))
    }

    async fn wait_for(&self, pilot: i64, holds: impl Fn(&PilotStatus) -> bool) -> PilotStatus {
        let until = Instant::now() + DEADLINE;
        loop {
            let shown = self.shown(pilot).await;
            match shown {
                Some(shown) if holds(&shown) => return shown,
                other => assert!(Instant::now() < until, "still {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn wait_for_event(&self, pilot: i64, event: PilotEvent) -> PilotStatus {
        self.wait_for(pilot, |shown| shown.event == Some(event)).await
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let names = fs::read_dir(self.dir.path().join(&self.factory)).into_iter().flatten().flatten();
        for job in names.filter_map(|entry| fs::read_to_string(entry.path().join("job")).ok()) {
            let _ = std::process::Command::new("scancel").args(["--quiet", job.trim()]).status();
        }
    }
}

fn open(dir: &tempfile::TempDir, factory: &str, config: SlurmConfig) -> Slurm {
    let config = SlurmConfig { dir: dir.path().to_owned(), poll_s: 0.1, ..config };
    Slurm::open(config, factory).unwrap()
}

fn request(first: i64, count: usize, wrapper: &str, arguments: &[&str]) -> SubmitRequest {
    SubmitRequest {
        label: "there".into(),
        first: PilotId(first),
        wrapper: wrapper.into(),
        arguments: vec!["a 'word'".into()],
        environment: vec![("PILOTAGE_SLOTS".into(), "2".into())],
        secrets: (0..count).map(|index| format!("secret {index}").into_bytes()).collect(),
        needs: Needs {
            cores: 1,
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            avoid: Vec::new(),
            ..Needs::default()
        },
        ..SubmitRequest::default()
    }
}

/// Ends by its index: 0 well, 1 with 73, others wait.
const WRAPPER: &str = r#"#!/bin/sh
echo "$1 $PILOTAGE_SLOTS $PILOTAGE_FIRST_ID ${HOME_OF_SUBMITTER:-none}"
cat "$PILOTAGE_SECRET_DIR/$((PILOTAGE_FIRST_ID + SLURM_ARRAY_TASK_ID)).json" >&2
case $SLURM_ARRAY_TASK_ID in 0) exit 0;; 1) exit 73;; *) exec sleep 300;; esac
"#;

#[tokio::test]
async fn an_array_runs_ends_and_is_explained() {
    let site = Site::new("runs");
    let outcome = site.submit(101, 4, WRAPPER, &[]).await;
    assert_eq!((outcome.accepted.len(), outcome.refused.len()), (4, 0), "{}", outcome.reason);
    assert_eq!(outcome.accepted[3].0, PilotId(104));
    assert!(outcome.accepted[3].1.ends_with("_3"));

    let done = site.wait_for_event(101, PilotEvent::End).await;
    assert_eq!((done.native_state.as_str(), done.batch_id), ("COMPLETED", outcome.accepted[0].1.clone()));
    let broken = site.wait_for_event(102, PilotEvent::Break).await;
    assert_eq!(broken.error_class, Some(ErrorClass::Node));
    assert_eq!(broken.message, "Slurm: FAILED, NonZeroExitCode, exit code 73");
    site.wait_for_event(103, PilotEvent::Run).await;
    site.wait_for_event(104, PilotEvent::Run).await;
    // Running begins before the script does; its first line shows that it has.
    let (last, deadline) = (site.slurm.logs(PilotId(104)).out, Instant::now() + Duration::from_secs(60));
    while !last.exists() {
        assert!(Instant::now() < deadline, "{} does not appear", last.display());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // Nothing of the submitter's environment, all of the request's; the secret by a file, not by Slurm.
    let logs = site.slurm.logs(PilotId(102));
    assert_eq!(fs::read_to_string(&logs.out).unwrap(), "a 'word' 2 101 none\n");
    assert_eq!(fs::read_to_string(&logs.err).unwrap(), "secret 1");

    site.slurm.remove(&[PilotId(103), PilotId(104), PilotId(999)]).await.unwrap();
    let removed = site.wait_for_event(103, PilotEvent::End).await;
    assert_eq!((removed.message.as_str(), removed.error_class), ("removed", None));
    site.wait_for_event(104, PilotEvent::End).await;

    site.slurm.forget(&[PilotId(101), PilotId(102), PilotId(103)]).await;
    assert!(!logs.out.exists() && site.slurm.logs(PilotId(104)).out.exists());
    site.slurm.forget(&[PilotId(104)]).await;
    assert!(!site.dir.path().join(&site.factory).join("101").exists());
    let transcript = fs::read_to_string(site.dir.path().join(&site.factory).join("transcript")).unwrap();
    assert!(transcript.contains(" sbatch --parsable ") && !transcript.contains("secret 1"));
}

#[tokio::test]
async fn only_our_own_pilots_are_seen_and_touched() {
    let site = Site::new("own");
    let other = open(&site.dir, &format!("{}.2", site.factory), SlurmConfig::default());
    site.submit(1, 3, WRAPPER, &["--hold"]).await;
    other.submit(&request(50, 2, WRAPPER, &["--hold"])).await.unwrap();

    let held = site.wait_for_event(3, PilotEvent::Queue).await;
    assert_eq!((held.flag, held.native_state.as_str()), (Some(Flag::Held), "PENDING"));
    assert!(held.message.contains("JobHeldUser"), "{}", held.message);
    let ids = |status: batch::Status| status.pilots.iter().map(|pilot| pilot.pilot.0).collect::<Vec<_>>();
    let mut mine = ids(site.slurm.status().await.unwrap());
    mine.sort_unstable();
    assert_eq!(mine, [1, 2, 3]);

    site.slurm.remove(&[PilotId(50), PilotId(51)]).await.unwrap();
    let theirs = other.status().await.unwrap();
    assert!(theirs.pilots.iter().all(|pilot| pilot.event == Some(PilotEvent::Queue)), "{theirs:?}");
    other.remove(&[PilotId(50), PilotId(51)]).await.unwrap();
}

#[tokio::test]
async fn a_restarted_factory_adopts_by_id_even_without_its_own_record() {
    let site = Site::new("adopts");
    site.submit(1, 2, WRAPPER, &["--hold"]).await;
    // As if the factory had died between sbatch and the note of the job's number.
    fs::remove_file(site.dir.path().join(&site.factory).join("1/job")).unwrap();
    let again = open(&site.dir, &site.factory, SlurmConfig::default());
    let status = again.status().await.unwrap();
    assert_eq!(status.pilots.len(), 2);
    again.remove(&[PilotId(1), PilotId(2)]).await.unwrap();
    site.wait_for_event(2, PilotEvent::End).await;
}

#[tokio::test]
async fn a_time_limit_has_its_class() {
    let site = Site::new("limit");
    site.submit(1, 3, WRAPPER, &[]).await;
    let running = site.wait_for_event(3, PilotEvent::Run).await;
    let limit = ["update", &format!("JobId={}", running.batch_id), "EndTime=now+1"];
    let updated = std::process::Command::new("scontrol").args(limit).status().unwrap();
    assert!(updated.success());
    // Slurm looks at time limits twice a minute.
    let ended = site.wait_for_event(3, PilotEvent::Break).await;
    assert_eq!((ended.error_class, ended.native_state.as_str()), (Some(ErrorClass::WallTime), "TIMEOUT"));
}

#[tokio::test]
async fn a_refusal_is_told_in_slurm_s_words() {
    let site = Site::new("refusal");
    let outcome = site.submit(1, 2, WRAPPER, &["--partition=nowhere"]).await;
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (0, 2, false));
    assert!(outcome.reason.contains("invalid partition specified: nowhere"), "{}", outcome.reason);
    assert!(!site.dir.path().join(&site.factory).join("1").exists(), "secrets of refused pilots stay behind");
    let checks = site.slurm.doctor().await;
    assert!(checks.iter().all(|check| check.ok), "{checks:?}");
}

#[tokio::test]
async fn more_than_one_array_when_the_arrays_are_small() {
    let site = Site::new("chunks");
    // The commands of this Slurm, but with a smaller limit.
    let bin = site.dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["squeue", "scancel", "sacct"] {
        let found = std::process::Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
        let path = String::from_utf8(found.stdout).unwrap();
        std::os::unix::fs::symlink(path.trim(), bin.join(program)).unwrap();
    }
    script(&bin, "scontrol", "scontrol \"$@\" | sed 's/^MaxArraySize .*/MaxArraySize = 3/'");
    // Takes arrays of at most two tasks, as a submit limit that is nearly reached.
    script(
        &bin,
        "sbatch",
        "case \"$*\" in *--array=0-2*) echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2; exit 1;; esac\nexec sbatch \"$@\"",
    );
    let slurm = open(&site.dir, &site.factory, SlurmConfig { bin, ..SlurmConfig::default() });
    let outcome = slurm.submit(&request(1, 7, WRAPPER, &["--hold"])).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (7, 0, false), "{}", outcome.reason);
    let status = site.slurm.status().await.unwrap();
    let mut ids: Vec<i64> = status.pilots.iter().map(|pilot| pilot.pilot.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn squeue_is_asked_once_for_all_who_ask() {
    let site = Site::new("shared");
    let slurm = open(&site.dir, &site.factory, SlurmConfig::default());
    let config = SlurmConfig { dir: site.dir.path().to_owned(), poll_s: 30.0, ..SlurmConfig::default() };
    let patient = Slurm::open(config, &site.factory).unwrap();
    drop(slurm);
    let (first, second) = (patient.status().await.unwrap(), patient.status().await.unwrap());
    assert_eq!(first.taken, second.taken);
    let transcript = fs::read_to_string(site.dir.path().join(&site.factory).join("transcript")).unwrap();
    assert_eq!(transcript.matches(" squeue ").count(), 1, "{transcript}");
}

/// Runs other tests of this file in a shell whose owner has made a habit of options.
#[tokio::test]
async fn options_in_the_operator_s_environment_change_nothing() {
    let options = [
        ("SQUEUE_PARTITION", "short"),
        ("SQUEUE_STATES", "RUNNING"),
        ("SBATCH_PARTITION", "nowhere"),
        ("SBATCH_ARRAY_INX", "9"),
        ("SCANCEL_STATE", "PENDING"),
        ("SCANCEL_NAME", "other"),
        ("SLURM_CLUSTERS", "nowhere"),
    ];
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "an_array_runs_ends_and_is_explained", "a_refusal_is_told_in_slurm_s_words"]);
    let output = child.envs(options).kill_on_drop(true).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("2 passed"), "{said}");
}

fn script(bin: &std::path::Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = bin.join(name);
    // Found by its plain name: our own directory is not in PATH.
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
}
