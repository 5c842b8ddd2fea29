//! The facts that steps ask for are really there, and what is decided with them is kept.

use super::*;
use crate::past::EndedPilot;
use model::{ErrorClass, PilotEvent};
use wire::api::BatchUpdate;

fn at_least(text: &str, chain: &str, settings: &str) -> String {
    format!("{text}chain = [{chain}]\n{settings}\n")
}

fn one(text: &str, world: &mut World) -> LabelPlan {
    plans(text, world).remove(0)
}

fn last(plan: &LabelPlan) -> String {
    plan.decision.steps.last().map(|step| step.message.clone()).unwrap_or_default()
}

/// Pilots of label `l` that run, from id 1 on.
fn running(pilots: i64) -> Vec<PilotSummary> {
    (1..=pilots).map(|id| pilot(id, "l", PilotState::Running)).collect()
}

#[test]
fn a_broken_end_point_waits_and_the_other_one_serves_the_queue() {
    let mut world = world(vec![waiting("q", 4, 1)], vec![]);
    for _ in 0..3 {
        world.past.endpoint_failed("here", START);
    }
    let text = TWO.replace("cores = 4\n", "");
    let plans = plans(&text, &mut world);
    assert_eq!(plans.iter().map(|plan| plan.submit).collect::<Vec<_>>(), [0, 4]);
    assert_eq!(last(&plans[0]), "BackOff:in=2,by=endpoint,failures=3,wait=15,ret=0");
    assert!(!plans[1].decision.message().contains("BackOff"), "what a guard does not say is not written down");
}

#[test]
fn a_broken_label_does_not_hold_back_its_neighbour_on_the_end_point() {
    let mut world = world(vec![waiting("q", 9, 1)], vec![]);
    for _ in 0..5 {
        world.past.label_failed("a", START);
    }
    let both = TWO.replace("cores = 4\n", "").replace("batch = \"there\"", "batch = \"here\"");
    assert_eq!(submits(&both, &mut world), [0, 9]);
    world.past.started("a", "here");
    assert_eq!(submits(&both, &mut world), [2, 7]);
}

#[test]
fn sites_and_end_points_are_bounded_over_their_labels() {
    let jobs = || vec![waiting("q", 100, 1)];
    let capped = |key: &str, chain: &str| {
        let settings = format!("chain = [\"ReadyFit\", \"{chain}\"]\nsched.{key}.maximum = 5\n");
        TWO.replace("cores = 4\n", "").replace("sched.maxpercycle.maximum = 2\n", &settings) + &settings
    };
    let here = vec![pilot(1, "a", PilotState::Running), pilot(2, "a", PilotState::Pending)];
    assert_eq!(submits(&capped("maxpersite", "MaxPerSite"), &mut world(jobs(), here.clone())), [3, 0]);
    assert_eq!(submits(&capped("maxperendpoint", "MaxPerEndpoint"), &mut world(jobs(), here)), [3, 5]);
}

#[test]
fn a_mass_removal_waits_until_it_was_wanted_for_long() {
    let text = at_least(ONE, "\"KeepNRunning\"", "sched.keepnrunning.keep_running = 0");
    let mut world = world(vec![], running(40));
    let stopped = one(&text, &mut world);
    assert_eq!((stopped.decision.number, stopped.drain.len()), (0, 0));
    assert_eq!(last(&stopped), "SafetyStop:comment=mass removal,in=-40,pilots=40,limit=20,hold=900,ret=0");
    let later = |seconds: u64, world: &mut World| {
        world.now = START + Duration::from_secs(seconds);
        world.pilots.as_mut().unwrap().at = world.now;
        world.batches.get_mut("here").unwrap().at = Some(world.now);
        one(&text, world)
    };
    assert_eq!(later(899, &mut world).drain.len(), 0);
    assert_eq!(later(900, &mut world).drain.len(), 40);
    // A wish that was given up in between counts from zero again.
    world.pilots.as_mut().unwrap().value.truncate(5);
    assert_eq!(later(901, &mut world).drain.len(), 5);
    world.pilots.as_mut().unwrap().value = running(40);
    assert_eq!(later(1800, &mut world).drain.len(), 0);
}

#[test]
fn the_life_of_a_label_is_counted_with_what_is_gone_and_going() {
    let text = at_least(ONE, "\"MinToSubmit\"", "sched.mintosubmit.minimum = 10");
    let mut pilots = running(3);
    pilots[2].flag = Some(PilotFlag::Retiring);
    let mut world = world(vec![], pilots);
    assert_eq!(last(&one(&text, &mut world)), "MinToSubmit:comment=No batchinfo,in=0,ret=0");
    world.ended = Some([("l".to_owned(), 4), ("m".to_owned(), 90)].into());
    assert_eq!(last(&one(&text, &mut world)), "MinToSubmit:in=0,submitted=7,mintosubmit=10,ret=3");
}

