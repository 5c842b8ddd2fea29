//! The archive: moved once, found again, dropped by the day.

use super::support::{NOW, TestStore, array, on_both, report, single};
use crate::{CountScope, JobOutput, RetryRequest, Scope, Store};
use model::{IdSet, JobId, JobState, Time};
use std::time::Duration;

on_both! {
    moving => ended_jobs_move_and_are_found;
    retrying => a_retry_brings_an_archived_job_back;
    dropping => whole_days_are_dropped;
    copying => a_backup_is_restored;
    crashing => a_crash_between_copy_and_delete_is_mended;
}

const DAY: Duration = Duration::from_secs(86_400);

/// Ten jobs of an array and a single one: 1 to 5 and 11 finished, 6 failed, the others wait.
async fn some_history(test: &TestStore) {
    test.queue("q").await;
    test.submit(array("ann", "q", 10)).await;
    test.submit(single("bob", "q")).await;
    let pilot = test.pilot("q").await;
    let mut call = super::support::lease(pilot, "q", 6, NOW);
    call.filter.user = Some("ann".into());
    test.store.lease_and_report(call.clone()).await.unwrap();
    call.filter.user = Some("bob".into());
    test.store.lease_and_report(call).await.unwrap();
    let output = JobOutput { job: JobId(2), attempt: 1, name: "o".into(), location: "out/2".into(), bytes: 1 };
    test.store.add_output(output, NOW).await.unwrap();
    for id in [1, 2, 3, 4, 5, 11] {
        test.report(pilot, report(JobId(id), 1, JobState::Finished), NOW).await;
    }
    test.report(pilot, report(JobId(6), 1, JobState::Failed), NOW).await;
}

async fn archive_all(store: &Store, before: Time) -> u64 {
    let mut moved = 0;
    loop {
        let step = store.archive(before).await.unwrap();
        moved += step.jobs;
        if !step.more {
            return moved;
        }
    }
}

async fn ended_jobs_move_and_are_found(mut test: TestStore) {
    some_history(&test).await;
    let counts = test.store.counts(CountScope::All).await.unwrap();
    assert_eq!(archive_all(&test.store, NOW).await, 0, "nothing ended before");
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 7);
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 0, "once is enough");
    test.reopen().await;
    assert_eq!(test.state(JobId(3)).await, JobState::Finished);
    assert_eq!(test.store.job(JobId(6)).await.unwrap().unwrap().attempts.len(), 1);
    assert_eq!(test.store.counts(CountScope::All).await.unwrap(), counts);
    test.counters_agree(11).await;
    let ids = |first, last| CountScope::Ids(IdSet::range(JobId(first), JobId(last)));
    assert_eq!(test.store.counts(ids(2, 7)).await.unwrap().of(JobState::Finished), 4);
    let refused = test.report(model::PilotId(1), report(JobId(6), 1, JobState::Finished), NOW + DAY).await;
    assert!(refused[0].stop, "a late report of an archived job");
}

async fn a_retry_brings_an_archived_job_back(test: TestStore) {
    some_history(&test).await;
    archive_all(&test.store, NOW + DAY).await;
    let request = RetryRequest { ids: IdSet::range(JobId(1), JobId(11)), scope: Scope::All, now: NOW + DAY };
    let retried = test.store.retry(request).await.unwrap();
    assert_eq!((retried.retried, retried.left_alone), (1, 10));
    assert_eq!(test.state(JobId(6)).await, JobState::Activated);
    test.counters_agree(11).await;
    let pilot = test.pilot("q").await;
    let leased = test.lease(pilot, "q", 10, NOW + DAY).await;
    assert!(leased.jobs.iter().any(|job| job.id == JobId(6) && job.attempt == 2));
}

async fn whole_days_are_dropped(test: TestStore) {
    some_history(&test).await;
    archive_all(&test.store, NOW + DAY).await;
    assert!(test.store.drop_archive(NOW).await.unwrap().is_empty(), "the day is not over");
    assert_eq!(test.store.drop_archive(NOW + 2 * DAY).await.unwrap(), ["out/2"]);
    assert!(test.store.drop_archive(NOW + 2 * DAY).await.unwrap().is_empty());
    assert!(test.store.job(JobId(11)).await.unwrap().is_none());
    let counts = test.store.counts(CountScope::All).await.unwrap();
    assert_eq!((counts.total(), counts.of(JobState::Activated)), (4, 4));
    test.store.prune(NOW + 60 * DAY).await.unwrap();
}

async fn a_backup_is_restored(test: TestStore) {
    some_history(&test).await;
    archive_all(&test.store, NOW + DAY).await;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("backup");
    test.store.backup(&path).await.unwrap();
    assert!(test.store.backup(&path).await.is_err(), "an existing backup is not overwritten");
    assert!(Store::restore(&test.config, &path).await.is_err(), "a store in use is not overwritten");
    test.submit(single("eve", "q")).await;

    let fresh = if test.is_sqlite() {
        super::support::sqlite()
    } else {
        tokio::task::spawn_blocking(super::support::postgres).await.unwrap()
    };
    Store::restore(&fresh.0, &path).await.unwrap();
    let copy = TestStore::open(fresh).await;
    assert_eq!(copy.state(JobId(3)).await, JobState::Finished);
    assert!(copy.store.job(JobId(12)).await.unwrap().is_none());
    copy.counters_agree(11).await;
    assert_eq!(copy.submit(single("eve", "q")).await.first, JobId(12));
}

async fn a_crash_between_copy_and_delete_is_mended(test: TestStore) {
    some_history(&test).await;
    let days = crate::archive::days_of(&[(1, NOW.0), (6, NOW.0)]);
    let note = move |tx: &mut crate::tx::Tx<'_>| {
        days.iter().try_for_each(|(day, ids)| crate::archive::add_day(tx, *day, *ids))
    };
    test.store.write(note).await.unwrap();
    let archive = test.store.archive_reader();
    let crashed = test.store.write(move |tx| {
        archive.take_in(tx, &[1, 2, 6])?;
        Err::<(), _>(crate::Error::Invalid("the crash".into()))
    });
    assert!(crashed.await.is_err());
    assert_eq!(test.state(JobId(6)).await, JobState::Failed);
    // One of them is retried before the archive comes by again.
    let request = RetryRequest { ids: IdSet::range(JobId(6), JobId(6)), scope: Scope::All, now: NOW };
    assert_eq!(test.store.retry(request).await.unwrap().retried, 1);
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 6);
    assert_eq!(test.state(JobId(6)).await, JobState::Activated);
    test.counters_agree(11).await;
}
