//! Machines whose clock is an hour off.

use crate::support::{Place, Up, eventually};

/// The variables with which a program sees a shifted clock.
fn shifted() -> [(&'static str, String); 2] {
    let output = std::process::Command::new("faketime").args(["-f", "+1h", "printenv", "LD_PRELOAD"]).output().unwrap();
    let library = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert!(library.contains("libfaketime"), "{library}");
    [("LD_PRELOAD", library), ("FAKETIME", "+1h".to_owned())]
}

#[test]
fn the_doctor_notices_it() {
    let up = Up::with(&["--slots", "0"]);
    let output = up.client(&["doctor"]).envs(shifted()).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("FAIL  clock      differs from the server's by 59 min") || said.contains("by 60 min"),
        "{said}"
    );
    assert!(said.contains("keep both in time by NTP"), "{said}");
    up.stop();
}

#[test]
fn a_pilot_on_such_a_node_runs_nothing_and_says_why() {
    let place = Place::new();
    let variables = shifted().map(|(name, value)| format!("{name} = \"{value}\"")).join("\n");
    let text = format!(
        "[batch.machine]\nsystem = \"local\"\n\n[label.late]\nqueue = \"late\"\nbatch = \"machine\"\n\n\
         [label.late.environment]\n{variables}\n"
    );
    let file = place.write("up.toml", text);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let job = up.submit(&["--queue", "late", "--", "true"]);
    let fault = eventually("a broken pilot", || {
        up.json(&["pilots", "--json", "--state", "fault"])["pilots"].as_array()?.first().cloned()
    });
    let message = fault["message"].as_str().unwrap();
    assert!(message.contains("ahead of the server's"), "{message}");
    assert_eq!(up.job(job)["state"], "activated");
    up.out(&["kill", &job.to_string()]);
    up.stop();
}
