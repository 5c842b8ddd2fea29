//! The archive: moved once, found again, dropped by the day.

use super::support::{NOW, TestStore, array, on_both, report, single};
use crate::archive::forget::Dropping;
use crate::engine::{params, statements};
use crate::tx::Tx;
use crate::{CountScope, Error, JobOutput, KillRequest, Location, Result, RetryRequest, Scope, Store, StoreConfig};
use model::{IdSet, JobId, JobState, Time};
use std::sync::Arc;
use std::time::Duration;

on_both! {
    moving => ended_jobs_move_and_are_found;
    retrying => a_retry_brings_an_archived_job_back;
    dropping => whole_days_are_dropped;
    copying => a_backup_is_restored;
    crashing => a_crash_between_copy_and_delete_is_mended;
    broken_retry => a_broken_retry_loses_no_archived_job;
    broken_drop => a_drop_that_breaks_off_goes_on;
    never_ran => what_never_ran_is_dropped_too;
    copied => the_files_stay_while_they_are_copied;
}

statements! {
    SUBMISSIONS = "SELECT id FROM submission";
    PARTITIONS_LEFT = "SELECT 1" => "SELECT tablename FROM pg_tables WHERE tablename LIKE 'archive_job_2%'";
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

async fn discarded(test: &TestStore, now: Time) -> Vec<String> {
    test.store.discarded(now, 10).await.unwrap()
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
    let before = test.store.bytes().await.unwrap();
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 7);
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 0, "once is enough");
    assert!(test.store.bytes().await.unwrap() > before, "a day of the archive takes room");
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
    let later = NOW + 2 * DAY;
    assert_eq!(test.store.drop_archive(NOW, later).await.unwrap(), 0);
    assert_eq!(test.state(JobId(11)).await, JobState::Finished, "the day is not over");
    assert_eq!(test.store.drop_archive(later, later).await.unwrap(), 1);
    assert_eq!(discarded(&test, later).await, ["out/2"]);
    test.store.deleted(vec!["out/2".into()]).await.unwrap();
    test.store.drop_archive(later, later).await.unwrap();
    assert!(discarded(&test, later).await.is_empty());
    assert!(test.store.job(JobId(11)).await.unwrap().is_none());
    let counts = test.store.counts(CountScope::All).await.unwrap();
    assert_eq!((counts.total(), counts.of(JobState::Activated)), (4, 4));
    test.store.prune(NOW + 60 * DAY, DAY).await.unwrap();
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

/// Something that breaks off before its commit.
async fn broken_off<T: Send + 'static>(test: &TestStore, run: impl Fn(&mut Tx<'_>) -> Result<T> + Send + 'static) {
    let broken = test.store.write(move |tx| {
        run(tx)?;
        Err::<(), _>(Error::Invalid("the crash".into()))
    });
    assert!(matches!(broken.await, Err(Error::Invalid(_))));
}

async fn a_crash_between_copy_and_delete_is_mended(mut test: TestStore) {
    some_history(&test).await;
    let archive = test.store.archive_reader();
    let noting = archive.clone();
    test.store.write(move |tx| noting.note(tx, &[(1, NOW.0), (2, NOW.0), (6, NOW.0)])).await.unwrap();
    broken_off(&test, move |tx| archive.take_in(tx, &[1, 2, 6])).await;
    assert_eq!(test.state(JobId(6)).await, JobState::Failed);
    // One of them is retried before the archive comes by again.
    let request = RetryRequest { ids: IdSet::range(JobId(6), JobId(6)), scope: Scope::All, now: NOW };
    assert_eq!(test.store.retry(request).await.unwrap().retried, 1);
    test.reopen().await;
    assert_eq!(test.store.counts(some(5, 6)).await.unwrap().total(), 2, "no copy counts");
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 6);
    assert_eq!(test.state(JobId(6)).await, JobState::Activated);
    test.counters_agree(11).await;
}

fn some(first: i64, last: i64) -> CountScope {
    CountScope::Ids(IdSet::range(JobId(first), JobId(last)))
}

async fn a_broken_retry_loses_no_archived_job(mut test: TestStore) {
    some_history(&test).await;
    archive_all(&test.store, NOW + DAY).await;
    let archive = test.store.archive_reader();
    let finding = archive.clone();
    let found = Arc::new(test.store.read(move |connection| finding.failed(connection, 6, 6)).await.unwrap());
    let (back, rows) = (archive.clone(), found.clone());
    broken_off(&test, move |tx| back.bring_back(tx, &rows)).await;
    assert_eq!(test.state(JobId(6)).await, JobState::Failed);
    test.counters_agree(11).await;
    // And when the crash comes after the commit, the job is there once.
    test.store.write(move |tx| archive.bring_back(tx, &found)).await.unwrap();
    test.reopen().await;
    assert_eq!(test.store.counts(some(6, 6)).await.unwrap().total(), 1);
    assert_eq!(test.store.counts(some(5, 7)).await.unwrap().total(), 3);
    test.counters_agree(11).await;
}

async fn a_drop_that_breaks_off_goes_on(test: TestStore) {
    some_history(&test).await;
    archive_all(&test.store, NOW + DAY).await;
    let archive = test.store.archive_reader();
    let begun = Dropping { day: NOW.0.div_euclid(86_400_000), after: 0 };
    broken_off(&test, move |tx| archive.forget_some(tx, begun, NOW)).await;
    test.counters_agree(11).await;
    assert!(discarded(&test, NOW).await.is_empty());
    assert_eq!(test.store.drop_archive(NOW + 2 * DAY, NOW).await.unwrap(), 1, "it went on with the day");
    assert_eq!(discarded(&test, NOW).await, ["out/2"]);
    assert_eq!(test.store.counts(CountScope::All).await.unwrap().total(), 4);
    test.counters_agree(11).await;
}

