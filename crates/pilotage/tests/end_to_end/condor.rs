//! `up` with an HTCondor queue, against the pool of `CONDOR_CONFIG`.

use crate::support::{Place, Up, eventually, kill};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A pool, and a place of the user who may submit to it.
pub struct Site {
    pub place: Place,
    pub bin: PathBuf,
    pub conf: String,
    /// Further keys of the label.
    pub label: String,
}

pub fn variable(name: &str) -> String {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.unwrap_or_else(|| panic!("{name} is not set; `cargo xtask test` starts an HTCondor and sets it"))
}

impl Site {
    pub fn new() -> Site {
        let place = Place::of_user(&variable("PILOTAGE_TEST_CONDOR_USER"));
        let bin = PathBuf::from(variable("PILOTAGE_TEST_CONDOR_BIN"));
        Site { place, bin, conf: variable("CONDOR_CONFIG"), label: String::new() }
    }

    /// Starts `up` with commands from `bin`.
    pub fn up(self, listen: &str, bin: &str, timeout_s: u32) -> Up {
        let text = format!(
            "[server]\nlease = \"20s\"\nheartbeat = \"1s\"\n\n[factory]\nname = \"{}\"\ncycle_s = 1\nquiet_s = 5\n\n\
             [queue.pool]\n\n\
             [batch.condor]\nsystem = \"condor\"\nbin = \"{bin}\"\nconf = \"{}\"\npoll_s = 0.5\ntimeout_s = {timeout_s}\n\n\
             [label.pool]\nqueue = \"pool\"\nbatch = \"condor\"\nidle_s = 5\nsched.maxpercycle.maximum = 3\n\
             sched.maxtorun.maximum = 3\n{}",
            self.place.name(),
            self.conf,
            self.label
        );
        let file = self.place.write("up.toml", text);
        Up::in_place(self.place, listen, &["--slots", "0", "--config", file.to_str().unwrap()])
    }

    fn start(self) -> Up {
        let bin = self.bin.display().to_string();
        self.up("127.0.0.1:0", &bin, 30)
    }

    /// A directory with HTCondor's commands, where `program` is a script that finds the real one as `$REAL`.
    pub fn fake(&self, program: &str, script: &str) -> String {
        let dir = self.place.path("bin");
        fs::create_dir_all(&dir).unwrap();
        for entry in fs::read_dir(&self.bin).unwrap().flatten() {
            let _ = std::os::unix::fs::symlink(entry.path(), dir.join(entry.file_name()));
        }
        let path = dir.join(program);
        fs::remove_file(&path).unwrap();
        let here = self.place.path("").display().to_string();
        fs::write(&path, format!("#!/bin/sh\nHERE={here}\nREAL={}\n{script}\n", self.bin.join(program).display()))
            .unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        dir.display().to_string()
    }
}

/// One of HTCondor's commands about the jobs of an `up`, as the user who submitted them.
fn condor(up: &Up, program: &str, words: &[&str]) -> Output {
    let directory = up.place.path("").display().to_string();
    let constraint = format!("regexp(\"^{directory}\", Iwd)");
    let user = variable("PILOTAGE_TEST_CONDOR_USER");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.arg(PathBuf::from(variable("PILOTAGE_TEST_CONDOR_BIN")).join(program));
    command.args(["-constraint", &constraint]).args(words).output().unwrap()
}

/// Batch ids of all jobs of an `up` that are or were in the schedd.
fn submitted(up: &Up) -> Vec<String> {
    let mut found = Vec::new();
    for program in ["condor_q", "condor_history"] {
        let output = condor(up, program, &["-af:j", "PilotageId"]);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        found.extend(text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned));
    }
    found.sort();
    found.dedup();
    found
}

pub fn pilots(up: &Up) -> Vec<Value> {
    up.json(&["pilots", "--json", "--label", "pool"])["pilots"].as_array().unwrap().clone()
}

pub fn array(up: &Up, count: usize, words: &str) -> (i64, String) {
    let count_text = count.to_string();
    let answer = up.json(&["submit", "--queue", "pool", "--array", &count_text, "--json", "--", "sh", "-c", words]);
    let first = answer["array"]["first"].as_i64().unwrap();
    (first, format!("{first}-{}", first + count as i64 - 1))
}

pub fn running(up: &Up) -> Vec<Value> {
    let is_running = |pilot: &Value| pilot["state"] == "running" && !pilot["started"].is_null();
    pilots(up).into_iter().filter(is_running).collect()
}

