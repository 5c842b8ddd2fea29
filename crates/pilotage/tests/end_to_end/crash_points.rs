//! The factory is killed at every step of a cycle, with pilots in a real Slurm and a real HTCondor. The next one must not
//! submit anything twice, never be above the cap, and account for every pilot.

use crate::condor;
use crate::support::{Place, eventually, free_port, kill};
use rstest::rstest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};

/// The most pilots of the label.
const CAP: usize = 3;
/// As many pilots as the cap while jobs wait, which leave when there are none.
const BY_DEMAND: &str = "idle_s = 1\nsched.maxpercycle.maximum = 3\nsched.maxtorun.maximum = 3\n";
/// So many pilots in any case; what is in excess is removed.
const KEPT: &str = "idle_s = 600\npeaceful = false\nchain = [\"KeepNRunning\"]\nsched.keepnrunning.keep_running = ";
/// What a pilot that was announced and no more is told to be.
const NEVER: &str = "it was announced but never reached the batch system";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Slurm,
    Condor,
}

/// A server, and a factory that may be killed.
struct Site {
    place: Place,
    system: System,
    server: Child,
    factory: Option<Child>,
}

impl System {
    fn place(self) -> Place {
        match self {
            System::Slurm => Place::new(),
            System::Condor => Place::of_user(&condor::variable("PILOTAGE_TEST_CONDOR_USER")),
        }
    }

    fn end_point(self) -> String {
        match self {
            System::Slurm => format!("system = \"slurm\"\nconf = \"{}\"", condor::variable("SLURM_CONF")),
            System::Condor => {
                let (bin, conf) = (condor::variable("PILOTAGE_TEST_CONDOR_BIN"), condor::variable("CONDOR_CONFIG"));
                format!("system = \"condor\"\nbin = \"{bin}\"\nconf = \"{conf}\"")
            }
        }
    }

    /// All jobs of a factory that the batch system has or had: their ids, and whether they are there still.
    fn jobs(self, factory: &str) -> BTreeMap<String, bool> {
        match self {
            // Ended ones stay in the list for minutes.
            System::Slurm => rows(Command::new("squeue").args(["-h", "-r", "-t", "all", "-o", "%F_%K %T %j"]))
                .filter(|row| row.contains(factory))
                .map(|row| {
                    let words: Vec<&str> = row.split(' ').collect();
                    (words[0].to_owned(), ["PENDING", "RUNNING"].contains(&words[1]))
                })
                .collect(),
            System::Condor => {
                let asked = |program: &str, whose: &[&str]| {
                    let constraint = format!("PilotageFactory =?= \"{factory}\"");
                    let mut command = Command::new(condor::variable("PILOTAGE_TEST_CONDOR_BIN") + "/" + program);
                    rows(command.args(whose).args(["-constraint", &constraint, "-af:j", "JobStatus"]))
                        .collect::<Vec<_>>()
                };
                // In this order: one that ends in between is in both.
                let (there, gone) = (asked("condor_q", &["-allusers"]), asked("condor_history", &[]));
                let id = |row: &String| row.split(' ').next().unwrap().to_owned();
                let is_live = |row: &String| row.ends_with(" 1") || row.ends_with(" 2");
                let gone = gone.iter().map(|row| (id(row), false));
                there.iter().map(|row| (id(row), is_live(row))).chain(gone).collect()
            }
        }
    }
}

fn rows(command: &mut Command) -> impl Iterator<Item = String> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

impl Site {
    fn new(system: System, label: &str) -> Site {
        let place = system.place();
        let port = free_port();
        let dir = place.dir();
        let server = format!(
            "dir = {dir:?}\nlisten = \"127.0.0.1:{port}\"\nheartbeat = \"1s\"\nlease = \"30s\"\nretry_backoff = \"1s\"\n"
        );
        let factory = format!(
            "[factory]\nname = \"{}\"\nservers = [\"http://127.0.0.1:{port}\"]\ntoken_file = {:?}\ndir = {:?}\n\
             cycle_s = 1\nquiet_s = 3\n\n[batch.there]\n{}\ndir = {:?}\npoll_s = 0.5\ntimeout_s = 8\n\n\
             [label.own]\nqueue = \"own\"\nbatch = \"there\"\n{label}",
            place.name(),
            dir.join("factory.token"),
            place.path("factory"),
            system.end_point(),
            place.path("batch"),
        );
        place.write("server.toml", server);
        place.write("factory.toml", factory);
        let server = spawn(&place, &["server", "--config", "server.toml"], None);
        let site = Site { place, system, server, factory: None };
        let define = || site.place.client(&["queues", "define", "own"]).output().unwrap().status.success();
        eventually("the server to answer", || define().then_some(()));
        site
    }

    /// Runs a factory that dies at this point, until it has.
    fn die_at(&self, point: &str) {
        let mut factory = spawn(&self.place, &["factory", "run", "--config", "factory.toml"], Some(point));
        let what = format!("the end of the factory at '{point}'");
        let status = eventually(&what, || {
            self.assert_cap();
            factory.try_wait().unwrap()
        });
        assert_eq!(status.code(), None, "it was to be killed: {status}; {}", self.place.log());
    }

