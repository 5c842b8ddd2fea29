//! Test pilots, and factories that are told to stop.

use crate::server::{command_of, now};
use crate::site::{Site, WAITS, cycle_until, wait_until};
use factory::{Cycler, Factory};
use model::{CommandId, CommandState, Hold, Order, OrderId, OrderScope, PilotId, PilotState as S, Verb};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

fn held(hold: Hold) -> Order {
    let (factory, by, reason) = ("f1".into(), "ann".into(), "CE under repair".into());
    let (scope, at) = (OrderScope::All, now());
    Order { id: OrderId(1), factory, scope, hold, by, at, reason, until: None, ended: None }
}

fn run(site: &Site) -> (mpsc::Sender<factory::Signal>, JoinHandle<Result<(), factory::FactoryError>>) {
    let factory = Factory::new(site.config(2, 3600.0, ""), Arc::new(site.server.clone()), site.launch()).unwrap();
    let (signals, inbox) = mpsc::channel(4);
    (signals, tokio::spawn(factory.run(inbox)))
}

async fn answer(site: &Site, command: i64) -> (CommandState, String) {
    let told = || site.server.lock().outcomes.iter().any(|(id, _)| *id == CommandId(command));
    wait_until("an answer", told).await;
    let state = site.server.lock();
    let (_, outcome) = state.outcomes.iter().find(|(id, _)| *id == CommandId(command)).unwrap();
    (outcome.state, outcome.note.clone())
}

#[tokio::test]
async fn a_paused_label_without_jobs_sends_one_test_pilot_within_a_second() {
    let site = Site::new(WAITS);
    site.server.lock().orders = vec![held(Hold::Pause)];
    let (_signals, task) = run(&site);
    wait_until("the first cycle is over", || !site.server.lock().decisions.is_empty()).await;
    let asked = Instant::now();
    site.server.give_with(Verb::Test, &["l"]);
    wait_until("it runs", || site.leader(1).is_some()).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(answer(&site, 1).await, (CommandState::Done, "pilot 1 was submitted".into()));
    assert_eq!(site.server.lock().pilots[&PilotId(1)].test, Some(CommandId(1)));

    site.server.give_with(Verb::Test, &["ll"]);
    assert_eq!(answer(&site, 2).await, (CommandState::Refused, "there is no label 'll'; did you mean 'l'?".into()));
    site.server.give(Verb::Stop);
    assert_eq!(answer(&site, 3).await, (CommandState::Done, "ends; its pilots stay".into()));
    tokio::time::timeout(Duration::from_secs(20), task).await.unwrap().unwrap().unwrap();
    assert!(site.leader(1).is_some_and(|pid| std::path::Path::new(&format!("/proc/{pid}")).exists()));
}

#[tokio::test]
async fn a_command_that_is_offered_twice_sends_one_pilot() {
    let site = Site::new(WAITS);
    let (_signals, task) = run(&site);
    wait_until("the first cycle is over", || !site.server.lock().decisions.is_empty()).await;
    site.server.lock().unanswered.insert("outcome");
    site.server.give_with(Verb::Test, &["l"]);
    wait_until("it runs", || site.leader(1).is_some()).await;
    site.server.lock().unanswered.clear();
    site.server.offer_again();
    assert_eq!(answer(&site, 1).await, (CommandState::Done, "pilot 1 was sent already".into()));
    assert_eq!(site.server.lock().pilots.len(), 1);
    task.abort();
}

/// What a test is answered when the factory has just looked around.
async fn refusal(cycler: &mut Cycler) -> String {
    cycler.cycle().await;
    test(cycler).await.unwrap_err()
}

async fn test(cycler: &mut Cycler) -> Result<String, String> {
    cycler.test(&command_of(1, Verb::Test, &["l"])).await
}

#[tokio::test]
async fn a_label_that_cannot_run_a_pilot_says_why() {
    let site = Site::new(WAITS);
    let mut cycler = site.cycler(1);
    assert_eq!(test(&mut cycler).await.unwrap_err(), "batch end point 'here' has not answered yet");
    site.server.lock().orders = vec![held(Hold::Drain)];
    assert_eq!(refusal(&mut cycler).await, "label l is draining by ann: CE under repair");
    site.server.lock().orders.clear();
    site.server.lock().waiting = 1;
    cycle_until(&mut cycler, "the only slot is taken", || site.server.states() == [S::Running]).await;
    assert_eq!(refusal(&mut cycler).await, "batch end point 'here' is full");
    site.server.lock().queues.clear();
    assert_eq!(refusal(&mut cycler).await, "the server has no queue 'q'");
    let mut off = site.cycler_with(1, "enabled = false\n");
    assert_eq!(refusal(&mut off).await, "label l is switched off");
}
