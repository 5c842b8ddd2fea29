//! Pilots that break, and where an operator reads why.

use crate::support::{Place, Up, eventually};

const NO_SCRATCH: &str = r#"
[batch.machine]
system = "local"

[label.broken]
queue = "broken"
batch = "machine"
scratch = "/proc/nowhere"
"#;

#[test]
fn a_pilot_that_breaks_says_why() {
    let place = Place::new();
    let file = place.write("up.toml", NO_SCRATCH);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let job = up.submit(&["--queue", "broken", "--", "true"]);
    let fault = eventually("a broken pilot", || {
        up.json(&["pilots", "--json", "--state", "fault"])["pilots"].as_array()?.first().cloned()
    });
    let message = fault["message"].as_str().unwrap();
    assert!(message.contains("exit code") && message.contains("/proc/nowhere"), "{message}");
    let id = fault["id"].to_string();
    let log = eventually("the pilot's log", || {
        let output = up.client(&["pilots", "logs", &id]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    });
    assert!(log.contains("/proc/nowhere"), "{log}");
    let none = up.client(&["pilots", "logs", "4711"]).output().unwrap();
    assert_eq!((none.status.code(), none.stdout.len()), (Some(1), 0));
    up.out(&["kill", &job.to_string()]);
    up.stop();
}
