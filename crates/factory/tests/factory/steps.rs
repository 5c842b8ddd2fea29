//! Steps that go by what became of pilots: their facts are gathered from real ones, cycle by cycle.

use crate::site::{Site, WAITS, cycle_until, wait_until};
use factory::Cycler;
use model::{Decision, PilotId, PilotState as S};

/// Breaks at once where the label says so, and waits elsewhere.
fn breaks_where_told() -> String {
    format!("[ -z \"$BROKEN\" ] || exit 73\n{WAITS}")
}

/// A second end point and a label that serves the same queue by it.
const SECOND: &str = "[batch.there]\nsystem = \"local\"\nslots = 6\ngrace_s = 0.2\n\
    [label.m]\nqueue = \"q\"\nbatch = \"there\"\nsched.maxpercycle.maximum = 1\n";

fn last_of(site: &Site, label: &str) -> Option<Decision> {
    site.server.lock().decisions.iter().rev().find(|decision| decision.label == label).cloned()
}

fn says(site: &Site, label: &str, words: &str) -> bool {
    last_of(site, label).is_some_and(|decision| decision.message().contains(words))
}

fn submitted(site: &Site, label: &str) -> usize {
    site.server.lock().pilots.values().filter(|pilot| pilot.label == label).count()
}

/// A pilot of this id says hello, runs so many jobs and ends well.
async fn lives(site: &Site, cycler: &mut Cycler, pilot: i64, jobs: u64) {
    let id = PilotId(pilot);
    cycle_until(cycler, "it runs", || site.server.lock().pilots.get(&id).is_some_and(|row| row.state == S::Running))
        .await;
    site.server.hello(id);
    site.server.lock().pilots.get_mut(&id).unwrap().jobs_ended = jobs;
    site.go(pilot, 0);
    cycle_until(cycler, "it is done", || site.server.lock().pilots[&id].state == S::Done).await;
}

#[tokio::test]
async fn one_broken_end_point_does_not_stop_the_queue() {
    let site = Site::new(&breaks_where_told());
    site.server.lock().waiting = 100;
    let broken = "environment = { BROKEN = \"yes\" }\nsched.maxpercycle.maximum = 2\n";
    let mut cycler = site.cycler_with(4, &format!("{broken}{SECOND}"));
    cycle_until(&mut cycler, "the broken one waits", || says(&site, "l", "BackOff:in=2,by=")).await;
    let (tried, served) = (submitted(&site, "l"), submitted(&site, "m"));
    for _ in 0..3 {
        cycler.cycle().await;
    }
    assert_eq!(submitted(&site, "l"), tried);
    assert!(served > 0 && submitted(&site, "m") > served || served == 6, "{served}");
    assert!(!says(&site, "m", "BackOff"));
}

#[tokio::test]
async fn submissions_that_are_refused_make_the_end_point_wait() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 100;
    // The kernel takes no variable of this length.
    let refused = format!("environment = {{ LONG = \"{}\" }}\n", "x".repeat(200_000));
    let mut cycler = site.cycler_with(4, &refused);
    for cycle in 1..=3 {
        cycler.cycle().await;
        assert_eq!(submitted(&site, "l"), cycle * 4);
    }
    cycler.cycle().await;
    let held = last_of(&site, "l").unwrap();
    assert_eq!(held.number, 0);
    assert!(held.message().contains(";BackOff:in=100,by=label,failures=3,wait=15,ret=0"), "{}", held.message());
}

#[tokio::test]
async fn empty_pilots_make_their_label_submit_few_also_after_a_restart() {
    let site = Site::new(WAITS);
    let chain = "chain = [\"ReadyFit\", \"ThrottleEmpty\"]\nsched.throttleempty.submit = 0\n";
    let mut cycler = site.cycler_with(4, chain);
    for pilot in 1..=3 {
        site.server.lock().waiting = 1;
        cycler.cycle().await;
        site.server.lock().waiting = 0;
        lives(&site, &mut cycler, pilot, 0).await;
    }
    site.server.lock().waiting = 5;
    cycler.cycle().await;
    let told = "ThrottleEmpty:in=5,total=3,empty=3,ratio=0.5,submit=0,ret=0";
    assert!(says(&site, "l", told), "{:?}", last_of(&site, "l"));

    let mut restarted = site.cycler_with(4, chain);
    restarted.cycle().await;
    assert!(says(&site, "l", told), "{:?}", last_of(&site, "l"));
    assert_eq!(submitted(&site, "l"), 3);
}

#[tokio::test]
async fn pilots_that_end_at_once_are_throttled() {
    let site = Site::new("exit 0\n");
    site.server.lock().waiting = 4;
    let mut cycler = site.cycler_with(4, "chain = [\"ReadyFit\", \"Throttle\"]\nsched.throttle.submit = 0\n");
    cycle_until(&mut cycler, "it is throttled", || says(&site, "l", ",ratio=0.5,submit=0,ret=0")).await;
    let throttled = last_of(&site, "l").unwrap();
    assert!(throttled.message().starts_with("ReadyFit:in=0,activated=4,"), "{}", throttled.message());
    assert_eq!(throttled.number, 0);
}

#[tokio::test]
async fn no_more_pilots_than_a_label_may_ever_have() {
    let site = Site::new(WAITS);
    let chain = "chain = [\"ReadyFit\", \"MaxToSubmit\"]\nsched.maxtosubmit.maximum = 2\n";
    let mut cycler = site.cycler_with(4, chain);
    site.server.lock().waiting = 1;
    cycler.cycle().await;
    lives(&site, &mut cycler, 1, 1).await;
    site.server.lock().waiting = 9;
    let mut restarted = site.cycler_with(4, chain);
    restarted.cycle().await;
    restarted.cycle().await;
    assert_eq!(submitted(&site, "l"), 2);
    assert!(says(&site, "l", "MaxToSubmit:in=8,submitted=2,maxtosubmit=2,ret=0"), "{:?}", last_of(&site, "l"));
}

#[tokio::test]
async fn an_end_point_is_bounded_over_its_labels() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 9;
    let cap = "chain = [\"ReadyFit\", \"MaxPerEndpoint\"]\nsched.maxperendpoint.maximum = 3\n";
    let other = format!("[label.k]\nqueue = \"q\"\nbatch = \"here\"\nsched.maxpercycle.maximum = 2\n{cap}");
    let mut cycler = site.cycler_with(8, &format!("{cap}{other}"));
    cycler.cycle().await;
    cycler.cycle().await;
    assert_eq!(submitted(&site, "k") + submitted(&site, "l"), 3);
}

#[tokio::test]
async fn what_the_server_stored_replays() {
    let site = Site::new(WAITS);
    site.server.lock().waiting = 7;
    let mut cycler = site.cycler_with(3, "chain = [\"ReadyFit\", \"Scale\", \"Throttle\"]\nsched.scale.factor = 0.7\n");
    for _ in 0..3 {
        cycler.cycle().await;
    }
    wait_until("a pilot runs", || site.leader(1).is_some()).await;
    let decisions = site.server.lock().decisions.clone();
    assert_eq!(decisions.len(), 3);
    for decision in decisions {
        assert_eq!(factory::replay(&decision), Ok((decision.number, decision.steps)));
    }
}
