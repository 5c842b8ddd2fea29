//! A name belongs to one factory.

use crate::apart::Site;
use crate::support::{PROGRAM, eventually};
use assert_cmd::Command;
use serde_json::Value;

fn process(site: &Site) -> Value {
    let listed: Value = serde_json::from_str(&site.run(&["factories", "--json"])).unwrap();
    listed["factories"][0]["pid"].clone()
}

#[test]
fn another_host_is_refused_and_a_later_process_takes_over() {
    let site = Site::new();
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    let first = site.factory();
    eventually("the first to be known", || process(&site).is_number().then_some(()));
    let known = process(&site);

    let mut elsewhere = Command::new("unshare");
    elsewhere.args([
        "--user",
        "--map-root-user",
        "--uts",
        "sh",
        "-c",
        "hostname elsewhere; exec \"$0\" \"$@\"",
        PROGRAM,
    ]);
    elsewhere.args(["factory", "run", "--config", &site.factory_file]).envs(site.place.environment());
    let refused = elsewhere.timeout(std::time::Duration::from_secs(30)).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("factory 'apart' is process {known} on ")), "{said}");
    assert_eq!(process(&site), known);

    // Of two on one host, as when somebody starts it by hand beside its unit, the later one stays.
    let second = site.factory();
    eventually("the second to be the factory", || (process(&site) != known).then_some(()));
    let job = site.submit("#!/bin/sh\ntrue\n");
    assert_eq!(first.ended(), Some(1));
    assert!(site.place.log().contains(&format!("factory 'apart' is process {} on ", process(&site))));
    eventually("a job to be served", || (site.job(&job)["state"] == "finished").then_some(()));
    second.stop();
    server.stop();
    site.place.assert_empty();
}
