//! What ended pilots were good for: time of cores, messages that are alike, nodes.

use super::support::{NOW, TestStore, array, hello, on_both, report};
use crate::{HelloCall, PilotEnd};
use model::job::Usage;
use model::{CoreTime, ErrorClass, JobId, JobReport, JobState, NodeCounts, PilotId, Time};
use std::time::Duration;

on_both! {
    cores => time_of_cores_adds_up;
    messages => messages_that_are_alike_count_together;
    bounded => endless_messages_are_counted_as_others;
    nodes => nodes_count_pilots_and_attempts;
}

const HOUR: Duration = Duration::from_secs(3600);

async fn close(test: &TestStore, pilot: PilotId, error_class: Option<ErrorClass>, message: &str, now: Time) {
    let end = PilotEnd { pilot, error_class, message: message.to_owned(), now };
    test.store.close_pilot(end).await.unwrap();
}

fn took(job: i64, state: JobState, minutes: u64) -> JobReport {
    let usage = Usage { wall_ms: minutes * 60_000, ..Usage::default() };
    JobReport { usage, ..report(JobId(job), 1, state) }
}

/// A pilot of eight cores with four jobs of one core each: two finish, one fails, one is lost with it.
async fn worked(test: &TestStore, error_class: Option<ErrorClass>, now: Time) -> PilotId {
    let pilot = test.pilot("q").await;
    let first = test.submit(array("ann", "q", 4)).await.first.0;
    test.lease(pilot, "q", 4, NOW).await;
    for (job, state, minutes) in
        [(first, JobState::Finished, 30), (first + 1, JobState::Finished, 60), (first + 2, JobState::Failed, 15)]
    {
        assert_eq!(test.report(pilot, took(job, state, minutes), NOW).await, []);
    }
    close(test, pilot, error_class, "", now).await;
    pilot
}

async fn time_of_cores_adds_up(test: TestStore) {
    test.queue("q").await;
    worked(&test, None, NOW + HOUR).await;
    worked(&test, Some(ErrorClass::Lost), NOW + HOUR * 2).await;
    let empty = test.pilot("q").await;
    close(&test, empty, None, "", NOW + HOUR).await;
    let refused = test.pilot("q").await;
    close(&test, refused, Some(ErrorClass::Node), "no disk", NOW + HOUR).await;

    let of = async |since: Time| test.store.core_time(since).await.unwrap();
    let minutes = |time: CoreTime| time.parts().map(|ms| ms / 60_000);
    let all = of(NOW).await;
    assert_eq!((all.len(), all[0].label.as_str(), all[0].queue.as_str()), (1, "q-label", "q"));
    let held = 8 * 60;
    assert_eq!(minutes(all[0].time), [180, 30, 2 * held - 105, held - 105, held, held]);
    assert_eq!(minutes(of(NOW + HOUR * 2).await[0].time), [90, 15, 2 * held - 105, 0, 0, 0]);
    let hour_of = |at: Time| at.0 / 3_600_000 - NOW.0 / 3_600_000;
    let parts = async |hours, label: &str| {
        let of = (Some("fab".to_owned()), Some(label.to_owned()));
        let parts = test.store.core_time_by_parts(NOW, hours, of.0, of.1).await.unwrap();
        parts.into_iter().map(|part| (hour_of(part.at), part.queue, minutes(part.time))).collect::<Vec<_>>()
    };
    let hours = parts(1, "q-label").await;
    let later = (2, "q".to_owned(), [90, 15, 2 * held - 105, 0, 0, 0]);
    assert_eq!(hours, [(1, "q".to_owned(), [90, 15, 0, held - 105, held, held]), later]);
    assert_eq!(parts(6, "q-label").await, [(0, "q".to_owned(), minutes(all[0].time))]);
    assert_eq!(parts(1, "other").await, []);
    test.store.prune(NOW + HOUR * (24 * 30 + 3), HOUR).await.unwrap();
    assert_eq!(of(NOW).await, []);
}

async fn messages_that_are_alike_count_together(test: TestStore) {
    test.queue("q").await;
    for (node, error_class) in [(1, ErrorClass::Node), (2, ErrorClass::Node), (3, ErrorClass::Batch)] {
        let pilot = test.pilot("q").await;
        close(&test, pilot, Some(error_class), &format!("wn-{node} has no disk"), NOW).await;
    }
    let found = test.store.pilot_messages(NOW).await.unwrap();
    let mut rows: Vec<_> =
        found.iter().map(|of| (of.error_class.unwrap().as_str(), of.template.as_str(), of.pilots, of.last.0)).collect();
    rows.sort();
    assert_eq!(rows, [("batch", "* has no disk", 1, 3), ("node", "* has no disk", 2, 2)]);
    assert_eq!(test.store.pilot_messages(NOW + HOUR).await.unwrap(), []);
}

async fn endless_messages_are_counted_as_others(test: TestStore) {
    test.queue("q").await;
    for i in 0_u8..60 {
        let pilot = test.pilot("q").await;
        let word: String = [b'a' + i / 26, b'a' + i % 26].map(char::from).into_iter().collect();
        close(&test, pilot, Some(ErrorClass::Batch), &word, NOW).await;
    }
    let found = test.store.pilot_messages(NOW).await.unwrap();
    let others = found.iter().find(|of| of.template == "(other messages)").unwrap();
    assert_eq!((found.len(), others.pilots), (51, 10));
}

async fn nodes_count_pilots_and_attempts(test: TestStore) {
    test.queue("q").await;
    let pilot = worked(&test, Some(ErrorClass::Batch), NOW + HOUR).await;
    let other = test.pilot("q").await;
    test.store.hello(HelloCall { node: "wn2".into(), ..hello(other, "two") }).await.unwrap();
    close(&test, other, None, "", NOW + HOUR).await;

    let mut flows = test.store.node_flows(NOW).await.unwrap();
    flows.sort_by(|a, b| a.node.cmp(&b.node));
    let rows: Vec<_> = flows.iter().map(|of| (of.node.as_str(), of.counts, of.last_bad)).collect();
    let none = NodeCounts::default();
    let (first, second) =
        (NodeCounts { fault: 1, finished: 2, failed: 1, ..none }, NodeCounts { done: 1, empty: 1, ..none });
    assert_eq!(rows, [("node-one", first, Some(pilot)), ("wn2", second, None)]);
    let hours = test.store.node_hours("q".into(), "node-one".into(), NOW, NOW + HOUR).await.unwrap();
    assert_eq!(hours.iter().map(|(_, counts)| counts.failures()).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(test.store.pilots_on_node("wn2".into(), 9).await.unwrap(), [other]);
}
