//! A new user follows docs/apfmon.md: AutoPyFactory, Harvester and our own factory at one server, seen live.

use crate::support::{PROGRAM, Place, Up, eventually, kill};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The server that the page speaks of.
const EXAMPLE: &str = "https://pilotage.example:25443";
/// The factories that report: that of the page, AutoPyFactory's, Harvester's, and one of ours that has another server.
const REPORTED: [&str; 4] = ["fab", "era2", "CERN_central_A", "elsewhere"];

/// The page, and the server that its commands started.
struct Story {
    place: Place,
    page: String,
}

impl Story {
    /// Runs the commands of the page, as they stand there.
    fn begin() -> Story {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/apfmon.md");
        let story = Story { place: Place::new(), page: fs::read_to_string(page).unwrap() };
        let (_, rest) = story.page.split_once("```sh\n").unwrap();
        let (commands, _) = rest.split_once("```").unwrap();
        assert!(commands.contains("pilotage up --compat apfmon"), "{commands}");
        story.sh(Command::new("sh").args(["-euc", commands]));
        story
    }

    fn dir(&self) -> PathBuf {
        self.place.path("data").join("pilotage")
    }

    fn url(&self) -> String {
        fs::read_to_string(self.dir().join("url")).unwrap().trim().to_owned()
    }

    fn token(&self) -> String {
        fs::read_to_string(self.dir().join("admin.token")).unwrap().trim().to_owned()
    }

    /// What the page has a reporter set, for this server.
    fn setting(&self, reporter: &str) -> String {
        let row = self.page.lines().find(|line| line.starts_with(&format!("| {reporter} |")));
        let row = row.unwrap_or_else(|| panic!("the page has no row for {reporter}"));
        let (_, setting) = row.split_once(EXAMPLE).unwrap();
        let (path, _) = setting.split_once(['`', '"']).unwrap();
        format!("{}{path}", self.url())
    }

    /// Runs a program where `pilotage` is on the path and no proxy is in the way; it must end well.
    fn sh(&self, command: &mut Command) -> String {
        let bin = Path::new(PROGRAM).parent().unwrap().display();
        command.envs(self.place.environment()).env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap()));
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
        for name in ["PILOTAGE_URL", "PILOTAGE_TOKEN", "PILOTAGE_DIR", "PILOTAGE_TRUST", "PILOTAGE_DATABASE"] {
            command.env_remove(name);
        }
        let output = command.current_dir(self.place.path("scratch")).stdin(Stdio::null()).output().unwrap();
        let (said, trouble) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{command:?}: {said}{trouble}");
        fs::read_dir(self.place.path("scratch")).unwrap().flatten().for_each(|left| {
            let _ = fs::remove_file(left.path());
        });
        said.into_owned()
    }

    /// A factory of 2016, and what wrappers and the crons of its host say of its pilots.
    fn autopyfactory(&self) {
        let base = self.setting("AutoPyFactory 2.x");
        let base = base.strip_suffix("/api").unwrap();
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/tests/apfmon/eras");
        for script in ["autopyfactory-2.sh", "runpilot3.sh", "pilot2-wrapper.sh", "condor-crons.sh"] {
            self.sh(Command::new("sh").arg(format!("{scripts}/{script}")).env("BASE", base));
        }
    }

    /// Harvester's own client when `PILOTAGE_HARVESTER` says where Harvester is, else the calls that it makes.
    fn harvester(&self) {
        let base = self.setting("Harvester");
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/reporters");
        let Some(sources) = std::env::var_os("PILOTAGE_HARVESTER") else {
            self.sh(Command::new("sh").arg(format!("{here}/harvester.sh")).env("BASE_URL", base));
            return;
        };
        let home = self.place.path("harvester");
        let (config, logs) = (home.join("etc/panda"), home.join("log"));
        fs::create_dir_all(&config).unwrap();
        fs::create_dir_all(&logs).unwrap();
        let settings = format!(
            "[master]\nharvester_id = CERN_central_A\n[qconf]\n[apfmon]\nactive = True\nbase_url = {base}\nworker_timeout = 20\n"
        );
        fs::write(config.join("panda_harvester.cfg"), settings).unwrap();
        let logger = format!(
            "[logger]\nlogdir = {}\nloghost = 127.0.0.1\nmonport-apache = 9\nmonport-apache_new = 9\nmonurlprefix = /\nmethod = POST\nencoding = utf-8\n",
            logs.display()
        );
        fs::write(config.join("panda_common.cfg"), logger).unwrap();
        self.sh(Command::new("python3").arg(format!("{here}/harvester.py")).args([sources, home.into_os_string()]));
    }

    /// A factory of ours that another server has; it tells this one too.
    fn our_own(&self) {
        let place = Place::new();
        let url = self.setting("our own factory, for another server");
        let text = format!("[factory]\nname = \"elsewhere\"\ncycle_s = 0.2\n[monitor.grid]\nurl = \"{url}\"\n");
        let file = place.write("up.toml", text);
        let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "1", "--config", file.to_str().unwrap()]);
        let job = up.submit(&["--", "true"]);
        up.wait(&job.to_string(), 0);
        eventually("the pilot of the other server", || self.pilots("elsewhere").iter().any(has_run).then_some(()));
        up.stop();
    }

    fn json(&self, page: &str) -> Value {
        let bearer = format!("Authorization: Bearer {}", self.token());
        let text =
            self.sh(Command::new("curl").args(["-s", "--fail", "-H", &bearer, &format!("{}{page}", self.url())]));
        serde_json::from_str(&text).unwrap()
    }

    fn pilots(&self, factory: &str) -> Vec<Value> {
        let all = self.json("/pilots.json");
        all["pilots"].as_array().unwrap().iter().filter(|pilot| pilot["factory"] == factory).cloned().collect()
    }

    /// Batch ids and states, the newest first.
    fn states(&self, factory: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.pilots(factory).iter().map(|pilot| (text(&pilot["batch_id"]), text(&pilot["state"]))).collect()
    }

    fn end(self) {
        let pid = self.place.processes().into_iter().find(|(_, line)| line.contains(" up ")).map(|(pid, _)| pid);
        kill(pid.unwrap(), "TERM");
        self.place.assert_empty();
    }
}

