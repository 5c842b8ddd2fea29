//! `up --detach`, the remembered directory, and taking a directory twice.

use crate::support::{Place, eventually, kill};

fn pid_of(place: &Place) -> i32 {
    let found = place.processes().into_iter().find(|(_, line)| line.contains(" up "));
    found.map(|(pid, _)| pid).unwrap()
}

#[test]
fn the_next_terminal_finds_the_last_up() {
    let place = Place::new();
    let dir = place.dir();
    let up = ["up", "--dir", dir.to_str().unwrap(), "--listen", "127.0.0.1:0", "--slots", "1", "--detach"];
    let output = place.bare(&up).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("ready http://127.0.0.1:") && said.lines().count() == 1, "{said}");
    assert_eq!(std::fs::read_to_string(dir.join("url")).unwrap().trim(), said.trim().trim_start_matches("ready "));
    assert!(dir.join("admin.token").exists());
    let output = place.bare(&["submit", "--wait", "--", "echo", "hello"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.bare(&["logs", "1"]).output().unwrap().stdout, b"hello\n");
    let again = place.bare(&up).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("another server uses this directory (process "), "{said}");
    let pid = pid_of(&place);
    kill(pid, "TERM");
    eventually("the end of the detached process", || place.processes().is_empty().then_some(()));
    place.assert_empty();
    let gone = place.bare(&["jobs"]).output().unwrap();
    assert_eq!(gone.status.code(), Some(3));
}
