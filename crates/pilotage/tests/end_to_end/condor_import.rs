//! From AutoPyFactory's files to jobs in the pool.

use crate::condor::Site;
use crate::support::{Up, eventually, kill};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

/// The files of an AutoPyFactory, and a factory that was made of them.
struct Imported {
    up: Up,
    path: String,
    conf: String,
    config: String,
}

const QUEUES: &str = "[DEFAULT]\nenabled = True\nbatchstatusplugin = Condor\nwmsstatusplugin = Panda\n\
    schedplugin = Ready, MaxPerCycle, MaxToRun\nsched.maxpercycle.maximum = 2\nsched.maxtorun.maximum = 2\n\
    executable = HERE/wrapper.sh\nexecutable.arguments = -s %(wmsqueue)s -h %(batchqueue)s\n\
    [SITE-local]\nwmsqueue = pool\nbatchqueue = POOL\nbatchsubmitplugin = CondorLocal\n\
    batchsubmit.condorlocal.environ = SITE_WORD=blue\n\
    batchsubmit.condorlocal.condor_attributes = +AccountingGroup = \"group_x\",request_memory = 33\n\
    batchsubmit.condorlocal.overlay.peaceful = False\n\
    [SITE-ce]\nenabled = False\nwmsqueue = pool\nbatchqueue = POOL\nbatchsubmitplugin = CondorOSGCE\n\
    batchsubmit.condorosgce.gridresource = ce.example.org\n";