#[test]
fn jobs_run_on_the_nodes() {
    let up = Site::new().start();
    let (first, ids) =
        array(&up, 30, "echo $PILOTAGE_QUEUE; test -n \"$_CONDOR_SCRATCH_DIR\" || test -n \"$PILOTAGE_JOB_ID\"");
    up.wait(&ids, 0);
    assert_eq!(up.out(&["logs", &first.to_string()]), "pool\n");
    let known: Vec<String> = pilots(&up).iter().map(|pilot| pilot["batch_id"].as_str().unwrap().to_owned()).collect();
    assert!(!known.is_empty() && known.len() <= 3, "{known:?}");
    let sentences = up.out(&["decisions", "--label", "pool", "--last", "100"]);
    assert!(sentences.contains("3 pilots submitted"), "{sentences}");
    let mut there = submitted(&up);
    there.retain(|id| !known.contains(id));
    assert!(there.is_empty(), "pilots that nobody knows: {there:?}");
    // Idle pilots exit by themselves; their files are taken and deleted.
    eventually("the pilots to be done", || pilots(&up).iter().all(|pilot| pilot["state"] == "done").then_some(()));
    let kept = || {
        fs::read_dir(up.place.path("server/batch/condor"))
            .unwrap()
            .flatten()
            .flat_map(|factory| fs::read_dir(factory.path()).unwrap().flatten())
            .filter(|entry| entry.path().is_dir())
            .count()
    };
    eventually("the files of ended pilots to go", || (kept() == 0).then_some(()));
    up.stop();
}

#[test]
fn a_killed_job_ends_on_its_node_and_its_pilot_goes_on() {
    let up = Site::new().start();
    let id = up.submit(&["--queue", "pool", "--", "sleep", "4713"]);
    eventually("the job to run", || (up.job(id)["state"] == "running").then_some(()));
    up.out(&["kill", &id.to_string()]);
    up.wait(&id.to_string(), 1);
    assert_eq!(up.job(id)["state"], "cancelled");
    let next = up.submit(&["--queue", "pool", "--", "true"]);
    up.wait(&next.to_string(), 0);
    assert_eq!(pilots(&up).len(), 1);
    up.stop();
}

#[test]
fn a_drained_pilot_leaves_the_pool() {
    let up = Site::new().start();
    let id = up.submit(&["--queue", "pool", "--", "sleep", "4"]);
    let pilot = eventually("the pilot to run", || running(&up).pop());
    eventually("the job to run", || (up.job(id)["state"] == "running").then_some(()));
    up.out(&["pilots", "drain", &pilot["id"].to_string()]);
    up.wait(&id.to_string(), 0);
    eventually("the pilot to be done", || (pilots(&up)[0]["state"] == "done").then_some(()));
    assert_eq!(submitted(&up).len(), 1);
    up.stop();
}

#[test]
fn an_evicted_pilot_comes_back_as_a_new_incarnation() {
    let up = Site::new().start();
    let done = up.place.path("done");
    let words = format!("until [ -e {} ]; do sleep 0.1; done", done.display());
    let id = up.submit(&["--queue", "pool", "--", "sh", "-c", &words]);
    let first = eventually("the pilot to run", || running(&up).pop());
    eventually("the job to run", || (up.job(id)["state"] == "running").then_some(()));
    assert_eq!(first["incarnation"], 1);
    assert!(condor(&up, "condor_vacate_job", &["-fast"]).status.success());
    eventually("the next incarnation", || running(&up).into_iter().find(|pilot| pilot["incarnation"] == 2));
    fs::write(&done, "").unwrap();
    up.wait(&id.to_string(), 0);
    assert_eq!(submitted(&up).len(), pilots(&up).len());
    up.stop();
}

#[test]
fn held_pilots_are_counted_and_go_on_when_released() {
    let site = Site { label: "submit_arguments = [\"hold=True\"]\n".to_owned(), ..Site::new() };
    let up = site.start();
    let (_, ids) = array(&up, 6, "sleep 0.2");
    let is_held = |pilot: &Value| {
        pilot["flag"] == "held"
            && pilot["message"].as_str().unwrap_or_default().starts_with("HTCondor: held: submitted on hold")
    };
    eventually("all pilots to be held", || {
        let pilots = pilots(&up);
        (pilots.len() == 3 && pilots.iter().all(is_held)).then_some(())
    });
    // Held ones count: nothing is submitted in their place.
    let cycles = || up.json(&["decisions", "--label", "pool", "--last", "1", "--json"]);
    let before = cycles();
    eventually("further cycles", || (cycles() != before).then_some(()));
    assert_eq!(submitted(&up).len(), 3);
    assert!(condor(&up, "condor_release", &[]).status.success());
    up.wait(&ids, 0);
    assert_eq!(submitted(&up).len(), 3);
    up.stop();
}

