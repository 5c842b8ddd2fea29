//! The configuration of a computing centre that ran AutoPyFactory, from its files to submit files: 50 queues, every
//! documented key, every flavour. What AutoPyFactory would have written lies in `tests/autopyfactory/submit`; it was
//! written down from its reference.

use crate::apf::Apf;
use crate::condor::Site;
use crate::submit_file::SubmitFile;
use crate::support::Up;
use crate::voms::{copy, folder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FILES: [&str; 7] = [
    "autopyfactory.conf",
    "queues.conf",
    "queues.d",
    "auth.conf",
    "monitor.conf",
    "mappings.conf",
    "agisdefaults.conf",
];
/// The monitor and the information system that the files name.
const MONITOR: &str = "http://apfmon.lancs.example/api";
const AGIS: &str = "http://cric.example/request/pandaqueue/query/list/?json&preset=schedconf.all";
/// Whose proxies the files name; the VO of the test's server takes its place.
const VO: &str = "atlas:/atlas";

/// The centre after its move.
struct Centre {
    up: Up,
    monitor: Apf,
    path: String,
    conf: String,
    report: String,
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/autopyfactory").join(name)
}

/// All files of a folder or one file, by their names.
fn texts(name: &str) -> Vec<(String, String)> {
    let path = fixture(name);
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    if path.is_file() {
        return vec![(name.to_owned(), read(&path))];
    }
    let entries = fs::read_dir(path).unwrap().flatten();
    entries.map(|entry| (format!("{name}/{}", entry.file_name().to_str().unwrap()), read(&entry.path()))).collect()
}

/// The queues that PanDA has: here our own server plays it.
fn queues() -> Vec<String> {
    let texts = ["queues.conf", "queues.d"].into_iter().flat_map(texts);
    let mut names: Vec<String> = texts
        .flat_map(|(_, text)| {
            text.lines().filter_map(|line| Some(line.strip_prefix("wmsqueue = ")?.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    names.push("AGIS_PROD".to_owned());
    names
}

impl Centre {
    fn new() -> Centre {
        let site = Site::new();
        let (path, conf) = (format!("{}:/usr/bin:/bin", site.bin.display()), site.conf.clone());
        let queues = queues();
        let sections: String = queues.iter().map(|name| format!("[queue.{name}]\n")).collect();
        let file = site.place.write("up.toml", sections);
        let up =
            Up::in_place(site.place, "127.0.0.1:0", &["--slots", "0", "--compat", "--config", file.to_str().unwrap()]);
        for queue in &queues {
            up.out(&["submit", "--queue", queue, "--array", "4", "--", "true"]);
        }
        let mut centre = Centre { up, monitor: Apf::start(), path, conf, report: String::new() };
        centre.copy_files();
        centre.report = centre.import();
        centre.proxies();
        centre
    }

    /// With the monitor, the information system and the VO of this test.
    fn copy_files(&self) {
        let place = &self.up.place;
        fs::create_dir(place.path("queues.d")).unwrap();
        let (monitor, agis) = (self.monitor.url(), fixture("agis.json").display().to_string());
        for (name, text) in FILES.into_iter().flat_map(texts) {
            place.write(&name, text.replace(MONITOR, &monitor).replace(AGIS, &agis).replace(VO, "testvo:/testvo"));
        }
    }

    /// What the import says of every key.
    fn import(&self) -> String {
        let place = &self.up.place;
        let files: Vec<String> = FILES.iter().map(|name| place.path(name).display().to_string()).collect();
        let (dir, url) = (self.dir(), self.up.url.as_str());
        let mut words = vec!["factory", "import", "--server", url, "--panda", url, "--dir", &dir];
        words.extend(files.iter().map(String::as_str));
        let output = self.up.client(&words).env("HOME", "/home/apf").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let token = format!("[factory]\ntoken_file = {:?}\n", place.dir().join("factory.token"));
        place.write("factory.toml", String::from_utf8(output.stdout).unwrap().replacen("[factory]\n", &token, 1));
        String::from_utf8(output.stderr).unwrap()
    }

    /// As a factory that has run for a while has them.
    fn proxies(&self) {
        let dir = PathBuf::from(self.dir()).join("credentials");
        fs::create_dir_all(&dir).unwrap();
        let user = self.up.place.user().unwrap();
        assert!(Command::new("chown").args(["-R", user, &self.dir()]).status().unwrap().success());
        let (certificate, key) = (copy(&self.up.place, "usercert.pem"), copy(&self.up.place, "userkey.pem"));
        for (name, role) in [
            ("atlas-production", "Role=production"),
            ("atlas-pilot", "Role=pilot"),
            ("atlas-user", ""),
            ("atlas-user-myproxy", ""),
        ] {
            let mut init = Command::new("setpriv");
            init.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg("voms-proxy-init");
            init.args(["-valid", "23:00", "-voms"]).arg(format!("testvo:/testvo/{role}").trim_end_matches('/'));
            init.arg("-cert").arg(&certificate).arg("-key").arg(&key).arg("-out").arg(dir.join(format!("{name}.pem")));
            init.arg("-vomses").arg(folder().join("vomses")).env("X509_VOMS_DIR", folder().join("vomsdir"));
            let output = init.env("X509_CERT_DIR", folder().join("certificates")).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
    }

    fn dir(&self) -> String {
        self.up.place.path("factory").display().to_string()
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = self.up.place.program();
        command.args(["factory", words[0], "--config"]).arg(self.up.place.path("factory.toml")).args(&words[1..]);
        command.env("PATH", &self.path).env("CONDOR_CONFIG", &self.conf).envs(self.up.place.environment());
        command.output().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// A file of `submit`, with what this test put in the place of what the configuration names.
    fn demanded(&self, text: &str, label: &str, date: &str) -> String {
        let mut text = text.replace("DATE", date).replace(MONITOR, &self.monitor.url());
        for (theirs, ours) in [("prod", "atlas-production"), ("pilot", "atlas-pilot")] {
            // Renewed ones lie in the factory's directory.
            let renewed = format!("{}/credentials/{ours}.pem", self.dir());
            text = text.replace(&format!("/var/lib/autopyfactory/{theirs}.proxy"), &renewed);
        }
        let written = text.lines().find_map(|line| line.strip_prefix("+APF_QUEUE = ")).unwrap().trim_matches('"');
        // Names of labels have no '/' and no ':'.
        text.replace(&written.to_owned(), label)
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_computing_centre_moves_from_autopyfactory() {
    let centre = Centre::new();
    assert!(
        centre.report.contains("\n50 labels; of the keys ") && centre.report.contains(" 0 unknown, 0 bad\n"),
        "{}",
        centre.report
    );

    let check = centre.run(&["check"]);
    assert!(check.status.success(), "{}", text(&check));
    assert!(text(&check).contains(": 51 labels for factory GRIDLAB-apf1-prod\n"), "{}", text(&check));
    assert_eq!(text(&check).matches("warn label ").count(), 26, "{}", text(&check));

    let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let plans = centre.json(&["dry-run"]);
    let plans: BTreeMap<&str, &Value> =
        plans.as_array().unwrap().iter().map(|plan| (plan["decision"]["label"].as_str().unwrap(), plan)).collect();
    assert_eq!(plans.len(), 50, "one queue is disabled, one comes from the information system");
    for (label, plan) in &plans {
        explains(&centre, label, plan);
    }
    let off = centre.json(&["explain", "GRIDLAB_TEST-local"]);
    assert_eq!((&off["number"], &off["steps"][0]["plugin"]), (&1.into(), &"Fixed".into()), "{off}");

    let files = texts("submit");
    for (name, file) in &files {
        let label = name.strip_prefix("submit/").and_then(|name| name.strip_suffix(".sub")).unwrap();
        let plan = plans.get(label).unwrap_or_else(|| panic!("no plan for {label}"));
        let ours = SubmitFile::read(plan["description"].as_str().unwrap());
        ours.assert_is(&SubmitFile::read(&centre.demanded(file, label, &date)), label);
        assert_eq!(ours.own["+PilotageFactory"], "\"GRIDLAB-apf1-prod\"");
        assert!(file.ends_with(&format!("\nqueue {}\n", plan["submit"])), "{label}: {}", plan["submit"]);
    }
    assert_eq!(files.len(), 17);
    centre.up.stop();
}

/// Explaining a label alone says what the dry run of all says.
fn explains(centre: &Centre, label: &str, plan: &Value) {
    let explained = centre.json(&["explain", label]);
    assert_eq!(explained["steps"], plan["decision"]["steps"], "{label}");
    assert!(explained["steps"].as_array().unwrap().iter().any(|step| step["message"] != ""), "{label}: {explained}");
    assert!(plan["submit"].as_u64().unwrap() > 0 || label == "CLUSTER_LSF2", "{label}: {explained}");
}

#[test]
fn every_flavour_has_a_file_to_compare_with() {
    let named: Vec<String> = texts("submit").into_iter().map(|(_, text)| text).collect();
    for line in [
        "universe = vanilla",
        "grid_resource = batch ",
        "grid_resource = pbs",
        "grid_resource = lsf",
        "grid_resource = ec2 ",
        "grid_resource = condor ",
        "grid_resource = cream ",
        "grid_resource = gt2 ",
        "grid_resource = gt5 ",
        "grid_resource = nordugrid ",
    ] {
        assert!(named.iter().any(|text| text.contains(line)), "no file with {line}");
    }
}
