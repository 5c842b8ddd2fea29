//! Two servers on one PostgreSQL database.

use super::support::{self, NOW, TestStore, array, lease, single};
use crate::engine::{Connection, statements};
use crate::jobs::kill::kill_some;
use crate::jobs::lose::lose_all_of;
use crate::reported::pilots::report_some;
use crate::tx::Tx;
use crate::{Claimant, CountScope, KillRequest, PilotClaim, PilotFilter, Result, Scope, Store, Verdict};
use model::pilot::Source;
use model::{Claim, ErrorClass, IdSet, JobId, JobState, LabelPatterns, PilotState};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};

statements! {
    WHO_WAITS = "SELECT 1" => "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND wait_event_type = 'Lock'";
}

/// Two servers with a queue `q`.
struct Servers {
    one: TestStore,
    two: Store,
}

/// An operation of the second server that has done its part and does not commit yet.
struct Paused {
    go: Sender<()>,
    done: JoinHandle<Result<()>>,
}

impl Servers {
    async fn start() -> Servers {
        let one = TestStore::open(spawn_blocking(support::postgres).await.unwrap()).await;
        let two = Store::open(&one.config).await.unwrap();
        one.queue("q").await;
        Servers { one, two }
    }

    /// Runs an operation on the second server up to its commit.
    async fn pause(&self, run: impl Fn(&mut Tx<'_>) -> Result<()> + Send + 'static) -> Paused {
        let (go, wait): (Sender<()>, Receiver<()>) = channel();
        let (reached, is_reached) = channel::<()>();
        let (store, wait) = (self.two.clone(), Mutex::new(wait));
        let done = tokio::spawn(async move {
            let held = move |tx: &mut Tx<'_>| {
                run(tx)?;
                reached.send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
                Ok(())
            };
            store.write(held).await
        });
        spawn_blocking(move || is_reached.recv().unwrap()).await.unwrap();
        Paused { go, done }
    }

    /// Waits until the first server waits for a lock, then lets the second one commit.
    async fn go_on(&self, paused: Paused) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let waits = |connection: &mut dyn Connection| connection.query_one(&WHO_WAITS, &[])?.unwrap().int(0);
        while self.one.store.read(waits).await.unwrap() == 0 {
            assert!(tokio::time::Instant::now() < deadline, "nobody waits for a lock");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        paused.go.send(()).unwrap();
        paused.done.await.unwrap().unwrap();
    }
}

fn kill(first: i64, last: i64) -> KillRequest {
    KillRequest { ids: IdSet::range(JobId(first), JobId(last)), scope: Scope::All, issuer: "ann".into(), now: NOW }
}

