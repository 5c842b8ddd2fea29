//! Slurm's commands that refuse, hang, try again or forget: scripts of the test stand for them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use batch::slurm::{Slurm, SlurmConfig};
use batch::{BatchError, BatchSystem, SubmitRequest};
use model::{ErrorClass, PilotEvent, PilotId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const FACTORY: &str = "f1";
/// Far more than a script takes, far less than one that hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a script does that never answers.
const HANGS: &str = "sleep 1000";

struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    /// Commands of an empty Slurm that accepts every array as job 7.
    fn new() -> Site {
        let site = Site { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(site.dir.path().join("bin")).unwrap();
        site.say("scontrol", "echo 'MaxArraySize = 1001'");
        for program in ["squeue", "sacct", "scancel", "sinfo"] {
            site.say(program, "true");
        }
        site.say("sbatch", "echo 7");
        site
    }

    fn say(&self, program: &str, text: &str) {
        let calls = self.dir.path().join("calls");
        let path = self.dir.path().join("bin").join(program);
        fs::write(&path, format!("#!/bin/sh\necho \"{program} $*\" >>{}\n{text}\n", calls.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    /// The arguments of each call of a command.
    fn calls(&self, program: &str) -> Vec<String> {
        let text = fs::read_to_string(self.dir.path().join("calls")).unwrap_or_default();
        let own = text.lines().filter_map(|line| line.strip_prefix(program)?.strip_prefix(' '));
        own.map(str::to_owned).collect()
    }

    fn open(&self, timeout_s: f64, poll_s: f64) -> Slurm {
        self.open_with(SlurmConfig { timeout_s, poll_s, ..SlurmConfig::default() })
    }

    fn open_with(&self, config: SlurmConfig) -> Slurm {
        let dir = self.dir.path();
        Slurm::open(SlurmConfig { dir: dir.to_owned(), bin: dir.join("bin"), ..config }, FACTORY).unwrap()
    }

    fn array(&self, first: i64) -> PathBuf {
        self.dir.path().join(FACTORY).join(first.to_string())
    }
}

fn request(first: i64, count: usize) -> SubmitRequest {
    SubmitRequest {
        label: "there".into(),
        first: PilotId(first),
        wrapper: "exit 0\n".into(),
        arguments: vec![],
        environment: vec![],
        secrets: vec![b"secret".to_vec(); count],
        ..SubmitRequest::default()
    }
}

fn ids(pilots: &[(PilotId, String)]) -> Vec<i64> {
    pilots.iter().map(|(pilot, _)| pilot.0).collect()
}

#[tokio::test]
async fn full_is_told_and_holds_for_a_while() {
    let site = Site::new();
    site.say("sbatch", "echo 'sbatch: error: AssocMaxSubmitJobLimit' >&2; exit 1");
    let slurm = site.open(60.0, 30.0);
    assert_eq!(slurm.capacity().await.unwrap(), None);
    let outcome = slurm.submit(&request(1, 5)).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (0, 5, true));
    assert_eq!(outcome.reason, "AssocMaxSubmitJobLimit");
    assert_eq!(slurm.capacity().await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_full_controller_is_not_waited_for_while_sbatch_tries_again() {
    let site = Site::new();
    // What sbatch of Slurm 22.05.8 says at MaxJobCount, and does for two minutes.
    let words = "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying";
    site.say("sbatch", &format!("echo '{words}' >&2; {HANGS}"));
    let began = Instant::now();
    let outcome = site.open(600.0, 30.0).submit(&request(1, 4)).await.unwrap();
    assert!(began.elapsed() < PATIENCE);
    assert_eq!((outcome.refused.len(), outcome.full), (4, true));
    assert_eq!(outcome.reason, "Slurm temporarily unable to accept job, sleeping and retrying");
    assert!(!site.array(1).exists());
}

#[tokio::test]
async fn an_array_that_slurm_accepted_is_ours_even_when_its_number_cannot_be_noted() {
    let site = Site::new();
    site.say("sbatch", "for script; do :; done; mkdir \"$(dirname \"$script\")/job\"; echo 7");
    let outcome = site.open(60.0, 30.0).submit(&request(1, 2)).await.unwrap();
    assert_eq!((ids(&outcome.accepted), outcome.refused.len()), (vec![1, 2], 0));
    assert!(site.array(1).join("2.json").exists());
}

#[tokio::test]
async fn what_is_in_doubt_after_an_accepted_array_is_told() {
    let site = Site::new();
    site.say("scontrol", "echo 'MaxArraySize = 2'");
    site.say("sbatch", &format!("case \"$*\" in *.3\\ *) {HANGS};; esac; echo 7"));
    let outcome = site.open(1.0, 30.0).submit(&request(1, 4)).await.unwrap();
    assert_eq!((ids(&outcome.accepted), outcome.refused.len(), outcome.full), (vec![1, 2], 0, false));
    assert_eq!(outcome.reason, "failed to get an answer of sbatch within 1 s");
    assert!(site.array(3).join("3.json").exists(), "Slurm may have accepted the rest");
}

#[tokio::test]
async fn an_array_that_cannot_be_written_leaves_no_secret_behind() {
    let site = Site::new();
    let slurm = site.open(60.0, 30.0);
    fs::create_dir_all(site.array(1).join("2.json")).unwrap();
    let error = slurm.submit(&request(1, 2)).await.unwrap_err();
    assert!(matches!(error, BatchError::File { .. }) && !error.is_uncertain(), "{error}");
    assert!(!site.array(1).exists());
    assert!(site.calls("sbatch").is_empty());
}

#[tokio::test]
async fn accounting_that_hangs_is_asked_once_and_then_left_alone() {
    let site = Site::new();
    let slurm = site.open(1.0, 0.01);
    for (first, job) in [(1, 7), (2, 8), (3, 9)] {
        site.say("sbatch", &format!("echo {job}"));
        slurm.submit(&request(first, 1)).await.unwrap();
    }
    site.say("sacct", HANGS);
    for _ in 0..3 {
        let status = slurm.status().await.unwrap();
        assert!(status.complete && status.pilots.is_empty());
    }
    let asked = site.calls("sacct");
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].ends_with("-j 7,8,9"), "{asked:?}");
}

#[tokio::test]
async fn the_ends_of_several_arrays_are_looked_up_in_one_call() {
    let site = Site::new();
    let slurm = site.open(60.0, 0.01);
    for (first, job) in [(1, 7), (2, 8)] {
        site.say("sbatch", &format!("echo {job}"));
        slurm.submit(&request(first, 1)).await.unwrap();
    }
    site.say(
        "sacct",
        "echo '7_0|FAILED|73:0|pilotage.f1.1'\necho '8_0|COMPLETED|0:0|pilotage.f1.2'\n\
         echo '8_0|FAILED|1:0|pilotage.f2.2'\necho '9_0|COMPLETED|0:0|pilotage.f1.3'",
    );
    let pilots = slurm.status().await.unwrap().pilots;
    let seen: Vec<_> = pilots.iter().map(|pilot| (pilot.pilot.0, pilot.batch_id.as_str(), pilot.event)).collect();
    assert_eq!(seen, [(1, "7_0", Some(PilotEvent::Break)), (2, "8_0", Some(PilotEvent::End))]);
    assert_eq!(pilots[0].error_class, Some(ErrorClass::Node));
    assert_eq!(site.calls("sacct").len(), 1);
}

#[tokio::test]
async fn a_controller_that_hangs_on_details_is_asked_for_no_more_of_them() {
    let site = Site::new();
    let slurm = site.open(1.0, 0.01);
    for (first, job) in [(1, 7), (2, 8), (3, 9)] {
        site.say("sbatch", &format!("echo {job}"));
        slurm.submit(&request(first, 1)).await.unwrap();
    }
    let rows: Vec<String> =
        (0..3).map(|n| format!("{}|0|FAILED|NonZeroExitCode|pilotage.f1.{}", 7 + n, 1 + n)).collect();
    site.say("squeue", &format!("printf '{}\\n'", rows.join("\\n")));
    let before = site.calls("scontrol").len();
    site.say("scontrol", HANGS);
    let status = slurm.status().await.unwrap();
    assert_eq!(site.calls("scontrol").len(), before + 1);
    assert!(status.pilots.iter().all(|pilot| pilot.event == Some(PilotEvent::Break)) && status.pilots.len() == 3);
    // The traces of these are deleted: nobody needs the words for their ends any more.
    slurm.forget(&[PilotId(1), PilotId(2), PilotId(3)]).await;
    slurm.status().await.unwrap();
    assert_eq!(site.calls("scontrol").len(), before + 1);
}

#[tokio::test]
async fn a_controller_that_does_not_answer_is_an_error_and_is_not_asked_more_often_for_it() {
    let site = Site::new();
    site.say("squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1");
    let slurm = site.open(60.0, 30.0);
    let first = slurm.status().await.unwrap_err();
    assert!(first.to_string().contains("Unable to contact slurm controller") && !first.is_uncertain(), "{first}");
    let second = slurm.status().await.unwrap_err();
    assert_eq!(second.to_string(), first.to_string());
    assert_eq!(site.calls("squeue").len(), 1);
}

#[tokio::test]
async fn a_removal_is_repeated_only_when_a_later_look_still_shows_the_pilot() {
    let site = Site::new();
    let slurm = site.open(60.0, 0.01);
    slurm.submit(&request(1, 2)).await.unwrap();
    site.say("scancel", "echo 'scancel: error: busy' >&2; exit 1");
    slurm.remove(&[PilotId(1)]).await.unwrap_err();
    for _ in 0..3 {
        slurm.remove(&[PilotId(1)]).await.unwrap();
    }
    assert_eq!(site.calls("scancel"), ["--quiet 7_0"]);
    site.say("squeue", "echo '7|0|RUNNING|None|pilotage.f1.1'");
    slurm.status().await.unwrap();
    site.say("scancel", "true");
    slurm.remove(&[PilotId(1), PilotId(2)]).await.unwrap();
    assert_eq!(site.calls("scancel"), ["--quiet 7_0", "--quiet 7_0 7_1"]);
}

#[tokio::test]
async fn every_command_is_told_the_cluster() {
    let site = Site::new();
    let slurm = site.open_with(SlurmConfig { cluster: "big".into(), poll_s: 0.01, ..SlurmConfig::default() });
    site.say("sbatch", "echo '7;big'");
    slurm.submit(&request(1, 2)).await.unwrap();
    site.say("squeue", "printf 'CLUSTER: big\\n7|0|FAILED|NonZeroExitCode|pilotage.f1.1\\n'");
    slurm.status().await.unwrap();
    slurm.remove(&[PilotId(1)]).await.unwrap();
    slurm.doctor().await;
    for program in ["sbatch", "squeue", "scontrol", "sacct", "scancel", "sinfo"] {
        let calls = site.calls(program);
        assert!(
            !calls.is_empty() && calls.iter().all(|words| words.contains("--clusters=big ")),
            "{program} {calls:?}"
        );
    }
    let two = SlurmConfig { cluster: "big,small".into(), ..SlurmConfig::default() }.problems();
    assert_eq!(two, [("cluster".into(), "'big,small' is more than one cluster; use an end point for each".into())]);
}

/// What reads as "no pilots" would close all of them, what reads as a refusal would submit them again.
#[tokio::test]
async fn what_is_garbage_or_never_comes_closes_and_refuses_nothing_and_what_is_slow_counts() {
    let site = Site::new();
    // One that hangs is left alone for a while by the factory that saw it.
    let slurm = || site.open(1.0, 0.01);
    let nonsense = ["echo '<html>upgrade in progress</html>'", HANGS];
    for (first, script) in [1, 11].into_iter().zip(nonsense) {
        site.say("sbatch", script);
        let doubt = slurm().submit(&request(first, 2)).await.unwrap_err();
        assert!(doubt.is_uncertain(), "{script}: {doubt}");
    }
    site.say("sbatch", "sleep 0.3; echo 7");
    assert_eq!(ids(&slurm().submit(&request(21, 2)).await.unwrap().accepted), [21, 22]);
    for script in nonsense {
        site.say("squeue", script);
        let status = slurm().status().await;
        assert!(!status.as_ref().is_ok_and(|status| status.complete), "{script}: {status:?}");
    }
    let both = "echo '7|0|RUNNING|None|pilotage.f1.21'; echo '7|1|RUNNING|None|pilotage.f1.22'";
    site.say("squeue", &format!("sleep 0.3; {both}"));
    for script in nonsense {
        site.say("scancel", script);
        let _ = slurm().remove(&[PilotId(21)]).await;
        let status = slurm().status().await.unwrap();
        assert!(status.complete && status.pilots.len() == 2, "{script}: {status:?}");
        assert!(status.pilots.iter().all(|pilot| pilot.event == Some(PilotEvent::Run)), "{script}: {status:?}");
    }
}