impl Imported {
    fn new(queues: &str) -> Imported {
        let site = Site::new();
        let (path, conf) = (format!("{}:/usr/bin:/bin", site.bin.display()), site.conf.clone());
        let file = site.place.write("up.toml", "[server]\nheartbeat = \"1s\"\n\n[queue.pool]\n");
        let words = ["--slots", "0", "--compat", "--config", file.to_str().unwrap()];
        let up = Up::in_place(site.place, "127.0.0.1:0", &words);
        let here = up.place.path("").to_str().unwrap().trim_end_matches('/').to_owned();
        up.place.write("queues.conf", queues.replace("HERE", &here));
        let factory = format!(
            "[Factory]\nfactoryId = {}\nfactoryAdminEmail = nobody@example.org\nbaseLogDirUrl = http://logs.example.org/apf\n\
             queueConf = file://{here}/queues.conf\nbatchstatus.condor.sleep = 1\nwmsstatus.panda.sleep = 1\nmaxperfactory.maximum = 50\n",
            up.place.name()
        );
        up.place.write("autopyfactory.conf", factory);
        let script = "#!/bin/sh\necho \"$FACTORYQUEUE $SITE_WORD $*\"; until [ -e $HERE/go ]; do sleep 0.2; done\n";
        let wrapper = up.place.write("wrapper.sh", script.replace("$HERE", &here));
        fs::set_permissions(wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        let mut imported = Imported { config: format!("{here}/factory.toml"), up, path, conf };
        imported.import();
        imported
    }

    /// Only what no file of AutoPyFactory can say is added.
    fn import(&mut self) {
        let (from, dir) = (self.up.place.path("autopyfactory.conf"), self.up.place.path("factory"));
        let (from, dir) = (from.to_str().unwrap(), dir.to_str().unwrap());
        let url = self.up.url.as_str();
        let imported = self.up.out(&["factory", "import", from, "--server", url, "--panda", url, "--dir", dir]);
        let token = self.up.place.dir().join("factory.token");
        let more = format!("[factory]\ntoken_file = \"{}\"\n", token.display());
        fs::write(&self.config, imported.replacen("[factory]\n", &more, 1)).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.up.place.program();
        command.args(["factory", words[0], "--config", &self.config]).args(&words[1..]);
        command.env("PATH", &self.path).env("CONDOR_CONFIG", &self.conf).envs(self.up.place.environment());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_configuration_of_autopyfactory_passes_the_check_and_shows_what_it_submits() {
    let imported = Imported::new(QUEUES);
    let check = imported.run(&["check"]);
    assert!(check.status.success(), "{}", text(&check));
    let factory = imported.up.place.name();
    let none = format!("condor (condor): condor_q: 0 pilots of factory {factory}");
    assert!(text(&check).contains(&none), "{}", text(&check));

    let shown = text(&imported.run(&["describe", "SITE-local"]));
    for line in [
        "universe = vanilla",
        "+MATCH_APF_QUEUE = \"SITE-local\"",
        "arguments = -s pool -h POOL",
        "+AccountingGroup = \"group_x\"",
        "request_memory = 33",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "no {line} in {shown}");
    }
    assert!(
        shown.contains(&format!("PANDA_JSID={factory} GTAG=http://logs.example.org/apf/")) && !shown.contains("secret"),
        "{shown}"
    );
    let grid = text(&imported.run(&["describe", "SITE-ce"]));
    assert!(grid.contains("grid_resource = condor ce.example.org ce.example.org:9619"), "{grid}");
    let unknown = imported.run(&["describe", "SITE-loca"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown).contains("there is no label 'SITE-loca'; the labels are SITE-ce, SITE-local"));
    assert!(!imported.up.place.path(&format!("factory/batch/condor/{factory}/1")).exists(), "describing makes nothing");

    let gone = Imported::new(&QUEUES.replace("CondorOSGCE", "CondorGT2").replace("condorosgce", "condorgt2"));
    let check = gone.run(&["check"]);
    let words = "label SITE-ce: grid type: HTCondor 10 and later refuse this grid type";
    assert!(check.status.success() && text(&check).contains(words), "{}", text(&check));
    gone.up.stop();
    imported.up.stop();
}

/// Of the last decision; none before the factory has told of its label.
fn facts(up: &Up) -> Value {
    let output = up.client(&["decisions", "--label", "SITE-local", "--last", "1", "--json"]).output().unwrap();
    let decisions: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    decisions["decisions"][0]["facts"].clone()
}

fn fact(facts: &Value, name: &str) -> String {
    let facts = facts.as_array().cloned().unwrap_or_default();
    let found = facts.iter().find(|fact| fact["name"] == name);
    found.map(|fact| fact["value"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

#[test]
fn the_doctor_asks_the_schedd() {
    let site = Site::new();
    let doctor = |conf: &str| {
        let mut command = site.place.program();
        command.arg("doctor").env("PATH", format!("{}:/usr/bin:/bin", site.bin.display())).env("CONDOR_CONFIG", conf);
        text(&command.envs(site.place.environment()).output().unwrap())
    };
    let (well, ill) = (doctor(&site.conf), doctor("/nowhere/condor_config"));
    assert!(well.lines().any(|line| line.starts_with("ok ") && line.contains("HTCondor answers; ")), "{well}");
    assert!(ill.lines().any(|line| line.starts_with("warn") && line.contains("HTCondor: condor_q -totals: ")), "{ill}");
}

/// Pilots of others never say hello. They count as running as soon as they run, and not as coming for ever.
#[test]
fn pilots_of_others_run_and_are_counted() {
    let imported = Imported::new(QUEUES);
    let config = fs::read_to_string(&imported.config).unwrap();
    fs::write(&imported.config, config.replacen("[factory]\n", "[factory]\ncycle_s = 1.0\n", 1)).unwrap();
    let log = fs::File::create(imported.up.place.path("factory.log")).unwrap();
    let mut factory = imported.command(&["run"]).stdin(Stdio::null()).stderr(log).spawn().unwrap();
    let up = &imported.up;
    let id = up.submit(&["--queue", "pool", "--", "true"]);
    let all = || up.json(&["pilots", "--json", "--label", "SITE-local"])["pilots"].as_array().unwrap().clone();
    eventually("both to run", || {
        let facts = facts(up);
        (fact(&facts, "batch.running") == "2" && fact(&facts, "batch.pending") == "0").then_some(())
    });
    assert!(all().iter().all(|pilot| pilot["started"].is_null() && pilot["state"] == "running"), "{:?}", all());
    assert_eq!(all().len(), 2);
    // Nobody waits for jobs any more; what is left ends well.
    up.out(&["kill", &id.to_string()]);
    up.place.write("go", "");
    eventually("them to be done", || all().iter().all(|pilot| pilot["state"] == "done").then_some(()));
    eventually("the output to be shown", || {
        let output = up.client(&["pilots", "logs", "--kind", "out", &all()[0]["id"].to_string()]).output().unwrap();
        text(&output).contains("SITE-local blue -s pool -h POOL").then_some(())
    });
    kill(factory.id() as i32, "TERM");
    assert!(factory.wait().unwrap().success());
    imported.up.stop();
}
