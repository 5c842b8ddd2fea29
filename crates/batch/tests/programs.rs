//! A batch system of the site's own, by scripts of the test that behave well and badly.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use batch::programs::{CommandConfig, Programs};
use batch::{BatchError, BatchSystem, SubmitRequest};
use model::{PilotEvent, PilotId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const FACTORY: &str = "f1";
const HEAD: &str = "echo '{\"pilotage\":1}'";
const COMPLETE: &str = "echo '{\"end\":\"complete\"}'";

struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    /// Programs of an empty batch system that refuses everything.
    fn new() -> Site {
        let site = Site { dir: tempfile::tempdir().unwrap() };
        site.say("submit", &format!("{HEAD}; echo '{{\"end\":\"refused\",\"message\":\"closed\"}}'"));
        for call in ["status", "remove"] {
            site.say(call, &format!("{HEAD}; {COMPLETE}"));
        }
        site
    }

    /// A program that keeps what it was told, and then does this.
    fn say(&self, call: &str, text: &str) {
        let path = self.path(call);
        fs::write(&path, format!("#!/bin/sh\ncat >>{}.told\n{text}\n", path.display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn path(&self, call: &str) -> PathBuf {
        self.dir.path().join(call)
    }

    fn told(&self, call: &str) -> String {
        fs::read_to_string(self.dir.path().join(format!("{call}.told"))).unwrap_or_default()
    }

    fn open(&self, timeout_s: f64, poll_s: f64) -> Programs {
        let words = |call| vec![self.path(call).display().to_string()];
        let config = CommandConfig {
            dir: self.dir.path().join("batch"),
            submit: words("submit"),
            status: words("status"),
            remove: words("remove"),
            timeout_s,
            poll_s,
            ..CommandConfig::default()
        };
        assert_eq!(config.problems(), []);
        Programs::open(config, FACTORY).unwrap()
    }

    fn submission(&self, first: i64) -> PathBuf {
        self.dir.path().join("batch").join(FACTORY).join(first.to_string())
    }
}

fn request(first: i64, count: usize) -> SubmitRequest {
    SubmitRequest {
        label: "mine".into(),
        first: PilotId(first),
        wrapper: "echo \"$SAID $*\"; cat \"$3\"\n".into(),
        arguments: vec!["a word".into()],
        environment: vec![("SAID".into(), "it's".into())],
        secrets: vec![b"top secret".to_vec(); count],
        ..SubmitRequest::default()
    }
}

fn accepts(ids: &[i64], end: &str) -> String {
    let line = |id| format!("echo '{{\"name\":\"pilotage.f1.{id}\",\"batch_id\":\"b{id}\"}}'; ");
    format!("{HEAD}; {}echo '{{\"end\":\"{end}\",\"message\":\"said so\"}}'", ids.iter().map(line).collect::<String>())
}

fn shows(rows: &[&str], end: &str) -> String {
    let line = |row: &&str| format!("echo '{{\"name\":\"pilotage.f1.{}}}'; ", row.replacen(' ', "\",\"state\":", 1));
    format!("{HEAD}; {}echo '{{\"end\":\"{end}\"}}'", rows.iter().map(line).collect::<String>())
}

#[tokio::test]
async fn what_a_program_is_told_starts_the_pilot_and_holds_no_secret() {
    let site = Site::new();
    site.say("submit", &accepts(&[1, 2], "complete"));
    let outcome = site.open(60.0, 30.0).submit(&request(1, 2)).await.unwrap();
    let ids = [(PilotId(1), "b1".to_owned()), (PilotId(2), "b2".to_owned())];
    assert_eq!((outcome.accepted.as_slice(), outcome.reason.as_str()), (&ids[..], ""));
    let told = site.told("submit");
    let lines: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["call"].as_str(), lines[3]["end"].as_str()), (Some("submit"), Some("complete")));
    assert!(!told.contains("top secret"));
    let secret = lines[2]["secret_file"].as_str().unwrap();
    assert_eq!(fs::metadata(secret).unwrap().permissions().mode() & 0o777, 0o600);
    let script = lines[0]["script"].as_str().unwrap();
    let output = std::process::Command::new("sh").args([script, "--secret-file", secret]).output().unwrap();
    let expected = format!("it's a word --secret-file {secret}\ntop secret");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[tokio::test]
async fn full_and_refused_are_told_apart_and_leave_no_secret() {
    let site = Site::new();
    let programs = site.open(60.0, 30.0);
    site.say("submit", &accepts(&[1], "full"));
    let outcome = programs.submit(&request(1, 3)).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (1, 2, true));
    assert_eq!((outcome.reason.as_str(), programs.capacity().await.unwrap()), ("said so", Some(0)));
    assert_eq!(programs.kept(), [PilotId(1)]);
    site.say("submit", &accepts(&[], "refused"));
    let outcome = programs.submit(&request(4, 2)).await.unwrap();
    assert_eq!((outcome.refused.len(), outcome.full, programs.capacity().await.unwrap()), (2, false, None));
    assert!(!site.submission(4).exists());
}

#[tokio::test]
async fn a_submission_without_a_whole_answer_is_in_doubt() {
    let site = Site::new();
    let programs = site.open(2.0, 0.01);
    let half = format!("{HEAD}; printf '{{\"name\":\"pilotage.f1.1\",'");
    let cases = [
        ("echo 'Traceback (most recent call last):'".to_owned(), "line 1: is no JSON object at column 1: Traceback"),
        (half, "line 2: is cut off"),
        (accepts(&[], "complete"), "it is incomplete: 'pilotage.f1.1' has no line, as 1 of 1"),
        (format!("{}; echo oh dear >&2; exit 3", accepts(&[1], "complete")), "it ended with exit code 3: oh dear"),
        ("sleep 1000".to_owned(), "within 2 s"),
    ];
    for (text, complaint) in cases {
        site.say("submit", &text);
        let error = programs.submit(&request(1, 1)).await.unwrap_err();
        assert!(error.is_uncertain(), "{error}");
        assert!(error.to_string().contains(complaint), "{error}");
        assert_eq!(programs.kept(), [PilotId(1)], "its secret is there, for it may run");
    }
    site.say("status", &shows(&["1 \"running\",\"batch_id\":\"b1\""], "complete"));
    let status = programs.status().await.unwrap();
    assert_eq!((status.pilots.len(), status.pilots[0].event), (1, Some(PilotEvent::Run)));
}

#[tokio::test]
async fn an_endless_answer_is_cut_and_counts_as_none() {
    let site = Site::new();
    let programs = site.open(60.0, 0.01);
    for (call, endless) in [("submit", "exec yes"), ("status", "exec yes '{\"name\":\"x\",\"state\":\"running\"}'")] {
        site.say(call, &format!("{HEAD}; {endless}"));
    }
    let error = programs.submit(&request(1, 1)).await.unwrap_err();
    assert!(matches!(error, BatchError::TooLong { .. }) && error.is_uncertain(), "{error}");
    assert_eq!(programs.kept(), [PilotId(1)], "its secret is there, for it may run");
    let error = programs.status().await.unwrap_err();
    assert!(matches!(error, BatchError::TooLong { .. }), "{error}");
    let transcript = fs::metadata(site.dir.path().join("batch").join(FACTORY).join("transcript")).unwrap();
    assert!(transcript.len() < 10_000, "{} bytes", transcript.len());
}

#[tokio::test]
async fn a_program_that_is_not_there_accepted_nothing() {
    let site = Site::new();
    let programs = site.open(60.0, 30.0);
    fs::remove_file(site.path("submit")).unwrap();
    let error = programs.submit(&request(1, 1)).await.unwrap_err();
    assert!(matches!(error, BatchError::Start { .. }) && !error.is_uncertain(), "{error}");
    assert!(!site.submission(1).exists());
}

#[tokio::test]
async fn a_status_counts_as_a_whole_or_not_at_all() {
    let site = Site::new();
    let programs = site.open(2.0, 0.01);
    site.say("submit", &accepts(&[1, 2], "complete"));
    programs.submit(&request(1, 2)).await.unwrap();
    let bad = [
        (shows(&["1 \"running\"", "2 \"melting\""], "complete"), "line 3: unknown value 'melting'"),
        (shows(&["1 \"running\""], "full"), "line 3: this answer cannot end as 'full', only as complete, partial"),
        (format!("{HEAD}; echo '{{\"name\":'"), "line 2: is no JSON object"),
        (format!("{HEAD}; printf '{{\"name\":'"), "line 2: is cut off"),
        ("echo 'no server' >&2; exit 1".to_owned(), "exit code 1: no server"),
        ("sleep 1000".to_owned(), "within 2 s"),
    ];
    for (text, complaint) in bad {
        site.say("status", &text);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let error = programs.status().await.unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
    assert!(site.told("status").contains("{\"name\":\"pilotage.f1.1\"}\n{\"name\":\"pilotage.f1.2\"}\n{\"end\""));
    site.say("status", &shows(&["1 \"running\""], "partial"));
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let status = programs.status().await.unwrap();
    assert_eq!((status.complete, status.pilots.len()), (false, 1));
}

#[tokio::test]
async fn what_was_removed_has_ended_well_shown_or_not() {
    let site = Site::new();
    let programs = site.open(60.0, 0.01);
    site.say("submit", &accepts(&[1, 2, 3], "complete"));
    programs.submit(&request(1, 3)).await.unwrap();
    programs.remove(&[PilotId(1), PilotId(2)]).await.unwrap();
    programs.remove(&[PilotId(1), PilotId(2)]).await.unwrap();
    assert_eq!(site.told("remove").matches("\"call\"").count(), 1, "once, until a status still shows it");
    site.say("status", &shows(&["1 \"ended\",\"error\":\"killed\"", "3 \"ended\",\"error\":\"killed\""], "complete"));
    let pilots = programs.status().await.unwrap().pilots;
    let events: Vec<_> = pilots.iter().map(|pilot| (pilot.pilot.0, pilot.event.unwrap())).collect();
    assert_eq!(events, [(1, PilotEvent::End), (2, PilotEvent::End), (3, PilotEvent::Break)]);
    programs.forget(&[PilotId(1), PilotId(2), PilotId(3)]).await;
    assert!(!site.submission(1).exists());
}

#[tokio::test]
async fn the_doctor_names_the_program_that_is_missing_and_the_answer_that_is_wrong() {
    let site = Site::new();
    let programs = site.open(60.0, 0.01);
    assert!(programs.doctor().await.iter().all(|check| check.ok));
    site.say("status", "echo garbage");
    let checks = programs.doctor().await;
    let last = checks.last().unwrap();
    assert!(!last.ok && last.found.ends_with("line 1: is no JSON object at column 1: garbage"), "{last:?}");
    fs::set_permissions(site.path("remove"), fs::Permissions::from_mode(0o600)).unwrap();
    let checks = programs.doctor().await;
    let wrong: Vec<_> = checks.iter().filter(|check| !check.ok).map(|check| check.what.as_str()).collect();
    assert_eq!(wrong, ["program for remove"]);
}
