//! A label that an alarm holds back, over restarts, until a test pilot works.

use super::support::{NOW, TestStore, hello, on_both};
use crate::{Announcement, PilotEnd, Taker};
use model::alarm::exclusion::{World, exclude};
use model::alarm::{
    Alarm, AlarmEventKind, AlarmSettings, Change, LabelFacts, Rule, Silence, Situation, findings, turn,
};
use model::{AlarmId, BatchUpdate, Command, CommandId, FactorySummary, Order, PilotEvent, PilotId, Time};
use std::time::Duration;

on_both! {
    exclusion => a_label_is_held_back_tested_and_let_go;
    outage => a_label_is_held_on_when_no_server_saw_the_end_of_its_order;
}

const MINUTE: Duration = Duration::from_secs(60);

fn settings() -> AlarmSettings {
    let change = Change { hold: Some(Duration::ZERO), exclude: Some(MINUTE * 60), ..Change::default() };
    AlarmSettings { rules: [(Rule::Submit, change)].into(), ..AlarmSettings::default() }
}

/// The alarm of a label whose pilots cannot be submitted.
async fn alarm(test: &TestStore, now: Time) {
    let said = serde_json::json!({
        "version": "1", "host": "h", "pid": 1, "started": Time(0), "cycle_s": 30,
        "labels": [{"name": "l", "queue": "q", "batch": "b", "system": "local", "chain": [], "trouble": ""}]
    });
    let said = serde_json::from_value(said).unwrap();
    let factory = FactorySummary { name: "fab".into(), said, last_heard: now, reported: None };
    let label = LabelFacts {
        factory: "fab".into(),
        label: "l".into(),
        queue: "q".into(),
        decided: Some(now),
        submit_error: "no such partition".into(),
        ..LabelFacts::default()
    };
    let situation = Situation { now, factories: vec![factory], labels: vec![label], ..Situation::default() };
    let found = findings(&situation, &settings());
    let evaluate = move |before: Vec<Alarm>, silences: &[Silence]| turn(before, &found, &settings(), silences, now);
    test.store.turn_alarms(evaluate, |_| Vec::new(), now).await.unwrap();
}

async fn exclusions(test: &TestStore, now: Time) -> Vec<Order> {
    let decide = move |world: &World<'_>| exclude(world, &["fab".to_owned()].into(), &settings(), now);
    test.store.turn_exclusions(decide, now).await.unwrap()
}

async fn commands(test: &TestStore) -> Vec<Command> {
    let tests = crate::CommandFilter { verb: Some(model::Verb::Test), ..Default::default() };
    test.store.commands(tests, None, 9).await.unwrap().rows
}

/// The test pilot that a command asks for.
async fn send(test: &TestStore, command: CommandId, now: Time) -> PilotId {
    let within = Duration::from_secs(30);
    let taken = test.store.take_commands(Taker::Factory("fab".into()), now, within).await.unwrap().commands;
    assert!(taken.iter().any(|taken| taken.id == command));
    let (factory, label, queue, batch) = ("fab".to_owned(), "l".to_owned(), "q".to_owned(), "b".to_owned());
    let secret_hashes = vec![[7; 32]];
    let announcement = Announcement { factory, label, queue, batch, secret_hashes, test: Some(command), now };
    test.store.announce(announcement).await.unwrap()
}

async fn gone(test: &TestStore, pilot: PilotId, event: PilotEvent, now: Time) {
    let (batch_id, native_state, message) = (String::new(), String::new(), "no space left".to_owned());
    let update = BatchUpdate { pilot, event, batch_id, native_state, flag: None, error_class: None, message };
    assert_eq!(test.store.batch_updates("fab".into(), vec![update], now).await.unwrap(), []);
}

async fn a_label_is_held_back_tested_and_let_go(mut test: TestStore) {
    test.queue("q").await;
    alarm(&test, NOW).await;
    let [order] = exclusions(&test, NOW).await.try_into().unwrap();
    assert_eq!((order.by.as_str(), order.until), ("alarms", Some(NOW + MINUTE * 60)));
    assert_eq!(exclusions(&test, NOW).await, [], "once");
    test.reopen().await;
    let later = NOW + MINUTE * 57;
    let [second] = exclusions(&test, later).await.try_into().unwrap();
    let [command] = commands(&test).await.try_into().unwrap();
    assert_eq!((command.issuer.as_str(), command.arguments.as_slice()), ("alarms", &["l".to_owned()][..]));
    let replaced = test.store.order(order.id).await.unwrap().unwrap().ended.unwrap().reason;
    assert_eq!(replaced, format!("replaced by order {}", second.id));

    let broken = send(&test, command.id, later).await;
    gone(&test, broken, PilotEvent::Break, later).await;
    assert_eq!(exclusions(&test, later + MINUTE).await, [], "it is held on");
    let last = later + MINUTE * 57;
    exclusions(&test, last).await;
    let again = commands(&test).await.remove(0);
    assert_ne!(again.id, command.id);
    let works = send(&test, again.id, last).await;
    test.store.hello(hello(works, "one")).await.unwrap();
    test.store
        .close_pilot(PilotEnd { pilot: works, error_class: None, message: String::new(), now: last })
        .await
        .unwrap();

    let [ended] = exclusions(&test, last + MINUTE).await.try_into().unwrap();
    assert_eq!(ended.ended.unwrap().reason, format!("test pilot {works} works"));
    assert_eq!(test.store.exclusions().await.unwrap(), []);
    assert_eq!(test.store.orders_in_force(None, last + MINUTE).await.unwrap(), []);
    let (_, events) = test.store.alarm(AlarmId(1)).await.unwrap().unwrap();
    let kinds: Vec<AlarmEventKind> = events.iter().map(|event| event.kind).collect();
    use AlarmEventKind::{Excluded, Opened, Released, Tested};
    assert_eq!(kinds, [Opened, Excluded, Excluded, Tested, Excluded, Released]);
    alarm(&test, last + MINUTE).await;
    assert_eq!(exclusions(&test, last + MINUTE).await, [], "the same alarm does it once");
}

async fn a_label_is_held_on_when_no_server_saw_the_end_of_its_order(mut test: TestStore) {
    test.queue("q").await;
    alarm(&test, NOW).await;
    exclusions(&test, NOW).await;
    test.reopen().await;
    let late = NOW + MINUTE * 90;
    test.store.expire_orders(late).await.unwrap();
    let [again] = exclusions(&test, late).await.try_into().unwrap();
    assert_eq!(test.store.orders_in_force(None, late).await.unwrap(), [again]);
    assert_eq!(commands(&test).await.len(), 1, "a test pilot is sent");
    assert_eq!(exclusions(&test, late).await, [], "once");
}
