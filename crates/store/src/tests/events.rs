//! What was said about pilots.

use super::support::{NOW, TestStore, hello, on_both};
use crate::{Announcement, PilotEnd, ToldFilter};
use model::pilot::{Source, Told, Word};
use model::{BatchUpdate, ErrorClass, PilotEvent, PilotFlag, PilotId, PilotState, Time};
use std::time::Duration;

on_both! {
    story => a_life_is_told_with_who_said_what;
    feed => the_feed_goes_on_where_it_ended;
    bound => what_is_kept_of_one_pilot_is_bounded;
}

fn update(pilot: PilotId, event: PilotEvent, native: &str) -> BatchUpdate {
    BatchUpdate {
        pilot,
        event,
        batch_id: "17.0".into(),
        native_state: native.into(),
        flag: None,
        error_class: None,
        message: String::new(),
    }
}

async fn announce(test: &TestStore, factory: &str, label: &str) -> PilotId {
    let announcement = Announcement {
        factory: factory.into(),
        label: label.into(),
        queue: "q".into(),
        batch: "b".into(),
        secret_hashes: vec![[7; 32]],
        test: None,
        now: NOW,
    };
    test.store.announce(announcement).await.unwrap()
}

async fn batch(test: &TestStore, update: BatchUpdate, now: Time) {
    test.store.batch_updates("fab".into(), vec![update], now).await.unwrap();
}

fn line(told: &Told) -> String {
    let arrow = if told.before == told.state { "stays" } else { "becomes" };
    let refused = if told.refused { " (refused)" } else { "" };
    format!("{} says {}: {arrow} {}{refused}: {}", told.source, told.word, told.state, told.text)
}

async fn a_life_is_told_with_who_said_what(test: TestStore) {
    test.queue("q").await;
    let pilot = announce(&test, "fab", "a").await;
    batch(&test, update(pilot, PilotEvent::Submit, ""), NOW).await;
    for _ in 0..3 {
        batch(&test, update(pilot, PilotEvent::Queue, "PENDING"), NOW).await;
    }
    test.store.hello(hello(pilot, "one")).await.unwrap();
    test.store.hello(hello(pilot, "one")).await.unwrap();
    batch(&test, update(pilot, PilotEvent::Queue, "REQUEUED"), NOW).await;
    test.store.hello(hello(pilot, "two")).await.unwrap();
    test.store.flag_pilot(pilot, Some(PilotFlag::Retiring), "ann told it to drain".into(), NOW).await.unwrap();
    let end = PilotEnd { pilot, error_class: Some(ErrorClass::Node), message: "no disk".into(), now: NOW };
    test.store.pilot_exits(end.clone(), 1).await.unwrap();
    test.store.pilot_exits(end, 2).await.unwrap();
    let over = NOW + Duration::from_secs(60);
    batch(&test, update(pilot, PilotEvent::Break, "FAILED"), over).await;
    batch(&test, update(pilot, PilotEvent::Run, "RUNNING"), over).await;
    assert!(test.store.hello(hello(pilot, "three")).await.is_err());

    let told = test.store.told_of(pilot).await.unwrap();
    let lines: Vec<String> = told.iter().map(line).collect();
    let wanted = [
        "factory says announced: stays announced: ",
        "batch says submitted: becomes submitted: ",
        "batch says queued: becomes pending: PENDING",
        "pilot says running: becomes running: hello from node-one",
        "batch says queued: becomes pending: REQUEUED",
        "pilot says running: becomes running: hello from node-two, start 2",
        "server says flag: stays running: ann told it to drain",
        "pilot says exiting: stays running (refused): no disk",
        "pilot says exiting: becomes exiting: no disk",
        "batch says fault: becomes fault: FAILED",
        "batch says running: stays fault (refused): RUNNING: a pilot that is fault cannot Run",
        "pilot says running: stays fault (refused): hello from node-three: pilot 1 has ended: it is fault",
    ];
    assert_eq!(lines, wanted);
    assert_eq!(told[9].error_class, Some(ErrorClass::Node));
    assert_eq!(test.store.pilot(pilot).await.unwrap().unwrap().state, PilotState::Fault);

    assert_eq!(test.store.drop_pilots(over + Duration::from_secs(1)).await.unwrap(), 1);
    assert_eq!(test.store.told_of(pilot).await.unwrap(), [], "they go with the pilot");
    assert_eq!(test.store.told_last(ToldFilter::default(), 10).await.unwrap().told, []);
}

async fn the_feed_goes_on_where_it_ended(test: TestStore) {
    test.queue("q").await;
    let pilots =
        [announce(&test, "fab", "a").await, announce(&test, "fab", "b").await, announce(&test, "x", "a").await];
    for pilot in &pilots[..2] {
        batch(&test, update(*pilot, PilotEvent::Submit, ""), NOW).await;
    }
    let of = |factory: Option<&str>, label: Option<&str>| ToldFilter {
        factory: factory.map(str::to_owned),
        label: label.map(str::to_owned),
    };
    let seen = |told: &[Told]| told.iter().map(|one| (one.pilot.0, one.word)).collect::<Vec<_>>();
    let all = test.store.told_after(ToldFilter::default(), 0, 100).await.unwrap();
    assert!(all.told.windows(2).all(|pair| pair[0].id < pair[1].id), "numbers ascend");
    let (announced, submitted) = (Word::Announced, Word::Submitted);
    let wanted = [(1, announced), (2, announced), (3, announced), (1, submitted), (2, submitted)];
    assert_eq!(seen(&all.told), wanted);
    assert!(all.told.iter().all(|one| matches!(one.source, Source::Factory | Source::Batch)));

    let first = test.store.told_after(of(Some("fab"), None), 0, 3).await.unwrap();
    assert_eq!(seen(&first.told), [(1, announced), (2, announced), (1, submitted)]);
    let rest = test.store.told_after(of(Some("fab"), None), first.upto, 3).await.unwrap();
    assert_eq!(seen(&rest.told), [(2, submitted)]);
    let none = test.store.told_after(of(Some("fab"), None), rest.upto, 3).await.unwrap();
    assert_eq!((none.told.len(), none.upto), (0, rest.upto));

    assert_eq!(
        seen(&test.store.told_last(of(None, Some("a")), 2).await.unwrap().told),
        [(3, announced), (1, submitted)]
    );
    let last = test.store.told_last(ToldFilter::default(), 1).await.unwrap();
    assert_eq!((seen(&last.told), last.upto), (vec![(2, submitted)], all.upto));
}

async fn what_is_kept_of_one_pilot_is_bounded(test: TestStore) {
    test.queue("q").await;
    let pilot = announce(&test, "fab", "a").await;
    let longer = "x".repeat(10_000);
    for at in 0..crate::pilots::events::NOTES_MAX + 10 {
        batch(&test, update(pilot, PilotEvent::Queue, &format!("{at}{longer}")), NOW).await;
    }
    let told = test.store.told_of(pilot).await.unwrap();
    assert_eq!(told.len(), crate::pilots::events::NOTES_MAX as usize);
    assert!(told.iter().all(|one| one.text.chars().count() <= 500));
    // What moves it is still kept, up to another bound.
    for _ in 0..crate::pilots::events::MOVES_MAX {
        batch(&test, update(pilot, PilotEvent::Run, "R"), NOW).await;
        batch(&test, update(pilot, PilotEvent::Queue, "Q"), NOW).await;
    }
    assert_eq!(test.store.told_of(pilot).await.unwrap().len(), crate::pilots::events::MOVES_MAX as usize);
}
