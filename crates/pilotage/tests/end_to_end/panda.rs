//! A real panda-pilot works beside a pilot of ours on one queue.

use crate::support::{Up, wait_for_file};
use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

/// Starts one panda-pilot; `cargo xtask test` fetches it.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/panda-pilot.sh");

struct PandaPilot(Child);

impl Drop for PandaPilot {
    fn drop(&mut self) {
        // All other processes of the pilot's namespace end with the first one.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn panda_pilot(up: &Up) -> PandaPilot {
    let variable = "PILOTAGE_PANDA_PILOT";
    assert!(
        std::env::var_os(variable).is_some(),
        "{variable} is not set: run `cargo xtask test`, which fetches the pilot"
    );
    let directory = up.place.path("panda-pilot");
    std::fs::create_dir(&directory).unwrap();
    let port = up.url.rsplit(':').next().unwrap();
    let child = Command::new(SCRIPT).arg(&directory).args([port, "local"]).stdin(Stdio::null()).spawn();
    PandaPilot(child.unwrap())
}

#[test]
fn a_panda_pilot_and_ours_share_a_queue() {
    let up = Up::with(&["--slots", "1", "--compat"]);
    // Ours waits for the end of the other job, so the panda-pilot must take that one.
    let (begun, ended) = (up.place.path("begun"), up.place.path("ended"));
    let words = format!("touch {}; until [ -e {} ]; do sleep 0.1; done", begun.display(), ended.display());
    let ours = up.submit(&["--", "sh", "-c", &words]);
    wait_for_file(&begun);
    let other = up.submit(&["--", "sh", "-c", &format!("echo hello; touch {}; exit 0", ended.display())]);
    let pilot = panda_pilot(&up);
    up.wait(&format!("{ours},{other}"), 0);
    assert_eq!(up.out(&["logs", &other.to_string()]), "hello\n");
    let pilots = up.json(&["pilots", "--json"]);
    let factory = |job: i64| {
        let id = up.job(job)["pilot"].clone();
        let rows = pilots["pilots"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap()["factory"].as_str().unwrap().to_owned()
    };
    assert_eq!(factory(other), "panda");
    assert_eq!(BTreeSet::from([factory(ours), factory(other)]).len(), 2);
    drop(pilot);
    up.stop();
}
