//! How `up` ends: by signals, and with its factory.

use crate::support::{Up, wait_for_file};
use std::process::Command;

#[test]
fn a_closed_terminal_ends_it_in_good_order() {
    let up = Up::with(&["--slots", "1", "--grace", "1"]);
    let mark = up.place.path("started");
    up.submit(&["--", "sh", "-c", &format!("touch {}; sleep 4713", mark.display())]);
    wait_for_file(&mark);
    up.stop_by("HUP");
}

#[test]
fn a_factory_that_was_drained_ends_it_too() {
    let up = Up::with(&["--slots", "1"]);
    let id = up.submit(&["--", "echo", "done"]);
    up.wait(&id.to_string(), 0);
    let factories = up.json(&["factories", "--json"]);
    let name = factories["factories"][0]["name"].as_str().unwrap();
    let token = std::fs::read_to_string(up.place.dir().join("admin.token")).unwrap();
    let header = up.place.write("header", format!("authorization: Bearer {}\n", token.trim()));
    let drain = format!(r#"{{"target":{{"factory":"{name}"}},"verb":"drain"}}"#);
    let mut call = Command::new("curl");
    call.args(["-sf", "-H", &format!("@{}", header.display()), "-H", "content-type: application/json", "-d", &drain]);
    let output = call.arg(format!("{}/pilotage/v1/commands", up.url)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let place = up.ends();
    assert!(place.log().contains("the factory has ended as it was told"), "{}", place.log());
}