    fn run(&mut self) {
        self.factory = Some(spawn(&self.place, &["factory", "run", "--config", "factory.toml"], None));
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.place.client(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}{}", self.place.log());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn pilots(&self) -> Vec<Value> {
        self.json(&["pilots", "--all", "--json"])["pilots"].as_array().unwrap().clone()
    }

    fn assert_cap(&self) {
        let jobs = self.system.jobs(&self.place.name());
        assert!(jobs.values().filter(|is_live| **is_live).count() <= CAP, "{jobs:?}");
    }

    fn finish(mut self) {
        for mut child in self.factory.take().into_iter().chain([self.server]) {
            kill(child.id() as i32, "TERM");
            assert!(child.wait().unwrap().success(), "{}", self.place.log());
        }
        self.place.assert_empty();
    }
}

fn spawn(place: &Place, words: &[&str], point: Option<&str>) -> Child {
    let mut command = place.program();
    command.args(words).current_dir(place.path("")).envs(place.environment());
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(fs::OpenOptions::new().create(true).append(true).open(place.path("up.log")).unwrap());
    command.env_remove("PILOTAGE_URL").env_remove("PILOTAGE_DIR").env_remove("PILOTAGE_TOKEN");
    if let Some(point) = point {
        command.env("PILOTAGE_CRASH_AT", point);
    }
    command.spawn().unwrap()
}

/// A pilot has a job of its own in the batch system, or never reached it; and the batch system has no other job.
fn assert_accounted(site: &Site, point: &str) {
    let (pilots, jobs) = (site.pilots(), site.system.jobs(&site.place.name()));
    let (lost, there): (Vec<&Value>, Vec<&Value>) = pilots.iter().partition(|pilot| pilot["message"] == NEVER);
    let mut known: Vec<&str> = there.iter().map(|pilot| pilot["batch_id"].as_str().unwrap()).collect();
    known.sort_unstable();
    let mut found: Vec<&str> = jobs.keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(known, found, "killed at '{point}': {pilots:#?}");
    assert!(there.iter().all(|pilot| pilot["state"] == "done"), "killed at '{point}': {pilots:#?}");
    let expected = if ["announced", "written"].contains(&point) { CAP } else { 0 };
    assert_eq!(lost.len(), expected, "killed at '{point}': {pilots:#?}");
}

#[rstest]
fn killed_at_every_step_it_recovers(
    #[values(System::Slurm, System::Condor)] system: System,
    #[values(
        "looked",
        "planned",
        "announced",
        "written",
        "sent",
        "submitted",
        "recorded",
        "decided",
        "delivered",
        "ended",
        "cleaned"
    )]
    point: &str,
) {
    let mut site = Site::new(system, BY_DEMAND);
    let array = site.json(&["submit", "--queue", "own", "--array", "6", "--json", "--", "sleep", "0.3"]);
    let first = array["array"]["first"].as_i64().unwrap();
    site.die_at(point);
    site.run();
    let jobs = format!("{first}-{}", first + 5);
    eventually("all jobs to end", || {
        site.assert_cap();
        let output = site.place.client(&["wait", "--timeout", "1", &jobs]).output().unwrap();
        output.status.success().then_some(())
    });
    eventually("all pilots to end", || {
        let is_over = |pilot: &Value| ["done", "fault"].contains(&pilot["state"].as_str().unwrap());
        site.pilots().iter().all(is_over).then_some(())
    });
    assert_accounted(&site, point);
    let said = site.place.client(&["decisions", "--label", "own", "--last", "100"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    // Where the decision of the process that died was not stored, the next one finds the pilots and submits none.
    let is_told = !["sent", "submitted", "recorded"].contains(&point);
    assert!(!is_told || said.contains("3 pilots submitted"), "killed at '{point}': {said}");
    site.finish();
}

#[rstest]
fn killed_after_a_removal_it_removes_nothing_more(#[values(System::Slurm, System::Condor)] system: System) {
    let mut site = Site::new(system, &format!("{KEPT}{CAP}"));
    site.run();
    let running = |site: &Site| site.pilots().iter().filter(|pilot| pilot["state"] == "running").count();
    eventually("all pilots to run", || (running(&site) == CAP).then_some(()));
    let mut factory = site.factory.take().unwrap();
    // It leaves at once, and its pilots stay.
    kill(factory.id() as i32, "USR1");
    assert!(factory.wait().unwrap().success());
    let text = fs::read_to_string(site.place.path("factory.toml")).unwrap();
    site.place.write("factory.toml", text.replace(&format!("keep_running = {CAP}"), "keep_running = 1"));
    site.die_at("removed");
    site.run();
    let live = |site: &Site| site.system.jobs(&site.place.name()).values().filter(|is_live| **is_live).count();
    eventually("one pilot to be left", || (live(&site) == 1 && running(&site) == 1).then_some(()));
    assert_eq!((site.pilots().len(), site.system.jobs(&site.place.name()).len()), (CAP, CAP), "{:#?}", site.pilots());
    site.finish();
}
