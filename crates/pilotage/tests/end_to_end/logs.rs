//! Reading and following output.

use crate::support::{DEADLINE, Up};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn now_ms() -> u128 {
    jiff::Timestamp::now().as_millisecond() as u128
}

#[test]
fn a_follower_sees_each_line_within_a_second() {
    let up = Up::start();
    let words = "i=0; while [ $i -lt 12 ]; do date +%s%3N; i=$((i + 1)); sleep 0.5; done";
    let id = up.submit(&["--", "sh", "-c", words]);
    let mut follower = std::process::Command::new(crate::support::PROGRAM)
        .args(["logs", "-f", &id.to_string()])
        .env("PILOTAGE_DIR", up.place.dir())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let began = now_ms();
    let mut delays = Vec::new();
    for line in BufReader::new(follower.stdout.take().unwrap()).lines() {
        let written: u128 = line.unwrap().trim().parse().unwrap();
        delays.push((written > began + 1500).then(|| now_ms().saturating_sub(written)));
    }
    assert!(follower.wait().unwrap().success());
    assert_eq!(delays.len(), 12);
    let measured: Vec<u128> = delays.into_iter().flatten().collect();
    assert!(measured.len() >= 4, "followed too late to measure: {measured:?}");
    assert!(measured.iter().all(|delay| *delay < 1000), "delays in ms: {measured:?}");
    up.stop();
}

#[test]
fn both_streams_are_kept_apart_and_cut_at_lines() {
    let up = Up::start();
    let id = up.submit(&["--", "sh", "-c", "seq 1 20000; echo problem >&2"]).to_string();
    up.wait(&id, 0);
    assert_eq!(up.out(&["logs", &id]).lines().count(), 20_000);
    assert_eq!(up.out(&["logs", &id, "--tail", "2"]), "19999\n20000\n");
    assert_eq!(up.out(&["logs", &id, "--stderr"]), "problem\n");
    let followed = up.client(&["logs", "-f", &id]).timeout(DEADLINE).output().unwrap();
    assert_eq!(followed.stdout.len(), up.out(&["logs", &id]).len());
    up.stop();
}
