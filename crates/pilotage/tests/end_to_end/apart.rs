//! A server and a factory as processes of their own.

use crate::support::{PROGRAM, Place, Role, free_port};
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

/// Adds lines to a file.
pub fn append(file: &str, lines: &str) {
    OpenOptions::new().append(true).open(file).unwrap().write_all(lines.as_bytes()).unwrap();
}

/// A server and a factory apart from it, with one label of three slots.
pub struct Site {
    pub place: Place,
    pub url: String,
    pub server_file: String,
    pub factory_file: String,
}

impl Site {
    pub fn new() -> Site {
        Site::in_place(Place::new(), "")
    }

    /// With further lines of `[factory]`.
    pub fn in_place(place: Place, lines: &str) -> Site {
        let port = free_port();
        let (dir, url) = (place.dir(), format!("http://127.0.0.1:{port}"));
        let server = format!("dir = \"{}\"\nlisten = \"127.0.0.1:{port}\"\n", dir.display());
        let factory = format!(
            "[factory]\nname = \"apart\"\nservers = [\"{url}\"]\ntoken_file = \"{}\"\ndir = \"{}\"\ncycle_s = 1\n{lines}\n\
             [batch.machine]\nsystem = \"local\"\n\n[label.one]\nqueue = \"own\"\nbatch = \"machine\"\nslots = 3\ncores = 3\n",
            dir.join("factory.token").display(),
            place.path("factory").display(),
        );
        let server_file = place.write("server.toml", server).display().to_string();
        let factory_file = place.write("factory.toml", factory).display().to_string();
        Site { place, url, server_file, factory_file }
    }

    pub fn server(&self) -> Role {
        Role::start(&self.place, &["server", "--config", &self.server_file], true)
    }

    pub fn factory(&self) -> Role {
        Role::start(&self.place, &["factory", "run", "--config", &self.factory_file], false)
    }

    pub fn run(&self, args: &[&str]) -> String {
        let mut command = self.place.bare(args);
        let output = command.env("PILOTAGE_URL", &self.url).env("PILOTAGE_TOKEN", self.token()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {said}{}", self.place.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether the server answers.
    pub fn answers(&self) -> bool {
        self.place
            .bare(&["factories"])
            .env("PILOTAGE_URL", &self.url)
            .env("PILOTAGE_TOKEN", self.token())
            .output()
            .unwrap()
            .status
            .success()
    }

    fn token(&self) -> String {
        fs::read_to_string(self.place.dir().join("admin.token")).unwrap().trim().to_owned()
    }

    pub fn submit(&self, script: &str) -> String {
        let file = self.place.write("job.sh", script);
        let answer: Value = serde_json::from_str(&self.run(&["submit", "--json", file.to_str().unwrap()])).unwrap();
        answer["jobs"][0]["id"].to_string()
    }

    pub fn job(&self, id: &str) -> Value {
        serde_json::from_str(&self.run(&["job", "--json", id])).unwrap()
    }

    pub fn pilots(&self) -> Vec<i32> {
        let begins = format!("{PROGRAM} pilot");
        self.place.processes().into_iter().filter(|(_, line)| line.starts_with(&begins)).map(|(pid, _)| pid).collect()
    }
}
