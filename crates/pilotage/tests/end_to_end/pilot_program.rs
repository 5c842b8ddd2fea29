//! Pilots whose nodes do not see the factory's own program.

use crate::apart::Site;
use crate::support::{PROGRAM, Place, eventually};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A directory on the web.
struct Web {
    server: Child,
    url: String,
}

impl Web {
    fn of(dir: &Path) -> Web {
        let mut command = Command::new("python3");
        command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]).arg(dir);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.split_whitespace().skip_while(|word| *word != "port").nth(1).unwrap_or_default();
        Web { server, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn pilot_program() -> PathBuf {
    let path = Path::new(PROGRAM).with_file_name("pilotage-pilot");
    assert!(path.exists(), "{} is missing; build the whole workspace", path.display());
    path
}

fn runs_a_job(place: Place, lines: &str) {
    let site = Site::in_place(place, lines);
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    let factory = site.factory();
    let job = site.submit("#!/bin/sh\ntr '\\0' ' ' </proc/$(cut -d' ' -f4 /proc/$PPID/stat)/cmdline\n");
    eventually("the job's end", || (site.job(&job)["state"] == "finished").then_some(()));
    let program = site.run(&["logs", &job]);
    assert!(program.contains("pilotage-pilot"), "{program}");
    factory.stop();
    server.stop();
    site.place.assert_empty();
}

#[test]
fn nodes_download_the_program_and_check_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::copy(pilot_program(), dir.path().join("pilotage-pilot")).unwrap();
    let sum = Command::new("sha256sum").arg(dir.path().join("pilotage-pilot")).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    let web = Web::of(dir.path());
    let sum = sum.split_whitespace().next().unwrap();
    runs_a_job(Place::new(), &format!("pilot_url = \"{}/pilotage-pilot\"\npilot_sha256 = \"{sum}\"\n", web.url));
}

#[test]
fn nodes_have_the_program_at_a_path_of_their_own() {
    runs_a_job(Place::new(), &format!("pilot = \"{}\"\n", pilot_program().display()));
}

#[test]
fn what_cannot_name_a_program_is_refused() {
    let place = Place::new();
    let file = place.write(
        "factory.toml",
        "[factory]\nname = \"f\"\npilot = \"bin/pilot\"\npilot_url = \"ftp://x/y\"\npilot_sha256 = \"12\"\n",
    );
    let output = place.bare(&["factory", "check", "--config", file.to_str().unwrap()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).replace(place.path("").to_str().unwrap(), "");
    assert_eq!(output.status.code(), Some(2), "{said}");
    for line in [
        "factory.toml:3:factory.pilot: must be an absolute path, the same on every node",
        "factory.toml:4:factory.pilot_url: is set beside pilot; one of them names the program",
        "factory.toml:4:factory.pilot_url: is no http:// or https:// URL",
        "factory.toml:5:factory.pilot_sha256: is not 64 hexadecimal digits",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
}
