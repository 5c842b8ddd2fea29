//! A factory that leaves its pilots as they are, as at the restart of its service.

use crate::apart::Site;
use crate::support::{eventually, wait_for_file};
use std::fs;

#[test]
fn a_factory_that_leaves_disturbs_no_pilot_and_the_next_one_takes_them_over() {
    let site = Site::new();
    let server = site.server();
    site.run(&["queues", "define", "own", "--site", "here"]);
    let factory = site.factory();
    let (runs, go) = (site.place.path("runs"), site.place.path("go"));
    let wait = format!("while [ ! -e {} ]; do sleep 0.05; done", go.display());
    let job = site.submit(&format!("#!/bin/sh\ntouch {}\n{wait}\necho done\n", runs.display()));
    wait_for_file(&runs);
    let pilots = site.pilots();
    factory.end_by("USR1");
    assert_eq!((pilots.len(), site.pilots()), (1, pilots), "the pilot is as it was");
    let factory = site.factory();
    fs::write(&go, "").unwrap();
    eventually("the job's end", || (site.job(&job)["state"] == "finished").then_some(()));
    assert_eq!(site.job(&job)["attempt"], 1);
    factory.stop();
    server.stop();
    site.place.assert_empty();
}
