//! A batch system of one's own, by the program of docs/command.md, and a factory that is killed while it runs.

use crate::apart::Site;
use crate::support::{Place, Role, eventually};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// What `submit` does beside submitting: notes what it sees, and while the file `slow` is there does not end.
const SLOWLY: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
env >environment
echo $$ >>submitting
python3 processes.py
while [ -e slow ]; do sleep 0.05; done
"#;

/// A server, and a factory apart from it whose pilots the example runs.
fn site() -> Site {
    let site = Site::in_place(Place::new(), "quiet_s = 0.0");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command.md");
    let text = fs::read_to_string(page).unwrap();
    let program = text.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    for (name, text) in [("processes.py", program), ("submit", SLOWLY)] {
        let path = site.place.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let path = |name: &str| site.place.path(name).display().to_string();
    let (submit, example) = (path("submit"), path("processes.py"));
    let own = format!(
        "system = \"command\"\nsubmit = [{submit:?}]\nstatus = [{example:?}]\nremove = [{example:?}]\npoll_s = 0.1"
    );
    let local = fs::read_to_string(&site.factory_file).unwrap();
    fs::write(&site.factory_file, local.replace("system = \"local\"", &own)).unwrap();
    site
}

#[test]
fn a_factory_that_is_killed_while_its_program_submits_starts_no_pilot_twice() {
    let site = site();
    let slow = site.place.write("slow", "");
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    let words = ["factory", "run", "--config", &site.factory_file];
    let factory = Role::start_with(&site.place, &words, &[("PILOTAGE_DATABASE", "postgres://u:secret@none/d")]);
    let go = site.place.path("go");
    let job = site.submit(&format!("#!/bin/sh\nwhile [ ! -e {} ]; do sleep 0.05; done\n", go.display()));
    let submissions = || fs::read_to_string(site.place.path("submitting")).unwrap_or_default();
    let pilots = || site.pilots().len();
    eventually("the pilot to run before its submission is answered", || (pilots() == 1).then_some(()));
    factory.crash();
    let program: i32 = submissions().trim().parse().unwrap();
    assert!(site.place.processes().iter().any(|(pid, _)| *pid == program), "it outlives the factory");

    let factory = site.factory();
    eventually("the pilot to be taken over", || {
        let listed: serde_json::Value = serde_json::from_str(&site.run(&["pilots", "--json"])).unwrap();
        let pilots = listed["pilots"].as_array().unwrap();
        (pilots.len() == 1 && pilots[0]["state"] == "running" && pilots[0]["batch_id"] != "").then_some(())
    });
    eventually("the job to run", || (site.job(&job)["state"] == "running").then_some(()));
    fs::remove_file(slow).unwrap();
    eventually("the program to end", || {
        let alive = site.place.processes().iter().any(|(pid, _)| *pid == program);
        (!alive).then_some(())
    });
    assert_eq!((submissions().lines().count(), pilots()), (1, 1), "{}", site.place.log());
    let environment = fs::read_to_string(site.place.path("environment")).unwrap();
    assert!(environment.contains("PATH=") && !environment.contains("PILOTAGE_"), "{environment}");

    fs::write(go, "").unwrap();
    eventually("the job to end", || (site.job(&job)["state"] == "finished").then_some(()));
    factory.stop();
    server.stop();
    site.place.assert_empty();
}
