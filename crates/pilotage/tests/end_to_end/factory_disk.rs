//! The disk of a factory is full: nothing can be submitted, and it goes on by itself when there is room again.

use crate::support::{Place, Up, eventually};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The file system of 1 MiB that the test was started for.
const SMALL: &str = "PILOTAGE_TEST_SMALL_DISK";
const NAME: &str = "factory_disk::when_its_disk_is_full_nothing_is_lost_and_it_goes_on_when_there_is_room";

/// The program runs itself where a small file system is mounted that nobody else sees.
#[test]
fn when_its_disk_is_full_nothing_is_lost_and_it_goes_on_when_there_is_room() {
    if let Some(disk) = std::env::var_os(SMALL) {
        return fill(Path::new(&disk));
    }
    let disk = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=1m none {} && exec \"$@\"", disk.path().display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &mount, "sh"]).arg(std::env::current_exe().unwrap());
    let status = command.args([NAME, "--exact", "--nocapture"]).env(SMALL, disk.path()).status().unwrap();
    assert!(status.success());
}

fn up(disk: &Path) -> Up {
    let place = Place::new();
    let text = format!(
        "[factory]\nname = \"{}\"\ncycle_s = 0.5\n\n[queue.own]\n\n[batch.small]\nsystem = \"local\"\ndir = {disk:?}\n\n\
         [label.own]\nqueue = \"own\"\nbatch = \"small\"\nidle_s = 1\nsched.maxtorun.maximum = 2\n\
         sched.backoff.interval = 1\nsched.backoff.maximum = 1\n",
        place.name()
    );
    let file = place.write("up.toml", text);
    Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()])
}

fn pilots(up: &Up) -> Vec<Value> {
    up.json(&["pilots", "--all", "--json"])["pilots"].as_array().unwrap().clone()
}

fn fill(disk: &Path) {
    let up = up(disk);
    let first = up.submit(&["--queue", "own", "--", "true"]);
    up.wait(&first.to_string(), 0);
    eventually("the first pilot to be done", || pilots(&up).iter().all(|pilot| pilot["state"] == "done").then_some(()));
    // What it leaves takes room that comes back when it is cleared away.
    let own = disk.join(up.place.name());
    eventually("the first pilot to be cleared away", || fs::read_dir(&own).unwrap().next().is_none().then_some(()));
    let filler = disk.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    let id = up.submit(&["--queue", "own", "--", "true"]);
    let said = || up.out(&["decisions", "--label", "own", "--last", "100"]);
    eventually("the factory to say why", || said().contains("No space left on device").then_some(()));
    assert_eq!(up.job(id)["state"], "activated");
    fs::remove_file(&filler).unwrap();
    up.wait(&id.to_string(), 0);
    eventually("no pilot to be live", || {
        pilots(&up).iter().all(|pilot| ["done", "fault"].contains(&pilot["state"].as_str().unwrap())).then_some(())
    });
    // Those that could not be submitted are told so; nothing is left of them.
    let faults: Vec<Value> = pilots(&up).into_iter().filter(|pilot| pilot["state"] == "fault").collect();
    let is_told = |pilot: &Value| pilot["message"].as_str().unwrap_or_default().contains("No space left on device");
    assert!(!faults.is_empty() && faults.iter().all(is_told), "{faults:#?}");
    up.stop();
}
