//! What an operator of factories looks at and does.

use crate::apart::Site;
use crate::support::{Place, Role, Up, eventually};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

fn json(site: &Site, args: &[&str]) -> Value {
    let text = site.run(args);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

/// A server with its queue, and a factory whose label has one pilot that runs a long job.
fn busy() -> (Site, Role, Role, String) {
    let site = Site::new();
    let server = site.server();
    let factory = site.factory();
    site.run(&["queues", "define", "own"]);
    let job = site.submit("sleep 600\n");
    eventually("the job running", || (site.job(&job)["state"] == "running").then_some(()));
    (site, server, factory, job)
}

#[test]
fn labels_and_old_pilots_are_shown_and_pilots_are_killed_by_label_and_state() {
    let (site, server, factory, job) = busy();
    let labels = json(&site, &["labels", "--json"]);
    let label = &labels["labels"][0];
    assert_eq!((label["label"].as_str(), label["batch"].as_str()), (Some("one"), Some("machine")), "{labels}");
    assert_eq!((&label["pilots"]["running"], &label["waits"]), (&1.into(), &Value::Null), "{labels}");
    let pilot = label["runs"]["pilot"].to_string();
    let table = site.run(&["labels"]);
    assert!(table.contains(&format!("(pilot {pilot})")), "{table}");
    assert_eq!(site.run(&["pilots", "--older-than", "8d"]), "no pilots\n");
    let old = json(&site, &["pilots", "--older-than", "0s", "--json"]);
    assert_eq!(old["pilots"][0]["id"].to_string(), pilot);

    let cycle = site.run(&["factories", "cycle", "apart"]);
    assert_eq!(cycle, "factory apart: done: a cycle runs\n");
    let none = site.run(&["pilots", "kill", "--label", "one", "--state", "pending"]);
    assert_eq!(none, "factory apart: done: 0 pilots were taken out\n");
    let killed = json(&site, &["pilots", "kill", "--label", "one", "--state", "running", "--json"]);
    assert_eq!((&killed[0]["state"], &killed[0]["note"]), (&"done".into(), &"1 pilot was taken out".into()));
    let is_live = || json_ids(&json(&site, &["pilots", "--json", "--live"])).contains(&pilot);
    eventually("its end", || (!is_live()).then_some(()));
    site.run(&["kill", &job]);
    factory.stop();
    server.stop();
    site.place.assert_empty();
}

fn json_ids(pilots: &Value) -> Vec<String> {
    pilots["pilots"].as_array().unwrap().iter().map(|pilot| pilot["id"].to_string()).collect()
}

#[test]
fn nothing_is_killed_without_a_choice_or_by_a_name_that_nothing_has() {
    let up = Up::with(&["--slots", "1"]);
    let code = |args: &[&str]| {
        let output = up.client(args).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(code(&["pilots", "kill"]).0, 2);
    let (status, said) = code(&["pilots", "kill", "--label", "lokal"]);
    assert!(status == 2 && said.contains("there is no label 'lokal'"), "{status} {said}");
    assert_eq!(code(&["labels", "--queue", "nowhere"]).0, 2);
    assert_eq!(code(&["factories", "cycle", "nobody"]).0, 1);
    up.stop();
}

const BROKEN: &str = "[batch.machine]\nsystem = \"local\"\n\n[label.broken]\nqueue = \"broken\"\nbatch = \"machine\"\n\
                      scratch = \"/proc/nowhere\"\n";

#[test]
fn failed_pilots_are_counted_by_class_and_found_by_what_they_wrote() {
    let place = Place::new();
    let file = place.write("up.toml", BROKEN);
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "0", "--config", file.to_str().unwrap()]);
    let job = up.submit(&["--queue", "broken", "--", "true"]);
    let hit = eventually("a hit", || {
        let found = up.json(&["pilots", "search", "/PROC/Nowhere", "--json"]);
        found["hits"].as_array()?.first().cloned()
    });
    assert_eq!((&hit["pilot"]["label"], &hit["kind"]), (&"broken".into(), &"err".into()), "{hit}");
    assert!(hit["line"].as_str().unwrap().contains("/proc/nowhere"), "{hit}");
    let none = up.out(&["pilots", "search", "no such words"]);
    assert!(none.starts_with("nothing in the logs of "), "{none}");
    assert_eq!(
        up.json(&["pilots", "search", "/proc/nowhere", "--kind", "log", "--json"])["hits"],
        Value::Array(vec![])
    );

    let ends = up.json(&["pilots", "ends", "--json", "--label", "broken"]);
    let end = &ends["ends"][0];
    assert_eq!((&end["state"], &end["error_class"]), (&"fault".into(), &"node".into()), "{ends}");
    assert!(end["pilots"].as_u64().unwrap() >= 1 && end["message"].as_str().unwrap().contains("/proc/nowhere"));
    let factory = end["factory"].as_str().unwrap();
    let history = up.json(&["pilots", "history", "--factory", factory, "--label", "broken", "--hours", "1", "--json"]);
    assert!(history["total"]["fault"].as_u64().unwrap() >= 1, "{history}");
    assert!(up.out(&["pilots", "history"]).contains("\nfault "));
    let words = up.out(&["pilots", "ends", "--hours", "1"]);
    assert!(words.contains("0 pilots done, ") && words.contains("/proc/nowhere"), "{words}");
    up.out(&["kill", &job.to_string()]);
    up.stop();
}