/// Kills a process that does not belong to `up` any more: a command that it had started.
fn end_command(up: &Place) {
    for (pid, line) in up.processes().into_iter().filter(|(_, line)| line.contains("condor_submit")) {
        assert!(line.contains("bin/condor_submit"), "{line}");
        kill(pid, "KILL");
    }
}

#[test]
fn killed_before_the_submission_it_announces_again() {
    let site = Site::new();
    let bin = site.fake("condor_submit", ": >$HERE/began; [ -e $HERE/go ] || exec sleep 1000\nexec $REAL \"$@\"");
    let listen = format!("127.0.0.1:{}", crate::support::free_port());
    let (conf, real) = (site.conf.clone(), site.bin.clone());
    let up = site.up(&listen, &bin, 3);
    let (_, ids) = array(&up, 6, "true");
    crate::support::wait_for_file(&up.place.path("began"));
    let place = up.crash();
    for (pid, _) in place.processes().into_iter().filter(|(_, line)| line.contains("sleep 1000")) {
        kill(pid, "KILL");
    }
    end_command(&place);
    place.write("go", "");
    let up = Site { place, bin: real, conf, label: String::new() }.up(&listen, &bin, 3);
    up.wait(&ids, 0);
    let lost = pilots(&up)
        .into_iter()
        .filter(|pilot| pilot["message"] == "it was announced but never reached the batch system");
    assert_eq!(lost.count(), 3);
    assert!(submitted(&up).len() <= 3, "{:?}", submitted(&up));
    up.stop();
}

#[test]
fn killed_after_the_submission_it_adopts_and_submits_nothing_twice() {
    let site = Site::new();
    let bin = site.fake("condor_submit", "$REAL \"$@\"; : >$HERE/done; exec sleep 1000");
    let listen = format!("127.0.0.1:{}", crate::support::free_port());
    let (conf, real) = (site.conf.clone(), site.bin.clone());
    let up = site.up(&listen, &bin, 30);
    let (_, ids) = array(&up, 6, "sleep 0.2");
    crate::support::wait_for_file(&up.place.path("done"));
    let place = up.crash();
    for (pid, _) in place.processes().into_iter().filter(|(_, line)| line.contains("sleep 1000")) {
        kill(pid, "KILL");
    }
    let up = Site { place, bin: real, conf, label: String::new() }.up(&listen, &bin, 30);
    up.wait(&ids, 0);
    let adopted: Vec<Value> = pilots(&up);
    let there = submitted(&up);
    assert_eq!((adopted.len(), there.len()), (3, 3), "{adopted:?}");
    assert!(
        adopted.iter().all(|pilot| there.iter().any(|id| pilot["batch_id"] == id.as_str())),
        "{adopted:?} {there:?}"
    );
    up.stop();
}

#[test]
fn a_condor_q_that_lies_or_hangs_changes_nothing() {
    let site = Site::new();
    let script = "case $(cat $HERE/mode 2>/dev/null) in\n\
                  silent) exit 0;;\n\
                  garbage) echo '<html>upgrade in progress</html>'; exit 0;;\n\
                  half) $REAL \"$@\" | head -c 100; exit 0;;\n\
                  never) exec sleep 1000;;\nesac\nexec $REAL \"$@\"";
    let bin = site.fake("condor_q", script);
    let up = site.up("127.0.0.1:0", &bin, 1);
    let gate = up.place.path("gate");
    let words = format!("until [ -e {} ]; do sleep 0.1; done", gate.display());
    let (_, ids) = array(&up, 6, &words);
    eventually("pilots to run", || (running(&up).len() == 3).then_some(()));
    for mode in ["silent", "garbage", "half", "never"] {
        up.place.write("mode", mode);
        let trouble = || up.json(&["factories", "--json"]).to_string();
        eventually("the trouble to be told", || {
            trouble().contains("batch end point 'condor': failed to").then_some(())
        });
        up.place.write("mode", "");
        eventually("the trouble to be over", || (!trouble().contains("failed to")).then_some(()));
        assert_eq!(running(&up).len(), 3, "{mode}: {:?}", pilots(&up));
    }
    fs::write(&gate, "").unwrap();
    up.wait(&ids, 0);
    assert_eq!((submitted(&up).len(), pilots(&up).len()), (3, 3));
    up.stop();
}
