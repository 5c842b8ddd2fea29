//! The disk of a server is full: pages stay up and say so, nothing that was accepted is lost, and it goes on by itself.

use crate::operators::page;
use crate::support::{Up, eventually};
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

/// The file system of 32 MiB that the test was started for.
const SMALL: &str = "PILOTAGE_TEST_SMALL_DISK";
const NAME: &str = "server_disk::when_its_disk_is_full_pages_stay_up_and_say_so";
const FULL: &str = "no space is left for the database";

/// Somebody who is logged in by the form.
struct Browser {
    host: String,
    cookie: String,
}

impl Browser {
    fn log_in(up: &Up) -> Browser {
        let host = up.url.strip_prefix("http://").unwrap().to_owned();
        let token = fs::read_to_string(up.place.dir().join("admin.token")).unwrap();
        let browser = Browser { host, cookie: String::new() };
        let answer = browser.send("POST", "/login", &format!("token={}", token.trim()));
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
        Browser { cookie, ..browser }
    }

    fn get(&self, path: &str) -> String {
        self.send("GET", path, "")
    }

    fn log_out(&self) {
        self.send("POST", "/logout", "");
    }

    fn send(&self, method: &str, path: &str, form: &str) -> String {
        let (host, cookie, length) = (&self.host, &self.cookie, form.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        );
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The program runs itself where a small file system is mounted that nobody else sees.
#[test]
fn when_its_disk_is_full_pages_stay_up_and_say_so() {
    if let Some(disk) = std::env::var_os(SMALL) {
        return fill(Path::new(&disk));
    }
    let disk = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size=32m none {} && exec \"$@\"", disk.path().display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &mount, "sh"]).arg(std::env::current_exe().unwrap());
    let status =
        command.args([NAME, "--exact", "--nocapture"]).env(SMALL, disk.path()).env("TMPDIR", disk.path()).status();
    assert!(status.unwrap().success());
}

/// Submits a job; the words of the refusal when it is not accepted.
fn submit(up: &Up) -> Result<i64, String> {
    let output = up.client(&["submit", "--json", "--", "true"]).output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    Ok(answer["jobs"][0]["id"].as_i64().unwrap())
}

fn fill(disk: &Path) {
    let up = Up::start();
    let first = up.submit(&["--", "true"]);
    up.wait(&first.to_string(), 0);
    let filler = disk.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    let mut accepted = vec![first];
    let refusal = eventually("a job to be refused", || submit(&up).map(|id| accepted.push(id)).err());
    assert!(refusal.contains(FULL) && refusal.contains("failed to be served by the server"), "{refusal}");
    for path in ["/", "/jobs", "/pilots", "/factories", "/alarms", &format!("/jobs/{first}")] {
        let shown = page(&up, path);
        assert!(shown.starts_with("HTTP/1.1 200") && shown.contains("Nothing could be written for"), "{path}: {shown}");
        assert!(shown.contains(FULL), "{path}: {shown}");
    }
    assert!(page(&up, "/readyz").starts_with("HTTP/1.1 503"));
    let browser = Browser::log_in(&up);
    let shown = browser.get("/");
    assert!(shown.starts_with("HTTP/1.1 200") && shown.contains(FULL), "whoever wants to see why is let in: {shown}");
    fs::remove_file(&filler).unwrap();
    eventually("the page to say no more of it", || (!page(&up, "/").contains(FULL)).then_some(()));
    accepted.push(eventually("a job to be accepted", || submit(&up).ok()));
    for id in accepted {
        up.wait(&id.to_string(), 0);
    }
    assert!(browser.get("/").starts_with("HTTP/1.1 200"));
    browser.log_out();
    assert!(browser.get("/").starts_with("HTTP/1.1 303"), "the session that was not written down has ended");
    up.stop();
}
