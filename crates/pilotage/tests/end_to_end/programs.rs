//! Programs that nodes get from the server: pilots in several versions, and a VO's own wrapper.

use crate::support::{PROGRAM, Place, Up, eventually};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn pilot_program() -> PathBuf {
    let path = Path::new(PROGRAM).with_file_name("pilotage-pilot");
    assert!(path.exists(), "{} is missing; build the whole workspace", path.display());
    path
}

fn sha256(path: &Path) -> String {
    let said = Command::new("sha256sum").arg(path).output().unwrap().stdout;
    String::from_utf8(said).unwrap().split_whitespace().next().unwrap().to_owned()
}

fn start(place: Place, text: &str) -> Up {
    let file = place.write("up.toml", text);
    Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()])
}

fn pilots(up: &Up, state: &str) -> Vec<Value> {
    up.json(&["pilots", "--json", "--state", state])["pilots"].as_array().unwrap().clone()
}

#[test]
fn nodes_get_pilot_and_wrapper_from_the_server_once_they_are_there() {
    let place = Place::new();
    let (pilot, mark) = (pilot_program(), place.path("set-up"));
    let own = place.write("vo.sh", format!("#!/bin/sh\necho $1 >>'{}'\nexec \"$@\"\n", mark.display()));
    let text = format!(
        "[factory]\ncycle_s = 0.2\n\n[batch.machine]\nsystem = \"local\"\n\n\
         [program.release]\nsources = [\"/no/such/pilot\", \"server:pilotage-pilot/1.0\"]\nsha256 = \"{}\"\n\n\
         [program.vo]\nsources = [\"server:vo-wrapper/7\"]\nsha256 = \"{}\"\n\n\
         [label.fetched]\nqueue = \"fetched\"\nbatch = \"machine\"\npilots = {{ release = 1 }}\nwrapper = \"vo\"\n\
         sched.backoff.interval = 0\nsched.maxpercycle.maximum = 1\n",
        sha256(&pilot),
        sha256(&own)
    );
    let up = start(place, &text);
    let job = up.submit(&["--queue", "fetched", "--", "echo", "hello"]);
    let fault = eventually("a pilot without a program", || pilots(&up, "fault").first().cloned());
    let words = fault["message"].as_str().unwrap();
    assert!(words.contains("exit code 64") && words.contains("/no/such/pilot: cannot be read"), "{words}");
    assert!(words.contains("/pilotage/v1/programs/pilotage-pilot/1.0: ") && words.contains("404"), "{words}");
    assert_eq!(fault["error_class"], "node");

    let own = own.to_str().unwrap();
    let said = up.out(&["programs", "add", "vo-wrapper", "7", own]);
    assert!(said.starts_with("sources = [\"server:vo-wrapper/7\"]"), "{said}");
    up.out(&["programs", "add", "pilotage-pilot", "1.0", pilot.to_str().unwrap()]);
    up.wait(&job.to_string(), 0);
    assert_eq!(up.out(&["logs", &job.to_string()]), "hello\n");
    let pilot = up.job(job)["pilot"].to_string();
    let shown = up.out(&["pilots", "show", &pilot]);
    assert!(shown.contains("  Program     release (") && shown.contains("  Found at    http://127.0.0.1:"), "{shown}");
    assert!(shown.contains("  Not found at  /no/such/pilot: cannot be read"), "{shown}");
    let set_up = fs::read_to_string(&mark).unwrap();
    assert!(set_up.lines().all(|line| line.contains("/pilotage-fetched-")) && !set_up.is_empty(), "{set_up}");

    let table = up.out(&["programs"]);
    assert!(table.contains("pilotage-pilot") && table.contains("vo-wrapper"), "{table}");
    up.out(&["programs", "remove", "vo-wrapper", "7"]);
    assert!(!up.out(&["programs"]).contains("vo-wrapper"));
    // Neither the program nor the wrapper is left on the node: `stop` looks at the scratch directory.
    up.stop();
}

/// On a real Slurm, where all pilots of an array have one script: each draws by its own id.
#[test]
fn pilots_of_a_slurm_array_draw_their_versions() {
    let conf =
        std::env::var("SLURM_CONF").expect("SLURM_CONF is not set; `cargo xtask test` starts a Slurm and sets it");
    let place = Place::new();
    let pilot = place.path("pilot");
    fs::copy(pilot_program(), &pilot).unwrap();
    fs::set_permissions(&pilot, fs::Permissions::from_mode(0o755)).unwrap();
    let (sum, path) = (sha256(&pilot), pilot.display());
    let text = format!(
        "[factory]\nname = \"{}\"\ncycle_s = 0.5\n\n[queue.cluster]\nsite = \"Centre\"\n\n[batch.slurm]\n\
         system = \"slurm\"\nconf = \"{conf}\"\ndir = \"{}\"\npoll_s = 0.5\n\n\
         [program.candidate]\nsources = [\"{path}\"]\nsha256 = \"{sum}\"\n\n\
         [program.release]\nsources = [\"{path}\"]\nsha256 = \"{sum}\"\n\n\
         [label.cluster]\nqueue = \"cluster\"\nbatch = \"slurm\"\nwall_time_s = 600\nidle_s = 3\n\
         pilots = {{ release = 1, candidate = 1 }}\nchain = [\"KeepNRunning\", \"MaxToSubmit\"]\n\
         sched.keepnrunning.keep_running = 4\nsched.maxtosubmit.maximum = 4\n",
        place.name(),
        place.path("slurm").display()
    );
    let up = start(place, &text);
    let done = eventually("four pilots", || Some(pilots(&up, "done")).filter(|done| done.len() == 4));
    let mut versions: Vec<String> = Vec::new();
    for pilot in &done {
        let id = pilot["id"].as_i64().unwrap();
        let shown = up.json(&["pilots", "show", "--json", &id.to_string()]);
        // The first version by name has the lower half of the hashes.
        let expected = if (id * 2_654_435_761) % (1 << 32) < 1 << 31 { "candidate" } else { "release" };
        assert!(shown["version"].as_str().unwrap().starts_with(&format!("{expected} (")), "{id}: {shown}");
        versions.push(expected.to_owned());
    }
    versions.sort();
    versions.dedup();
    assert_eq!(versions, ["candidate", "release"], "four neighbours draw both");
    up.stop();
}
