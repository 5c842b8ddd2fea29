//! What ended long ago goes, and nothing else.

use super::support::{NOW, TestStore, lease, on_both, report, single};
use crate::engine::statements;
use crate::{JobOutput, LogAppend, LogName, PilotEnd, PilotFilter, Removable, Removal, SubmitCall};
use model::job::LogStream;
use model::{JobId, JobState, PilotState, Time};
use std::time::Duration;

on_both! {
    pilots => ended_pilots_are_deleted_and_uncounted;
    files => every_file_is_referred_to_or_discarded;
    keys => a_key_is_kept_as_long_as_is_asked;
    removals => what_went_last_is_remembered_by_kind;
}

const DAY: Duration = Duration::from_secs(86_400);

statements! {
    INCARNATIONS = "SELECT pilot FROM incarnation ORDER BY pilot";
}

async fn ended_pilots_are_deleted_and_uncounted(test: TestStore) {
    test.queue("q").await;
    let (old, young, live) = (test.pilot("q").await, test.pilot("q").await, test.pilot("q").await);
    for (pilot, now) in [(old, NOW), (young, NOW + DAY)] {
        test.store.close_pilot(PilotEnd { pilot, error_class: None, message: String::new(), now }).await.unwrap();
    }
    assert_eq!(test.store.drop_pilots(NOW).await.unwrap(), 0, "nothing ended before");
    assert_eq!(test.store.drop_pilots(NOW + Duration::from_secs(1)).await.unwrap(), 1);
    let left = test.store.pilots(PilotFilter::default(), None, 10).await.unwrap().rows;
    assert_eq!(left.iter().map(|pilot| pilot.id).collect::<Vec<_>>(), [live, young]);
    let incarnations = test.store.rows(&INCARNATIONS, Vec::new(), |row| row.int(0)).await.unwrap();
    assert_eq!(incarnations, [young.0, live.0]);
    let counts = test.store.pilot_counts().await.unwrap();
    let done: u64 = counts.iter().filter(|count| count.state == PilotState::Done).map(|count| count.pilots).sum();
    assert_eq!(done, 1);
    let forgotten = test.store.forgotten_pilots("fab".into()).await.unwrap();
    assert_eq!(forgotten.iter().map(|count| (count.state, count.pilots)).collect::<Vec<_>>(), [(PilotState::Done, 1)]);
    assert_eq!(test.store.drop_pilots(NOW + 2 * DAY).await.unwrap(), 1);
    assert_eq!(test.store.forgotten_pilots("fab".into()).await.unwrap()[0].pilots, 2);
}

async fn every_file_is_referred_to_or_discarded(test: TestStore) {
    test.queue("q").await;
    test.submit(single("ann", "q")).await;
    let pilot = test.pilot("q").await;
    test.store.lease_and_report(lease(pilot, "q", 1, NOW)).await.unwrap();
    let discarded = async |now: Time| test.store.discarded(now, 10).await.unwrap();
    let upload = async |place: &str| {
        test.store.discard(vec![place.to_owned()], NOW + DAY).await.unwrap();
        let output = JobOutput { job: JobId(1), attempt: 1, name: "o".into(), location: place.into(), bytes: 1 };
        test.store.add_output(output, NOW).await
    };
    upload("first").await.unwrap();
    assert!(discarded(NOW + DAY).await.is_empty());
    upload("second").await.unwrap();
    assert_eq!(discarded(NOW).await, ["first"], "it was replaced");
    test.store.discard(vec!["broken off".into()], NOW + DAY).await.unwrap();
    assert_eq!(discarded(NOW).await, ["first"], "the upload may still go on");

    let log = LogName { job: JobId(1), attempt: 1, stream: LogStream::Stdout };
    let append = LogAppend { log, offset: 0, bytes: vec![b'x'; 100_000], complete: true, now: NOW };
    test.store.append_log(append).await.unwrap();
    assert_eq!(test.store.large_logs(10).await.unwrap(), [(log, 100_000)]);
    for place in ["moved", "moved again"] {
        test.store.discard(vec![place.to_owned()], NOW + DAY).await.unwrap();
        test.store.log_moved(log, place.into(), 100_000).await.unwrap();
    }
    assert_eq!(test.store.log_position(log).await.unwrap().unwrap().location.as_deref(), Some("moved"));
    assert!(test.store.large_logs(10).await.unwrap().is_empty());

    test.report(pilot, report(JobId(1), 1, JobState::Finished), NOW).await;
    assert!(upload("too late").await.is_err());
    assert_eq!(discarded(NOW + DAY).await, ["first", "broken off", "moved again", "too late"]);
}

async fn a_key_is_kept_as_long_as_is_asked(test: TestStore) {
    test.queue("q").await;
    let call =
        |now| SubmitCall { user: "ann".into(), idempotency_key: Some("k".into()), jobs: vec![single("ann", "q")], now };
    test.store.submit(call(NOW)).await.unwrap();
    test.store.prune(NOW + DAY, DAY).await.unwrap();
    assert!(test.store.submit(call(NOW + DAY)).await.unwrap().repeated);
    assert_eq!(test.store.prune(NOW + DAY, DAY / 2).await.unwrap()[&Removable::Keys], 1);
    assert!(!test.store.submit(call(NOW + DAY)).await.unwrap().repeated);
}

async fn what_went_last_is_remembered_by_kind(mut test: TestStore) {
    assert!(test.store.removals().await.unwrap().is_empty());
    let of_all = Removable::ALL.map(|kind| (kind, 1)).into();
    test.store.removed(of_all, NOW).await.unwrap();
    test.store.removed([(Removable::Pilots, 2000), (Removable::Alarms, 0)].into(), NOW + DAY).await.unwrap();
    test.reopen().await;
    let removals = test.store.removals().await.unwrap();
    assert_eq!(removals.len(), Removable::ALL.len());
    assert_eq!(removals[&Removable::Pilots], Removal { at: NOW + DAY, count: 2000 });
    assert_eq!(removals[&Removable::Alarms], Removal { at: NOW, count: 1 }, "none went since");
}