#[test]
fn ended_pilots_throttle_their_label_as_long_as_they_are_recent() {
    let chain = "\"ReadyFit\", \"Throttle\", \"ThrottleEmpty\"";
    let text = at_least(ONE, chain, "sched.throttle.maxtime = 60");
    let mut world = world(vec![waiting("q", 9, 1)], vec![]);
    let unknown = one(&text, &mut world).decision.message();
    assert!(unknown.ends_with("Throttle:in=9,ret=9;ThrottleEmpty:in=9,ret=9"), "{unknown}");
    let ended = |id: i64, lived_s: u64, jobs_ended: u64| PilotSummary {
        last_heard: Some(START + Duration::from_secs(lived_s)),
        ended: Some(START + Duration::from_secs(900)),
        jobs_ended,
        ..pilot(id, "l", PilotState::Done)
    };
    world.past.recall("l", &[ended(1, 59, 0), ended(2, 60, 0), ended(3, 600, 1)]);
    let told = one(&text, &mut world).decision.message();
    let throttle = "Throttle:in=9,total=3,short=1,ratio=0.5,submit=1,ret=9";
    assert!(
        told.ends_with(&format!("{throttle};ThrottleEmpty:in=9,total=3,empty=2,ratio=0.5,submit=1,ret=1")),
        "{told}"
    );
    world.now = START + Duration::from_secs(3600);
    let forgotten = one(&text, &mut world).decision.message();
    assert!(forgotten.contains(";Throttle:in=0,ret=0;ThrottleEmpty:in=0,ret=0"), "{forgotten}");
}

#[test]
fn a_pilot_that_broke_before_its_hello_was_short_and_one_that_was_refused_never_ran() {
    let silent = PilotSummary { started: None, last_heard: None, ..pilot(1, "l", PilotState::Pending) };
    let update = |event, error_class| BatchUpdate {
        pilot: PilotId(1),
        event,
        batch_id: String::new(),
        native_state: String::new(),
        flag: None,
        error_class,
        message: String::new(),
    };
    let ran = |class| EndedPilot::closed(&silent, &update(PilotEvent::Break, Some(class)), START).is_some();
    let classes = [ErrorClass::Node, ErrorClass::Internal, ErrorClass::Batch, ErrorClass::Killed];
    assert_eq!(classes.map(ran), [true, true, false, false]);
    assert!(EndedPilot::closed(&silent, &update(PilotEvent::End, None), START).is_some());
}

#[test]
fn a_label_without_pilots_is_probed_once_in_a_while() {
    let settings = "sched.startfromzero.probe = 600";
    let text = at_least(ONE, "\"StartFromZero\"", settings);
    let mut world = world(vec![], vec![]);
    assert_eq!(submits(&text, &mut world), [1]);
    world.past.submitted("l", START);
    assert_eq!(submits(&text, &mut world), [0]);
}

#[test]
fn classic_sees_what_the_queue_transfers_and_which_cycle_it_is() {
    let limit = at_least(ONE, "\"Classic\"", "sched.classic.transferringlimit = 4");
    let told = one(&limit, &mut world(vec![waiting("q", 3, 1)], vec![])).decision.message();
    assert_eq!(told, "4 transferring jobs (>= limit 4). Will not submit more pilots.");
    let suppressed = at_least(ONE, "\"Classic\"", "sched.classic.idlepilotsuppression = 3");
    let mut world = world(vec![], vec![]);
    world.past.cycle = 4;
    assert_eq!(submits(&suppressed, &mut world), [0]);
    world.past.cycle = 6;
    assert_eq!(submits(&suppressed, &mut world), [1]);
}

#[test]
fn held_and_suspended_pilots_are_counted() {
    let mut held = pilot(1, "l", PilotState::Pending);
    held.flag = Some(PilotFlag::Held);
    let mut suspended = pilot(2, "l", PilotState::Running);
    suspended.flag = Some(PilotFlag::Suspended);
    let plan = one(ONE, &mut world(vec![], vec![held, suspended, pilot(3, "l", PilotState::Running)]));
    let fact = |name: &str| plan.decision.facts.iter().find(|fact| fact.name == name).map(|fact| fact.value.clone());
    let counts = ["batch.pending", "batch.held", "batch.running", "batch.suspended"].map(fact);
    assert_eq!(counts, ["1", "1", "2", "1"].map(|count| Some(count.to_owned())));
}

#[test]
fn a_decision_of_the_factory_replays() {
    let chain = "\"ReadyFit\", \"Scale\", \"Throttle\", \"StatusOffline\", \"MaxPending\", \"MaxPerSite\"";
    let settings = "sched.scale.factor = 0.3\nsched.maxpersite.maximum = 7\nsched.maxpending.allow_negative = false";
    let mut world = world(vec![waiting("q", 50, 1)], running(4));
    world.past.label_failed("l", START);
    world.batches.get_mut("here").unwrap().free = Some(2);
    world.now = START + Duration::from_secs(200);
    let decision = one(&at_least(ONE, chain, settings), &mut world).decision;
    assert_eq!(decision.number, 2);
    assert_eq!(crate::replay(&decision), Ok((decision.number, decision.steps.clone())));
    let stored: Decision = serde_json::from_str(&serde_json::to_string(&decision).unwrap()).unwrap();
    assert_eq!(crate::replay(&stored), Ok((decision.number, decision.steps)));
}