#[test]
fn a_dry_run_prints_what_would_be_submitted_and_does_nothing() {
    let site = Site::new();
    let server = site.server();
    site.run(&["queues", "define", "own"]);
    site.submit("exit 0\n");
    let args = ["factory", "dry-run", "--config", &site.factory_file];
    let words = site.run(&args);
    let described = site.run(&["factory", "describe", "one", "--config", &site.factory_file]);
    assert!(words.contains("would be submitted, 1 times:\n\n"), "{words}");
    assert!(words.ends_with(&described), "{words}\n{described}");
    let rehearsed = json(&site, &[&args[..], &["--json"]].concat());
    assert_eq!((&rehearsed[0]["submit"], &rehearsed[0]["decision"]["number"]), (&1.into(), &1.into()));
    assert_eq!(rehearsed[0]["description"].as_str(), Some(described.as_str()));
    assert_eq!(site.run(&["pilots"]), "no pilots\n");
    assert_eq!(site.run(&["decisions"]), "no decisions yet\n");
    let mut command = site.place.bare(&["factory", "dry-run", "two", "--config", &site.factory_file]);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
    server.stop();
    site.place.assert_empty();
}

/// A page as a browser gets it.
pub fn page(up: &Up, path: &str) -> String {
    let host = up.url.strip_prefix("http://").unwrap();
    let token = std::fs::read_to_string(up.place.dir().join("admin.token")).unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAccept: text/html\r\n");
    stream.write_all(format!("{head}Authorization: Bearer {}\r\n\r\n", token.trim()).as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn pages_link_to_other_monitors_by_the_patterns_of_the_configuration() {
    let place = Place::new();
    let links = "[server.links.job]\n\"PanDA monitor\" = \"https://panda.example/job/{id}/\"\n\
                 [server.links.pilot]\n\"APF monitor\" = \"http://apf.example/{factory}/{batch_id}\"\n";
    let file = place.write("up.toml", links).to_str().unwrap().to_owned();
    let up = Up::in_place(place, "127.0.0.1:0", &["--slots", "1", "--config", &file]);
    let job = up.submit(&["--", "true"]).to_string();
    up.wait(&job, 0);
    let shown = page(&up, &format!("/jobs/{job}"));
    let link = format!("<a href=\"https://panda.example/job/{job}/\" rel=\"external noreferrer\">PanDA monitor</a>");
    assert!(shown.contains(&link), "{shown}");
    let pilots = up.json(&["pilots", "--json"]);
    let pilot = &pilots["pilots"][0];
    let shown = page(&up, &format!("/pilots/{}", pilot["id"]));
    let link =
        format!("http://apf.example/{}/{}", pilot["factory"].as_str().unwrap(), pilot["batch_id"].as_str().unwrap());
    assert!(shown.contains(&link), "{shown}");
    up.place.write("up.toml", links.replace("{id}", "{idd}"));
    let refused = up.place.bare(&["up", "--dir", up.place.path("other").to_str().unwrap(), "--config", &file]).output();
    let refused = refused.unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && said.contains("there is no field 'idd'; did you mean 'id'?"), "{said}");
    up.stop();
}
