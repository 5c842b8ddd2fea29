//! Holding labels back on the command line, with a server and a factory as processes of their own.

use crate::apart::Site;
use crate::support::eventually;
use serde_json::Value;
use std::time::{Duration, Instant};

fn json(site: &Site, args: &[&str]) -> Value {
    let text = site.run(args);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
}

fn refused(site: &Site, args: &[&str]) -> String {
    let token = std::fs::read_to_string(site.place.dir().join("admin.token")).unwrap();
    let mut command = site.place.bare(args);
    let output = command.env("PILOTAGE_URL", &site.url).env("PILOTAGE_TOKEN", token.trim()).output().unwrap();
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn last_decision(site: &Site) -> String {
    site.run(&["decisions", "--label", "one", "--last", "1"])
}

#[test]
fn a_pause_holds_over_restarts_of_both_until_it_is_ended() {
    let site = Site::new();
    let (server, factory) = (site.server(), site.factory());
    site.run(&["queues", "define", "own"]);
    eventually("the factory's label", || site.run(&["factories"]).contains("one").then_some(()));
    let given = site.run(&["factories", "pause", "apart", "one", "--reason", "CE under repair", "--for", "4h"]);
    assert!(given.starts_with("order 1: label one paused by ") && given.ends_with(": CE under repair\n"), "{given}");
    let job = site.submit("exit 0\n");
    eventually("a decision that says so", || last_decision(&site).contains("CE under repair").then_some(()));
    server.stop();
    factory.stop();

    let (server, factory) = (site.server(), site.factory());
    let held = |text: &str| text.contains("paused by ") && text.contains("CE under repair");
    assert!(held(&site.run(&["factories"])) && held(&site.run(&["factories", "orders", "apart"])));
    assert!(site.run(&["labels"]).contains("paused"));
    let rehearsed = json(&site, &["factory", "dry-run", "--config", &site.factory_file, "--json"]);
    assert_eq!(rehearsed[0]["submit"], 0, "{rehearsed}");
    assert_eq!(site.job(&job)["state"], "activated");
    assert_eq!(site.run(&["pilots"]), "no pilots\n");

    let hint = refused(&site, &["factories", "resume", "apart"]);
    assert!(
        hint.contains("no order holds all labels of factory apart") && hint.contains("order 1: label one"),
        "{hint}"
    );
    let ended = site.run(&["factories", "resume", "apart", "one", "--reason", "repaired"]);
    assert_eq!(ended, "order 1 on label one has ended\n");
    eventually("the job", || (site.job(&job)["state"] == "finished").then_some(()));
    let all = json(&site, &["factories", "orders", "--all", "--json"]);
    assert_eq!(all["orders"][0]["ended"]["reason"], "repaired", "{all}");
    assert_eq!(site.run(&["factories", "orders"]), "no orders\n");
    factory.stop();
    server.stop();
    site.place.assert_empty();
}

#[test]
fn a_test_pilot_comes_within_a_second_and_a_factory_stops_without_its_pilots() {
    let site = Site::new();
    let (server, factory) = (site.server(), site.factory());
    site.run(&["queues", "define", "own"]);
    eventually("the factory's label", || site.run(&["factories"]).contains("one").then_some(()));
    eventually("the first decision", || (!last_decision(&site).starts_with("no decisions")).then_some(()));
    site.run(&["factories", "drain", "apart", "--reason", "new node image"]);
    let no = refused(&site, &["factories", "test", "apart", "two"]);
    assert!(no.contains("there is no label 'two'"), "{no}");
    let words = |output: String| output.contains("refused: label one is draining by ");
    eventually("the drain in force", || {
        let token = std::fs::read_to_string(site.place.dir().join("admin.token")).unwrap();
        let mut command = site.place.bare(&["factories", "test", "apart", "one"]);
        let output = command.env("PILOTAGE_URL", &site.url).env("PILOTAGE_TOKEN", token.trim()).output().unwrap();
        words(String::from_utf8(output.stdout).unwrap()).then_some(())
    });
    site.run(&["factories", "resume", "apart"]);
    site.run(&["factories", "pause", "apart", "--reason", "a test first"]);
    let asked = Instant::now();
    let sent = eventually("a test pilot", || {
        let answer = json(&site, &["factories", "test", "apart", "one", "--json"]);
        (answer[0]["state"] == "done").then(|| answer[0]["pilot"].clone())
    });
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let pilot = json(&site, &["pilots", "show", &sent.to_string(), "--json"]);
    assert!(pilot["test"].is_number(), "{pilot}");
    eventually("it runs", || {
        (json(&site, &["pilots", "-s", "running", "--json"])["pilots"][0]["id"] == sent).then_some(())
    });
    assert_eq!(site.run(&["factories", "stop", "apart"]), "factory apart: done: ends; its pilots stay\n");
    assert_eq!(factory.ended(), Some(0));
    assert!(!site.pilots().is_empty(), "its pilots go on");
    site.run(&["pilots", "drain", &sent.to_string()]);
    eventually("the pilot's end", || site.pilots().is_empty().then_some(()));
    server.stop();
}