fn start_kill(store: &Store, request: KillRequest) -> JoinHandle<Result<model::Killed>> {
    let store = store.clone();
    tokio::spawn(async move { store.kill(request).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_never_lease_a_job_twice() {
    let Servers { one, two } = Servers::start().await;
    let mut heard = two.changes();
    one.submit(array("ann", "q", 1000)).await;
    let told = async { while !heard.recv().await.unwrap().has_activated("q") {} };
    tokio::time::timeout(Duration::from_secs(20), told).await.unwrap();
    let pilots = [one.pilot("q").await, one.pilot("q").await, one.pilot("q").await, one.pilot("q").await];
    let leasing = pilots.iter().enumerate().map(|(n, pilot)| {
        let (store, pilot) = (if n % 2 == 0 { one.store.clone() } else { two.clone() }, *pilot);
        tokio::spawn(async move {
            let mut got = Vec::new();
            let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
            while store.counts(CountScope::All).await.unwrap().of(JobState::Activated) > 0 {
                assert!(tokio::time::Instant::now() < deadline, "jobs are left that nobody gets");
                got.extend(
                    store.lease_and_report(lease(pilot, "q", 7, NOW)).await.unwrap().jobs.iter().map(|job| job.id.0),
                );
            }
            got
        })
    });
    let mut all = Vec::new();
    for task in leasing.collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    all.sort_unstable();
    assert_eq!(all, (1..=1000).collect::<Vec<_>>());
    assert!(one.store.try_duty("reaper", Duration::from_secs(9)).await.unwrap());
    assert!(!two.try_duty("reaper", Duration::from_secs(9)).await.unwrap());
    assert!(one.store.try_duty("brokerage", Duration::ZERO).await.unwrap());
    assert!(two.try_duty("brokerage", Duration::from_secs(9)).await.unwrap(), "it was over");
    assert!(!one.store.try_duty("brokerage", Duration::from_secs(9)).await.unwrap());
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_kill_beats_a_requeue_on_another_server() {
    let servers = Servers::start().await;
    let test = &servers.one;
    test.submit(single("ann", "q")).await;
    let pilot = test.pilot("q").await;
    test.lease(pilot, "q", 1, NOW).await;
    let lost = servers.pause(move |tx| {
        lose_all_of(tx, &[pilot], ErrorClass::Lost, "gone", NOW)?;
        Ok(())
    });
    let lost = lost.await;
    let killing = start_kill(&test.store, kill(1, 1));
    servers.go_on(lost).await;
    assert_eq!(killing.await.unwrap().unwrap().cancelled, 1);
    assert_eq!(test.state(JobId(1)).await, JobState::Cancelled);
    test.store.activate_due(NOW + Duration::from_secs(3600)).await.unwrap();
    let leased = test.lease(pilot, "q", 1, NOW + Duration::from_secs(3600)).await;
    assert_eq!(leased.jobs, [], "a cancelled job is not run");
    test.counters_agree(1).await;
    servers.two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_split_one_array() {
    let servers = Servers::start().await;
    let test = &servers.one;
    test.submit(array("ann", "q", 1000)).await;
    let first = servers.pause(|tx| kill_some(tx, &kill(1, 10), 1, 10).map(|_| ())).await;
    let killing = start_kill(&test.store, kill(21, 30));
    servers.go_on(first).await;
    assert_eq!(killing.await.unwrap().unwrap().cancelled, 10);
    let counts = test.store.counts(CountScope::All).await.unwrap();
    assert_eq!((counts.of(JobState::Cancelled), counts.of(JobState::Activated)), (20, 980));
    test.counters_agree(1000).await;
    servers.two.close().await;
}

/// Both were told of the same pilot, that nobody knew, at the same time: of a factory that is known, and of one that is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_a_reported_pilot_that_both_servers_hear_of_is_made_once() {
    let servers = Servers::start().await;
    for (factory, others) in [("new", 0), ("known", 1)] {
        if others > 0 {
            let verdicts =
                servers.one.store.report_pilots(vec![reported(factory, "0.0", Claim::Created)], patterns(), wrapper());
            assert!(matches!(verdicts.await.unwrap()[..], [Verdict::Created(_)]));
        }
        let created = reported(factory, "1.0", Claim::Created);
        let paused = servers.pause(move |tx| {
            let verdicts = report_some(tx, std::slice::from_ref(&created), &LabelPatterns::default(), &wrapper())?;
            assert!(matches!(verdicts[..], [Verdict::Created(_)]), "{verdicts:?}");
            Ok(())
        });
        let paused = paused.await;
        let store = servers.one.store.clone();
        let running = PilotClaim { label: String::new(), ..reported(factory, "1.0", Claim::Running) };
        let second = tokio::spawn(async move { store.report_pilots(vec![running], patterns(), wrapper()).await });
        servers.go_on(paused).await;
        let verdicts = second.await.unwrap().unwrap();
        assert!(matches!(verdicts[..], [Verdict::Moved(_, PilotState::Running)]), "{verdicts:?}");
        let counts =
            servers.one.store.pilot_counts().await.unwrap().into_iter().filter(|count| count.factory == factory);
        let mut counts: Vec<_> = counts.map(|count| (count.label, count.state, count.pilots)).collect();
        counts.retain(|(_, state, _)| *state == PilotState::Running);
        assert_eq!(counts, [("l".to_owned(), PilotState::Running, 1)]);
        let filter = PilotFilter { factory: Some(factory.to_owned()), ..PilotFilter::default() };
        assert_eq!(servers.two.pilots(filter, None, 10).await.unwrap().rows.len(), 1 + others);
        let factories = servers.two.factories().await.unwrap();
        let factory = factories.iter().find(|one| one.name == factory).unwrap();
        assert_eq!(factory.said.labels.len(), 1, "no label is made for a claim that names none");
    }
}

fn reported(factory: &str, batch_id: &str, claim: Claim) -> PilotClaim {
    PilotClaim {
        factory: factory.to_owned(),
        batch_id: batch_id.to_owned(),
        label: "l".to_owned(),
        queue: String::new(),
        resource: String::new(),
        claim,
        result: None,
        jobs: 0,
        error_class: None,
        text: String::new(),
        only_known: false,
    }
}

fn patterns() -> Arc<LabelPatterns> {
    Arc::new(LabelPatterns::default())
}

fn wrapper() -> Claimant {
    Claimant { source: Source::Apfmon, address: "192.0.2.7".to_owned(), now: NOW }
}
