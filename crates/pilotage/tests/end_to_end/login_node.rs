//! A Slurm behind the login node of `PILOTAGE_TEST_SSH`, and a factory that is killed and comes again.

use crate::apart::Site;
use crate::support::{Place, eventually};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// The real one, which does not end while the file `slow` is there. Beside it lie the other commands.
const SBATCH: &str = r#"#!/bin/sh
here=$(dirname "$0")
sbatch "$@" || exit
echo >>"$here/../submissions"
while [ -e "$here/../slow" ]; do sleep 0.05; done
"#;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run the tests by 'cargo xtask test'"))
}

/// A server, and a factory apart from it whose only way to Slurm is the login node.
fn site() -> Site {
    let place = Place::new();
    let bin = place.path("bin");
    fs::create_dir(&bin).unwrap();
    for program in ["squeue", "scancel", "scontrol", "sacct"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
        std::os::unix::fs::symlink(String::from_utf8(found.stdout).unwrap().trim(), bin.join(program)).unwrap();
    }
    let sbatch = place.write("bin/sbatch", SBATCH);
    fs::set_permissions(sbatch, fs::Permissions::from_mode(0o755)).unwrap();
    let keys = PathBuf::from(variable("PILOTAGE_TEST_SSH"));
    let read = |name: &str| fs::read_to_string(keys.join(name)).unwrap().trim().to_owned();
    let port = read("port");
    let hosts = place.write("hosts", format!("[127.0.0.1]:{port} {}\n", read("host.pub")));
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let slurm = format!(
        "system = \"slurm\"\nconf = {:?}\nbin = {bin:?}\ndir = {:?}\npoll_s = 0.2\n\n[batch.machine.ssh]\nhost = \"127.0.0.1\"\n\
         port = {port}\nuser = {:?}\nidentity = {:?}\nknown_hosts = {hosts:?}\n",
        variable("SLURM_CONF"),
        place.path("there"),
        me.trim(),
        keys.join("id"),
    );
    let name = place.name();
    let site = Site::in_place(place, "quiet_s = 0.0");
    let text = fs::read_to_string(&site.factory_file).unwrap();
    let text = text.replace("name = \"apart\"", &format!("name = {name:?}"));
    let text = text.replace("system = \"local\"\n", &slurm) + "idle_s = 1\n";
    fs::write(&site.factory_file, text).unwrap();
    site
}

fn pilots(site: &Site) -> Vec<Value> {
    let listed: Value = serde_json::from_str(&site.run(&["pilots", "--json"])).unwrap();
    listed["pilots"].as_array().unwrap().clone()
}

#[test]
fn pilots_outlive_a_killed_factory_and_their_logs_come_back() {
    let site = site();
    let slow = site.place.write("slow", "");
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    let factory = site.factory();
    let go = site.place.path("go");
    let wait = format!("#!/bin/sh\nwhile [ ! -e {} ]; do sleep 0.05; done\necho $SLURM_JOB_ID\n", go.display());
    let job = site.submit(&wait);
    let is = |id: &str, state: &str| (site.job(id)["state"] == state).then_some(());
    eventually("the job to run before its pilot's submission is answered", || is(&job, "running"));
    factory.crash();
    eventually("the unheard submission to be killed", || {
        let (bin, processes) = (site.place.path("bin/sbatch").display().to_string(), site.place.processes());
        (!processes.iter().any(|(_, line)| line.contains(&bin))).then_some(())
    });
    fs::remove_file(slow).unwrap();

    let factory = site.factory();
    let pilot = eventually("the pilot to be taken over", || {
        let known = pilots(&site);
        (known.len() == 1 && known[0]["state"] == "running" && known[0]["batch_id"] != "").then(|| known[0].clone())
    });
    factory.crash();
    fs::write(go, "").unwrap();
    eventually("the job to end", || is(&job, "finished"));
    eventually("its pilot to end while no factory looks", || site.pilots().is_empty().then_some(()));
    let number = site.run(&["logs", &job]);
    assert!(pilot["batch_id"].as_str().unwrap().starts_with(&format!("{}_", number.trim())), "{number}: {pilot}");

    let factory = site.factory();
    let id = pilot["id"].to_string();
    let ended = eventually("the pilot to be closed", || {
        let known = pilots(&site);
        known.iter().any(|shown| shown["state"] == "done").then_some(known)
    });
    assert!(ended.len() == 1 && ended[0]["id"] == pilot["id"], "{ended:?}");
    let there = site.place.path("there").join(site.place.name());
    eventually("all traces to go", || fs::read_dir(&there).unwrap().next().is_none().then_some(()));
    let log = site.run(&["pilots", "logs", &id]);
    assert!(log.contains("pilot"), "{log}");
    let submissions = fs::read_to_string(site.place.path("submissions")).unwrap();
    assert_eq!(submissions.lines().count(), 1, "{}", site.place.log());
    factory.stop();
    server.stop();
    hang_up(&site.place);
    site.place.assert_empty();
}

/// The connection would wait for another factory for two minutes.
fn hang_up(place: &Place) {
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-o", "ControlPath=master", "-O", "exit", "127.0.0.1"]);
    let dir = place.path("factory/batch/machine");
    assert!(ssh.current_dir(dir).output().unwrap().status.success());
}
