//! `pilotage factory decide`: bad facts are told with their place, and what a server stored replays.

use crate::support::{Place, Up};
use serde_json::Value;
use std::fmt::Write as _;

#[test]
fn bad_facts_are_told_with_their_place() {
    let place = Place::new();
    let facts = [
        ("unknown group", "{\n \"wsm\": {}\n}"),
        ("unknown count", "{\"wms\": {\"redy\": 5}}"),
        ("unknown count of pilots", "{\n\"batch\":\n {\"pendng\": 5}}"),
        ("a fraction of a job", "{\"wms\": {\"ready\": 0.5}}"),
        ("a native state in words", "{\"wms\": {\"holding\": \"two\"}}"),
        ("jobs counted twice", "{\"wms\": {\"ready\": 1, \"activated\": 2}}"),
        ("an ended pilot without a time", "{\"history\": [{\"jobs\": 1}]}"),
        ("a history that is none", "{\"history\": 5}"),
        ("no facts", "{\"wms\": "),
        ("two documents", "{} {}"),
        ("unknown option", "{\n\"options\": {\n\"sched.scael.factor\": \"1\"}}"),
        ("option without its section", "{\"options\": {\"maximum\": \"1\"}}"),
        ("None where a number must be", "{\"options\": {\"sched.maxpending.maximum\": \"None\"}}"),
        ("no whole number", "{\"options\": {\"sched.maxpending.maximum\": \"5.0\"}}"),
        ("no number", "{\"options\": {\"sched.scale.factor\": \"1,5\"}}"),
        ("no end", "{\"options\": {\"sched.scale.factor\": \"inf\"}}"),
        ("no boolean", "{\"options\": {\"sched.maxpending.allow_negative\": \"perhaps\"}}"),
        ("no share", "{\"options\": {\"sched.classic.fairshare\": \"half\"}}"),
        ("two wrong options", "{\"options\": {\"sched.ready.offset\": \"x\", \"sched.fixed.pilots\": \"1\"}}"),
        ("a list as option", "{\"options\": {\"sched.ready.offset\": [1]}}"),
    ];
    let mut table = String::new();
    let mut tell = |what: &str, output: &std::process::Output| {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        let _ = writeln!(table, "{what} -> {}\n{said}\n", output.status.code().unwrap());
        assert!(output.stdout.is_empty());
    };
    for (what, text) in facts {
        let mut command = place.bare(&["factory", "decide", "--chain", "Ready", "--facts", "-"]);
        tell(what, &command.write_stdin(text).output().unwrap());
    }
    let mut typed = |what: &str, args: &[&str]| {
        let words = [&["factory", "decide"], args].concat();
        tell(what, &place.bare(&words).write_stdin("{}").output().unwrap());
    };
    typed("unknown step", &["--chain", "Ready,MaxPendng", "--facts", "-"]);
    typed("no step", &["--chain", " , ", "--facts", "-"]);
    typed("no file", &["--chain", "Ready", "--facts", "absent.json"]);
    typed("no chain", &["--facts", "-"]);
    typed("nothing to replay", &["--replay", "-"]);
    insta::assert_snapshot!(table);
}

#[test]
fn what_the_server_stored_replays() {
    let up = Up::start();
    up.client(&["submit", "--json", "--array", "5", "--", "/bin/true"]).assert().success();
    up.client(&["wait", "--all"]).assert().success();
    let stored = up.client(&["decisions", "--json", "--last", "50"]).output().unwrap().stdout;
    let replay = |stored: Vec<u8>, args: &[&str]| {
        let words = [&["factory", "decide", "--replay", "-"], args].concat();
        up.place.bare(&words).write_stdin(stored).output().unwrap()
    };
    let told = replay(stored.clone(), &["--json"]);
    assert!(told.status.success(), "{told:?}");
    let page: Value = serde_json::from_slice(&stored).unwrap();
    let again: Value = serde_json::from_slice(&told.stdout).unwrap();
    let (before, after) = (page["decisions"].as_array().unwrap(), again["decisions"].as_array().unwrap());
    assert!(before.iter().any(|decision| decision["number"].as_i64() > Some(0)), "{page}");
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(after) {
        assert_eq!((&before["number"], &before["steps"]), (&after["number"], &after["steps"]));
    }

    // One alone, with another number of waiting jobs: the answer is that of now, and the exit code says so.
    let mut other = before.iter().find(|decision| decision["number"].as_i64() > Some(0)).unwrap().clone();
    for fact in other["facts"].as_array_mut().unwrap() {
        if fact["name"] == "wms.shapes" {
            fact["value"] = "[]".into();
        }
    }
    let told = replay(serde_json::to_vec(&other).unwrap(), &["--json"]);
    assert_eq!(told.status.code(), Some(1));
    assert_eq!(serde_json::from_slice::<Value>(&told.stdout).unwrap()["number"], 0);
}