fn has_run(pilot: &Value) -> bool {
    ["running", "exiting", "done"].iter().any(|state| pilot["state"] == *state) && pilot["reported"] == true
}

#[test]
fn whoever_follows_the_page_sees_every_kind_of_reporter_live() {
    let story = Story::begin();
    let mut browser = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/reporters/overview.mjs"))
        .arg("look")
        .args(REPORTED)
        .env("PAGES_URL", story.url())
        .env("PAGES_TOKEN", story.token())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(browser.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "looking");
    story.autopyfactory();
    story.harvester();
    story.our_own();
    assert_eq!(said.next().unwrap().unwrap(), "seen");
    assert!(browser.wait().unwrap().success());

    let overview = story.json("/overview.json");
    let factories = overview["factories"].as_array().unwrap();
    let reported = |name: &str| factories.iter().find(|one| one["name"] == name).map(|one| one["reported"].is_object());
    assert!(REPORTED.iter().all(|name| reported(name) == Some(true)), "{overview}");
    let ours = factories.iter().find(|one| one["reported"].is_null()).unwrap()["name"].as_str().unwrap();
    let words = |states: &[(&str, &str)]| -> Vec<(String, String)> {
        states.iter().map(|(id, state)| ((*id).to_owned(), (*state).to_owned())).collect()
    };
    assert_eq!(story.states("fab"), words(&[("17.0", "running")]));
    assert_eq!(story.states("era2"), words(&[("2001.2", "done"), ("2001.1", "fault"), ("2001.0", "done")]));
    let workers = words(&[("1236.0", "fault"), ("1235.0", "done"), ("1234.0", "running")]);
    assert_eq!(story.states("CERN_central_A"), workers);
    eventually("our own pilot", || story.states(ours).iter().any(|(_, state)| state == "running").then_some(()));
    story.sh(Command::new(PROGRAM).args(["kill", "1"]));
    story.end();
}
