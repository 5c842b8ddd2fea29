//! A shift at the pages: what is red, why, who is told, and whether it works again.

use crate::support::{Place, Up};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

#[test]
fn a_shifter_finds_the_cause_silences_the_alarm_and_sees_a_test_pilot_run() {
    shift("mouse");
}

#[test]
fn keys_alone_lead_through_the_whole_shift() {
    shift("keys");
}

fn shift(hand: &str) {
    let place = Place::new();
    let repository = place.path("repository");
    let text = format!(
        "[factory]\ncycle_s = 0.2\n\n[batch.machine]\nsystem = \"local\"\nslots = 4\n\n[label.picky]\nqueue = \"picky\"\n\
         batch = \"machine\"\nidle_s = 60\nsched.backoff.interval = 0\nsched.maxpercycle.maximum = 1\n\n\
         [label.picky.node]\ncvmfs = [\"{}\"]\n\n[server.alarms]\nevery = \"1s\"\nticket = \"https://tickets.example/{{id}}\"\n\n\
         [server.alarms.rules.fault-ratio]\nleast = 3\nhold = \"0s\"\n",
        repository.display()
    );
    let file = place.write("up.toml", text);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let job = up.submit(&["--queue", "picky", "--", "true"]);

    let mut shifter = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/shifter.mjs"))
        .arg(hand)
        .env("PAGES_URL", &up.url)
        .env("PAGES_TOKEN", fs::read_to_string(up.place.dir().join("admin.token")).unwrap().trim())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut output = BufReader::new(shifter.stdout.take().unwrap());
    output.read_line(&mut said).unwrap();
    assert_eq!(said, "repair\n", "{}", up.place.log());
    fs::create_dir_all(repository.join("vo")).unwrap();
    shifter.stdin.take().unwrap().write_all(b"done\n").unwrap();
    said.clear();
    output.read_to_string(&mut said).unwrap();
    assert!(shifter.wait().unwrap().success(), "{said}");

    up.wait(&job.to_string(), 0);
    let silences = up.out(&["alarms", "silences"]);
    assert!(silences.contains("repository is down, #4711"), "{silences}");
    up.stop();
}
