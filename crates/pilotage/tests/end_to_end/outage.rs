//! The server is away while pilots end.

use crate::support::{PROGRAM, Place, Role, eventually, free_port, kill};
use serde_json::Value;
use std::fs;

/// A server and a factory apart from it, with one label of three slots.
struct Site {
    place: Place,
    url: String,
    server_file: String,
    factory_file: String,
}

impl Site {
    fn new() -> Site {
        let (place, port) = (Place::new(), free_port());
        let (dir, url) = (place.dir(), format!("http://127.0.0.1:{port}"));
        let server = format!("dir = \"{}\"\nlisten = \"127.0.0.1:{port}\"\n", dir.display());
        let factory = format!(
            "[factory]\nname = \"apart\"\nservers = [\"{url}\"]\ntoken_file = \"{}\"\ndir = \"{}\"\ncycle_s = 1\n\n\
             [batch.machine]\nsystem = \"local\"\n\n[label.one]\nqueue = \"own\"\nbatch = \"machine\"\nslots = 3\ncores = 3\n",
            dir.join("factory.token").display(),
            place.path("factory").display(),
        );
        let server_file = place.write("server.toml", server).display().to_string();
        let factory_file = place.write("factory.toml", factory).display().to_string();
        Site { place, url, server_file, factory_file }
    }

    fn server(&self) -> Role {
        Role::start(&self.place, &["server", "--config", &self.server_file], true)
    }

    fn run(&self, args: &[&str]) -> String {
        let token = fs::read_to_string(self.place.dir().join("admin.token")).unwrap();
        let mut command = self.place.bare(args);
        let output = command.env("PILOTAGE_URL", &self.url).env("PILOTAGE_TOKEN", token.trim()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}{}", self.place.log());
        String::from_utf8(output.stdout).unwrap()
    }

    fn submit(&self, script: &str) -> String {
        let file = self.place.write("job.sh", script);
        let answer: Value = serde_json::from_str(&self.run(&["submit", "--json", file.to_str().unwrap()])).unwrap();
        answer["jobs"][0]["id"].to_string()
    }

    fn pilots(&self) -> Vec<i32> {
        let begins = format!("{PROGRAM} pilot");
        self.place.processes().into_iter().filter(|(_, line)| line.starts_with(&begins)).map(|(pid, _)| pid).collect()
    }
}

#[test]
fn results_survive_although_their_pilots_end_while_the_server_is_stopped() {
    let site = Site::new();
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    // Pilots inherit this: they do not wait long for a server at their end.
    let factory = Role::start_with(
        &site.place,
        &["factory", "run", "--config", &site.factory_file],
        &[("PILOTAGE_LINGER_S", "1")],
    );
    let (runs, ends, go) = (site.place.path("runs"), site.place.path("ends"), site.place.path("go"));
    let script = |work: &str| {
        format!(
            "#!/bin/sh\n#PILOTAGE --output result\necho $PILOTAGE_JOB_ID >> {}\nwhile [ ! -e {} ]; do sleep 0.05; done\n{work}\necho >> {}\n",
            runs.display(),
            go.display(),
            ends.display()
        )
    };
    let lines = |path: &std::path::Path| fs::read_to_string(path).map_or(0, |text| text.lines().count());
    let short = site.submit(&script("echo short; echo 42 > result"));
    let long = site.submit(&script("i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i+1)); done; echo 42 > result"));
    let fails = site.submit(&script("echo wrong >&2; echo >> {}; exit 7").replace("{}", ends.to_str().unwrap()));
    eventually("all jobs to run", || (lines(&runs) == 3).then_some(()));
    server.crash();
    fs::write(&go, "").unwrap();
    eventually("all jobs to end", || (lines(&ends) == 3).then_some(()));
    site.pilots().into_iter().for_each(|pid| kill(pid, "TERM"));
    eventually("the pilot to end", || site.pilots().is_empty().then_some(()));

    let server = site.server();
    let ended = |id: &str| {
        let job: Value = serde_json::from_str(&site.run(&["job", "--json", id])).unwrap();
        matches!(job["state"].as_str(), Some("finished" | "failed")).then_some(job)
    };
    let jobs = [&short, &long, &fails].map(|id| eventually("its result", || ended(id)));
    let told = jobs.each_ref().map(|job| (job["state"].as_str().unwrap(), job["attempt"].as_i64().unwrap()));
    assert_eq!(told, [("finished", 1), ("finished", 1), ("failed", 1)], "{}", site.place.log());
    assert_eq!(jobs[2]["exit_code"], 7);
    assert_eq!(jobs[0]["outputs"], serde_json::json!(["result"]));
    assert_eq!(site.run(&["logs", &short]), "short\n");
    assert_eq!(site.run(&["logs", &long]), (0..2000).map(|i| format!("line-{i}\n")).collect::<String>());
    assert_eq!(site.run(&["logs", "--stderr", &fails]), "wrong\n");
    assert_eq!(lines(&runs), 3, "nothing ran again");
    factory.stop();
    server.stop();
    site.place.assert_empty();
}
