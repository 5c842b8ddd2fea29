//! Kill, retry and wait with their exit codes.

use crate::support::{Up, eventually, wait_for_file};
use std::time::{Duration, Instant};

fn code(up: &Up, args: &[&str]) -> Option<i32> {
    up.client(args).output().unwrap().status.code()
}

#[test]
fn a_killed_job_stops_with_all_its_processes() {
    let up = Up::start();
    let mark = up.place.path("started");
    let words = format!("setsid sleep 4711 & touch {}; sleep 4712", mark.display());
    let id = up.submit(&["--", "sh", "-c", &words]).to_string();
    wait_for_file(&mark);
    let sleeps = || up.place.processes().iter().filter(|(_, line)| line.starts_with("sleep 471")).count();
    eventually("two sleeps", || (sleeps() == 2).then_some(()));
    assert_eq!(code(&up, &["wait", "--timeout", "0.5", &id]), Some(124));
    let said = up.out(&["kill", &id]);
    assert_eq!(said, "1 job stopped at its pilot\n");
    up.wait(&id, 1);
    assert_eq!(up.json(&["jobs", "--json", "--ids", &id])["jobs"][0]["state"], "cancelled");
    eventually("the end of both sleeps", || (sleeps() == 0).then_some(()));
    assert_eq!(up.out(&["kill", &id]), "1 job had ended before\n");
    up.stop();
}

#[test]
fn waiting_jobs_are_killed_before_any_pilot_has_them() {
    let up = Up::with(&["--slots", "0"]);
    up.out(&["queues", "define", "far", "--site", "away"]);
    let answer = up.json(&["submit", "--queue", "far", "--array", "100000", "--json", "--", "true"]);
    let first = answer["array"]["first"].as_i64().unwrap();
    let ids = format!("{first}-{}", first + 99_999);
    assert_eq!(up.out(&["kill", &ids]), "100,000 jobs cancelled before any pilot had them\n");
    up.wait(&ids, 1);
    up.stop();
}

#[test]
fn a_failed_job_runs_again_when_asked() {
    let up = Up::start();
    let mark = up.place.path("mended");
    let words = format!("echo attempt $PILOTAGE_ATTEMPT; test -e {}", mark.display());
    let id = up.submit(&["--", "sh", "-c", &words]).to_string();
    up.wait(&id, 1);
    std::fs::write(&mark, "").unwrap();
    assert_eq!(up.out(&["retry", &id]), "1 job waiting again\n");
    up.wait(&id, 0);
    assert_eq!(up.out(&["logs", &id]), "attempt 2\n");
    assert_eq!(up.out(&["logs", &id, "--attempt", "1"]), "attempt 1\n");
    assert_eq!(code(&up, &["retry", &id]), Some(1));
    up.stop();
}

#[test]
fn attempts_are_used_up_by_the_job_itself() {
    let up = Up::start();
    let id = up.submit(&["--max-attempts", "2", "--", "sh", "-c", "exit 7"]);
    up.wait(&id.to_string(), 1);
    let job = up.job(id);
    assert_eq!((job["attempt"].as_u64(), job["exit_code"].as_i64()), (Some(2), Some(7)));
    up.stop();
}

#[test]
fn wait_tells_what_it_found() {
    let up = Up::start();
    assert_eq!(code(&up, &["wait", "--all", "--timeout", "5"]), Some(0));
    assert_eq!(code(&up, &["wait", "--all", "--timeout", "1e19"]), Some(0));
    assert_eq!(code(&up, &["wait", "4711"]), Some(1));
    assert_eq!(code(&up, &["kill", "4711"]), Some(1));
    assert_eq!(code(&up, &["job", "4711"]), Some(1));
    let bad = up.submit(&["--", "sh", "-c", "exit 9"]).to_string();
    let good = up.submit(&["--", "true"]).to_string();
    let output = up.client(&["wait", &good, &bad]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("1 of 2 jobs did not finish\n") && said.contains(&format!("job {bad} failed, exit code 9")),
        "{said}"
    );
    let began = Instant::now();
    let long = up.submit(&["--", "sleep", "600"]).to_string();
    assert_eq!(code(&up, &["wait", "--timeout", "1", &long]), Some(124));
    assert!(began.elapsed() < Duration::from_secs(20));
    up.out(&["kill", &long]);
    up.stop();
}

#[test]
fn limits_are_kept() {
    let up = Up::start();
    let slow = up.submit(&["--time", "1s", "--", "sleep", "600"]);
    let words = "a=x; while :; do a=$a$a$a$a; done";
    let greedy = up.submit(&["--memory", "64M", "--", "sh", "-c", words]);
    up.wait(&format!("{slow},{greedy}"), 1);
    assert_eq!(up.job(slow)["error_class"], "wall-time");
    assert_eq!(up.job(greedy)["error_class"], "memory");
    up.stop();
}

#[test]
fn all_jobs_are_those_of_the_caller() {
    let up = Up::start();
    let other = up.submit(&["--", "sh", "-c", "exit 4"]);
    up.wait(&other.to_string(), 1);
    let token = up.json(&["token", "create", "ada", "--json"])["token"].as_str().unwrap().to_owned();
    let as_ada = |args: &[&str]| {
        let mut command = up.place.bare(args);
        command.env("PILOTAGE_URL", &up.url).env("PILOTAGE_TOKEN", &token);
        command.output().unwrap()
    };
    assert!(as_ada(&["wait", "--all"]).status.success());
    assert!(as_ada(&["submit", "--", "sh", "-c", "exit 5"]).status.success());
    let ended = as_ada(&["wait", "--all"]);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("exit code 5") && !said.contains(&format!("job {other} ")), "{said}");
    up.stop();
}
