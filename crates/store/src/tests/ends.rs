//! How pilots ended, by hour and error class.

use super::support::{NOW, TestStore, on_both};
use crate::{Announcement, PilotEnd, PilotFilter};
use model::{BatchUpdate, ErrorClass, PilotEvent, PilotId, PilotState, Time};
use std::time::Duration;

on_both! {
    ends => ends_are_counted_by_hour_and_class;
    ages => pilots_are_found_by_their_age;
}

const HOUR: Duration = Duration::from_secs(3600);

async fn announce(test: &TestStore, label: &str, count: u8, now: Time) -> i64 {
    let (factory, label, queue, batch) = ("fab".to_owned(), label.to_owned(), "q".to_owned(), "local".to_owned());
    let secret_hashes = (0..count).map(|_| [7; 32]).collect();
    test.store.announce(Announcement { factory, label, queue, batch, test: None, secret_hashes, now }).await.unwrap().0
}

fn update(pilot: i64, event: PilotEvent, error_class: Option<ErrorClass>, message: &str) -> BatchUpdate {
    BatchUpdate {
        pilot: PilotId(pilot),
        event,
        batch_id: String::new(),
        native_state: String::new(),
        flag: None,
        error_class,
        message: message.to_owned(),
    }
}

async fn ends_are_counted_by_hour_and_class(test: TestStore) {
    test.queue("q").await;
    announce(&test, "a", 4, NOW).await;
    announce(&test, "b", 1, NOW).await;
    let node = Some(ErrorClass::Node);
    let first = vec![update(1, PilotEvent::Break, node, "no disk"), update(5, PilotEvent::End, None, "")];
    test.store.batch_updates("fab".into(), first, NOW).await.unwrap();
    let later = vec![
        update(2, PilotEvent::Break, node, "no clock"),
        update(3, PilotEvent::Break, None, "gone"),
        // It has ended already: not counted again.
        update(1, PilotEvent::Break, node, "no disk"),
    ];
    test.store.batch_updates("fab".into(), later, NOW + HOUR * 2).await.unwrap();
    let end = PilotEnd { pilot: PilotId(4), error_class: None, message: String::new(), now: NOW + HOUR * 2 };
    test.store.close_pilot(end).await.unwrap();

    let ends = |since: Time| {
        let store = test.store.clone();
        async move {
            let ends = store.pilot_ends(since).await.unwrap();
            let row = |end: model::EndedPilots| (end.label, end.error_class, end.pilots, end.last.0, end.message);
            ends.into_iter().map(row).collect::<Vec<_>>()
        }
    };
    let row =
        |label: &str, class, pilots, last, message: &str| (label.to_owned(), class, pilots, last, message.to_owned());
    let batch = Some(ErrorClass::Batch);
    let all = ends(NOW).await;
    let wanted = [
        row("a", node, 2, 2, "no clock"),
        row("b", None, 1, 5, ""),
        row("a", None, 1, 4, ""),
        row("a", batch, 1, 3, "gone"),
    ];
    assert_eq!(all, wanted);
    let recent = ends(NOW + HOUR).await;
    assert_eq!(recent, [row("a", None, 1, 4, ""), row("a", batch, 1, 3, "gone"), row("a", node, 1, 2, "no clock")]);
    let faults = async |since, hours, label: Option<&str>| {
        let found = test.store.pilot_faults(since, hours, Some("fab".into()), label.map(str::to_owned)).await.unwrap();
        found.into_iter().map(|one| (one.at, one.error_class, one.pilots)).collect::<Vec<_>>()
    };
    let hour = |n: u64| Time(NOW.0.div_euclid(3_600_000) * 3_600_000) + HOUR * n as u32;
    assert_eq!(faults(NOW, 1, None).await, [(hour(0), node, 1), (hour(2), node, 1), (hour(2), batch, 1)]);
    assert_eq!(faults(NOW, 6, Some("a")).await, [(hour(0), node, 2), (hour(0), batch, 1)]);
    assert_eq!(faults(NOW + HOUR, 1, Some("b")).await, []);

    test.store.prune(NOW + HOUR * (24 * 30 + 1), HOUR).await.unwrap();
    assert_eq!(ends(NOW).await.len(), 3, "only those of the last thirty days");
}

async fn pilots_are_found_by_their_age(test: TestStore) {
    test.queue("q").await;
    announce(&test, "a", 2, NOW).await;
    announce(&test, "a", 1, NOW + HOUR).await;
    test.store.batch_updates("fab".into(), vec![update(2, PilotEvent::End, None, "")], NOW).await.unwrap();
    let older = |before: Time| PilotFilter { live: true, before: Some(before), ..PilotFilter::default() };
    let found = async |before: Time| {
        let page = test.store.pilots(older(before), None, 10).await.unwrap();
        page.rows.into_iter().map(|pilot| pilot.id.0).collect::<Vec<_>>()
    };
    assert_eq!(found(NOW).await, [0; 0]);
    assert_eq!(found(NOW + HOUR).await, [1], "those that are gone are not old");
    assert_eq!(found(NOW + HOUR * 2).await, [3, 1]);
    let running = PilotFilter { state: Some(PilotState::Running), ..older(NOW + HOUR) };
    assert_eq!(test.store.pilots(running, None, 10).await.unwrap().rows.len(), 0);
}
