//! A label whose nodes are broken is held back by its alarm, tested, and comes back when they are mended.

use crate::apart::{Site, append};
use crate::support::eventually;
use std::fs;

#[test]
fn a_broken_label_is_held_back_over_a_crash_and_comes_back_when_a_test_pilot_works() {
    let site = Site::new();
    let repository = site.place.path("repository");
    let node =
        format!("idle_s = 1\nsched.backoff.interval = 0\n\n[label.one.node]\ncvmfs = [\"{}\"]\n", repository.display());
    append(&site.factory_file, &node);
    append(
        &site.server_file,
        "\n[alarms]\nevery = \"1s\"\nclear_after = \"1s\"\n\n[alarms.rules.fault-ratio]\nleast = 1\nhold = \"0s\"\n\
         exclude = \"12s\"\n",
    );
    let (server, factory) = (site.server(), site.factory());
    site.run(&["queues", "define", "own"]);
    let job = site.submit("exit 0\n");
    let orders = || site.run(&["factories", "orders", "apart"]);
    eventually("an order of the alarm", || orders().contains("paused by alarms until ").then_some(()));
    eventually("a decision that says so", || {
        site.run(&["decisions", "--label", "one", "--last", "1"]).contains("% of its pilots end in fault").then_some(())
    });
    server.crash();
    let server = site.server();
    assert!(orders().contains("paused by alarms until "), "{}", orders());

    let given = orders();
    let alarm = given.split("alarm ").nth(1).and_then(|rest| rest.split(':').next()).unwrap().to_owned();
    let history = || site.run(&["alarms", "show", &alarm]);
    eventually("a test pilot that fails", || history().contains("label tested: test pilot ").then_some(()));
    assert_eq!(site.job(&job)["state"], "activated", "nothing else comes");
    fs::create_dir_all(repository.join("vo")).unwrap();
    eventually("a test pilot that works", || {
        let text = history();
        assert!(!text.contains("time of order"), "nothing flowed before: {text}");
        text.contains("label let go: test pilot ").then_some(())
    });
    assert_eq!(orders(), "no orders\n");
    let next = site.submit("exit 0\n");
    eventually("both jobs", || [&job, &next].into_iter().all(|job| site.job(job)["state"] == "finished").then_some(()));
    factory.stop();
    server.stop();
}
