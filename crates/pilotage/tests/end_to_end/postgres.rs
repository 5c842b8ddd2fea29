//! Two servers on one PostgreSQL: a job survives the death of either.

use crate::support::{Place, Role, eventually, free_port, wait_for_file};
use std::process::Command;

struct Database {
    server: String,
    name: String,
}

impl Database {
    fn create() -> Database {
        let server = std::env::var("PILOTAGE_TEST_POSTGRES")
            .expect("PILOTAGE_TEST_POSTGRES is not set; `cargo xtask test` starts a PostgreSQL and sets it, or exclude this test");
        let name = format!("pilotage_cli_{}_{}", std::process::id(), free_port());
        psql(&server, &format!("create database {name}"));
        Database { server, name }
    }

    fn url(&self) -> String {
        let (address, options) =
            self.server.split_once('?').map_or((self.server.as_str(), ""), |(url, rest)| (url, rest));
        let scheme_end = address.find("://").map_or(0, |at| at + 3);
        let host_end = address[scheme_end..].find('/').map_or(address.len(), |at| scheme_end + at);
        let options = if options.is_empty() { String::new() } else { format!("?{options}") };
        format!("{}/{}{options}", &address[..host_end], self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        psql(&self.server, &format!("drop database if exists {} with (force)", self.name));
    }
}

fn psql(server: &str, statement: &str) {
    let output = Command::new("psql").args([server, "-q", "-v", "ON_ERROR_STOP=1", "-c", statement]).output().unwrap();
    if !std::thread::panicking() {
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// One of two servers on the same database.
struct Twin {
    config: String,
    url: String,
    dir: std::path::PathBuf,
}

impl Twin {
    fn new(place: &Place, name: &str, database: &Database) -> Twin {
        let (port, dir) = (free_port(), place.path(name));
        let text = format!(
            "dir = \"{}\"\nlisten = \"127.0.0.1:{port}\"\ndatabase = \"{}\"\nobjects = \"{}\"\nlease = \"20s\"\nheartbeat = \"1s\"\n",
            dir.display(),
            database.url(),
            place.path("objects").display()
        );
        let config = place.write(&format!("{name}.toml"), text);
        Twin { config: config.display().to_string(), url: format!("http://127.0.0.1:{port}"), dir }
    }

    fn start(&self, place: &Place) -> Role {
        Role::start(place, &["server", "--config", &self.config], true)
    }
}

fn factory_config(place: &Place, one: &Twin, two: &Twin, batch: &str) -> String {
    let text = format!(
        "[factory]\nname = \"{}\"\nservers = [\"{}\", \"{}\"]\ntoken_file = \"{}\"\ndir = \"{}\"\ncycle_s = 1\n\n\
         [batch.machine]\n{batch}\n\n[label.one]\nqueue = \"own\"\nbatch = \"machine\"\nslots = 2\n",
        place.name(),
        one.url,
        two.url,
        one.dir.join("factory.token").display(),
        place.path("factory").display()
    );
    place.write("factory.toml", text).display().to_string()
}

#[test]
fn a_job_survives_the_death_of_either_server() {
    survives_either("system = \"local\"");
}

#[test]
fn a_job_on_a_slurm_node_survives_the_death_of_either_server() {
    let conf = std::env::var("SLURM_CONF")
        .expect("SLURM_CONF is not set; `cargo xtask test` starts a Slurm and sets it, or exclude this test");
    survives_either(&format!("system = \"slurm\"\nconf = \"{conf}\"\npoll_s = 1"));
}

fn survives_either(batch: &str) {
    let place = Place::new();
    let database = Database::create();
    let (one, two) = (Twin::new(&place, "one", &database), Twin::new(&place, "two", &database));
    let (first, second) = (one.start(&place), two.start(&place));
    let factory =
        Role::start(&place, &["factory", "run", "--config", &factory_config(&place, &one, &two, batch)], false);
    let urls = format!("{},{}", one.url, two.url);
    let token = std::fs::read_to_string(one.dir.join("admin.token")).unwrap().trim().to_owned();
    let run = |args: &[&str]| {
        let output = place.bare(args).env("PILOTAGE_URL", &urls).env("PILOTAGE_TOKEN", &token).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {said}{}", place.log());
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["queues", "define", "own"]);
    let started = |id: &str| place.path(&format!("started-{id}"));
    let submit = || {
        let words = format!("touch {}/started-$PILOTAGE_JOB_ID; sleep 5; echo survived", place.path("").display());
        let answer = run(&["submit", "--json", "--queue", "own", "--", "sh", "-c", &words]);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["jobs"][0]["id"].to_string()
    };
    let job = submit();
    wait_for_file(&started(&job));
    first.crash();
    run(&["wait", "--timeout", "60", &job]);
    assert_eq!(run(&["logs", &job]), "survived\n");
    let first = one.start(&place);
    let job = submit();
    wait_for_file(&started(&job));
    second.crash();
    run(&["wait", "--timeout", "60", &job]);
    assert_eq!(run(&["logs", &job]), "survived\n");
    eventually("one attempt of each job", || {
        let jobs: serde_json::Value = serde_json::from_str(&run(&["jobs", "--json"])).unwrap();
        let once = jobs["jobs"].as_array().unwrap().iter().all(|job| job["attempt"] == 1 && job["state"] == "finished");
        once.then_some(())
    });
    factory.stop();
    first.stop();
    place.assert_empty();
}