async fn what_never_ran_is_dropped_too(test: TestStore) {
    some_history(&test).await;
    test.submit(single("eve", "q")).await;
    let request = KillRequest {
        ids: IdSet::range(JobId(7), JobId(12)),
        scope: Scope::All,
        issuer: "ann".into(),
        now: NOW + Duration::from_secs(1),
    };
    assert_eq!(test.store.kill(request).await.unwrap().cancelled, 5);
    archive_all(&test.store, NOW + DAY).await;
    test.store.drop_archive(NOW, NOW).await.unwrap();
    assert_eq!(test.store.counts(CountScope::All).await.unwrap().total(), 12, "the day is not over");
    test.store.drop_archive(NOW + 2 * DAY, NOW).await.unwrap();
    // The next pass finds the array without a job.
    test.store.drop_archive(NOW + 2 * DAY, NOW).await.unwrap();
    assert_eq!(test.store.counts(CountScope::All).await.unwrap().total(), 0);
    assert_eq!(test.store.counts(some(1, 12)).await.unwrap().total(), 0);
    let left = test.store.read(|connection| connection.query(&SUBMISSIONS, &[])).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

async fn the_files_stay_while_they_are_copied(test: TestStore) {
    some_history(&test).await;
    let copying = test.store.inner.archive_from.clone().lock_owned().await;
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 0);
    drop(copying);
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 7);
    let copying = test.store.inner.archive_from.clone().lock_owned().await;
    test.store.drop_archive(NOW + 2 * DAY, NOW).await.unwrap();
    assert_eq!(test.store.counts(some(1, 11)).await.unwrap().total(), 11, "nothing is dropped meanwhile");
    let request = RetryRequest { ids: IdSet::range(JobId(6), JobId(6)), scope: Scope::All, now: NOW + DAY };
    assert_eq!(test.store.retry(request).await.unwrap().retried, 1);
    drop(copying);
    archive_all(&test.store, NOW + DAY).await;
    assert_eq!(test.store.counts(some(5, 7)).await.unwrap().total(), 3);
    assert_eq!(test.state(JobId(3)).await, JobState::Finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_takes_no_leftovers_over() {
    let test = TestStore::open(super::support::sqlite()).await;
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("backup");
    test.store.backup(&path).await.unwrap();
    for leftover in ["pilotage.db-wal", "archive-2026-01-01.db", "archive-2026-01-01.db-journal"] {
        let fresh = tempfile::tempdir().unwrap();
        std::fs::write(fresh.path().join(leftover), b"old pages").unwrap();
        let restored = Store::restore(&StoreConfig::directory(fresh.path()), &path).await;
        assert!(matches!(&restored, Err(Error::Conflict(what)) if what.contains(leftover)), "{restored:?}");
        assert!(!fresh.path().join("pilotage.db").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_commit_of_a_day_is_rolled_back_by_its_reader() {
    let test = TestStore::open(super::support::sqlite()).await;
    some_history(&test).await;
    archive_all(&test.store, NOW + DAY).await;
    let Location::Directory(directory) = test.config.location.clone() else { panic!("no directory") };
    let name = crate::archive::day::file_name(NOW.0.div_euclid(86_400_000)).unwrap();
    let (file, journal) = (directory.join(&name), directory.join(format!("{name}-journal")));
    let writer = rusqlite::Connection::open(&file).unwrap();
    writer.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE; UPDATE job SET message = zeroblob(100000)").unwrap();
    // As a killed process leaves them: pages written, their old content in the journal.
    let (pages, old) = (std::fs::read(&file).unwrap(), std::fs::read(&journal).unwrap());
    drop(writer);
    std::fs::write(&file, pages).unwrap();
    std::fs::write(&journal, old).unwrap();
    assert_eq!(test.state(JobId(6)).await, JobState::Failed);
    assert_eq!(test.store.counts(some(2, 7)).await.unwrap().of(JobState::Finished), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_reads_the_archive_stops_nobody() {
    let home = tokio::task::spawn_blocking(super::support::postgres).await.unwrap();
    let test = TestStore::open(home).await;
    some_history(&test).await;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = std::sync::mpsc::channel::<()>();
    let store = test.store.clone();
    let reading = tokio::spawn(async move {
        let read = store.read(move |connection| {
            connection.query(&crate::archive::PARTITION_COUNTS, params![1, 9])?;
            begun.send(()).unwrap();
            wait.recv().map_err(|error| Error::Invalid(error.to_string()))
        });
        read.await
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    assert_eq!(archive_all(&test.store, NOW + DAY).await, 7);
    test.store.drop_archive(NOW + 2 * DAY, NOW).await.unwrap();
    let partitions =
        async || test.store.read(|connection| connection.query(&PARTITIONS_LEFT, &[])).await.unwrap().len();
    assert_eq!(partitions().await, 1, "it is in use");
    test.counters_agree(11).await;
    go.send(()).unwrap();
    reading.await.unwrap().unwrap();
    test.store.drop_archive(NOW + 2 * DAY, NOW).await.unwrap();
    assert_eq!(partitions().await, 0);
}
