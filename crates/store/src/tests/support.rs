//! Stores for tests: each in a directory or a database of its own, on both engines.

use crate::{HelloCall, LeaseCall, Location, NewJobs, Store, StoreConfig, SubmitCall};
use model::{IdSet, JobId, JobReport, JobSpec, JobState, Offer, PilotId, QueueRecord, Shape, Submitted, Time, Written};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The time at which tests begin.
pub(super) const NOW: Time = Time(1_790_000_000_000);

/// A store with what it needs to be removed again.
pub(super) struct TestStore {
    pub(super) store: Store,
    pub(super) config: StoreConfig,
    _home: Home,
}

pub(super) enum Home {
    Directory(#[expect(dead_code, reason = "removes the directory when dropped")] tempfile::TempDir),
    Database { admin: String, name: String },
}

/// URL of the PostgreSQL that tests use.
pub(super) fn postgres_url() -> String {
    std::env::var("PILOTAGE_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!(
            "PILOTAGE_TEST_POSTGRES is not set: it is the URL of a PostgreSQL where tests may create databases, such as \
             postgres://postgres@127.0.0.1:15432/postgres; `cargo xtask test` starts one and sets it"
        )
    })
}

/// A configuration for a new empty SQLite store.
pub(super) fn sqlite() -> (StoreConfig, Home) {
    let directory = tempfile::tempdir().unwrap();
    let config = quick(StoreConfig::directory(directory.path()));
    (config, Home::Directory(directory))
}

/// A configuration for a new empty PostgreSQL database.
pub(super) fn postgres() -> (StoreConfig, Home) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let admin = postgres_url();
    let name = format!("store_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    admin_runs(&admin, &format!("CREATE DATABASE {name}"));
    let url = format!("{}/{name}", admin.rsplit_once('/').unwrap().0);
    (quick(StoreConfig::postgres(url)), Home::Database { admin, name })
}

fn quick(mut config: StoreConfig) -> StoreConfig {
    config.attempts.first_backoff = Duration::from_secs(5);
    config
}

fn admin_runs(url: &str, text: &str) {
    use crate::engine::Connection;
    crate::engine::postgres::Postgres::open(url).unwrap().run(text).unwrap();
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Home::Database { admin, name } = self {
            let (admin, text) = (admin.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            // Not inside of the test's runtime, where blocking is not allowed.
            std::thread::spawn(move || admin_runs(&admin, &text)).join().unwrap();
        }
    }
}

impl TestStore {
    pub(super) async fn open((config, home): (StoreConfig, Home)) -> TestStore {
        let store = Store::open(&config).await.unwrap();
        TestStore { store, config, _home: home }
    }

    /// Closes the store and opens it again.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Store::open(&self.config).await.unwrap();
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.config.location, Location::Directory(_))
    }

    pub(super) async fn queue(&self, name: &str) {
        self.store.put_queue(QueueRecord::named(name), written(NOW)).await.unwrap();
    }

    pub(super) async fn submit(&self, jobs: NewJobs) -> Submitted {
        let call = SubmitCall { user: jobs.spec.user.clone(), idempotency_key: None, jobs: vec![jobs], now: NOW };
        self.store.submit(call).await.unwrap().submitted.remove(0)
    }

    /// A running pilot of a queue.
    pub(super) async fn pilot(&self, queue: &str) -> PilotId {
        let announcement = crate::Announcement {
            factory: "fab".to_owned(),
            label: format!("{queue}-label"),
            queue: queue.to_owned(),
            batch: "local".to_owned(),
            test: None,
            secret_hashes: vec![[7; 32]],
            now: NOW,
        };
        let pilot = self.store.announce(announcement).await.unwrap();
        self.store.hello(hello(pilot, "one")).await.unwrap();
        pilot
    }

    pub(super) async fn lease(&self, pilot: PilotId, queue: &str, max_slots: u32, now: Time) -> crate::Leases {
        self.store.lease_and_report(lease(pilot, queue, max_slots, now)).await.unwrap()
    }

    pub(super) async fn report(&self, pilot: PilotId, report: JobReport, now: Time) -> Vec<model::RefusedReport> {
        self.store.report(pilot, vec![report], now).await.unwrap()
    }

    pub(super) async fn state(&self, job: JobId) -> JobState {
        self.store.job(job).await.unwrap().unwrap().summary.state
    }

    /// Counters of all kinds agree with each other and with the rows.
    pub(super) async fn counters_agree(&self, last: i64) {
        let all = self.store.counts(crate::CountScope::All).await.unwrap();
        let mut of_rows = std::collections::BTreeMap::new();
        for id in 1..=last {
            if let Some(job) = self.store.job(JobId(id)).await.unwrap() {
                *of_rows.entry(job.summary.state).or_insert(0u64) += 1;
            }
        }
        for state in JobState::ALL {
            assert_eq!(all.of(state), of_rows.get(&state).copied().unwrap_or_default(), "{state}");
        }
        let by_ids = self.store.counts(crate::CountScope::Ids(IdSet::range(JobId(1), JobId(last)))).await.unwrap();
        assert_eq!(all, by_ids);
    }
}

/// Somebody who writes records of queues.
pub(super) fn written(at: Time) -> Written {
    Written { by: "ann".to_owned(), at }
}

pub(super) fn hello(pilot: PilotId, instance: &str) -> HelloCall {
    HelloCall {
        pilot,
        secret_hash: [7; 32],
        instance: instance.to_owned(),
        version: "1".to_owned(),
        node: format!("node-{instance}"),
        slots: 4,
        shape: offer().whole,
        batch_id: String::new(),
        profile: String::new(),
        unfit: String::new(),
        now: NOW,
    }
}

pub(super) fn offer() -> Offer {
    Offer { slots: 4, whole: Shape { cores: 8, memory_mib: 0, wall_time_s: 0 } }
}

pub(super) fn lease(pilot: PilotId, queue: &str, max_slots: u32, now: Time) -> LeaseCall {
    let (incarnation, queue, max_jobs) = (1, queue.to_owned(), max_slots);
    LeaseCall { pilot, incarnation, queue, offer: offer(), max_slots, max_jobs, now, ..LeaseCall::default() }
}

pub(super) fn spec(user: &str) -> JobSpec {
    let spec = JobSpec { user: user.to_owned(), group: "physics".to_owned(), ..JobSpec::command("/bin/true", []) };
    spec.checked().unwrap()
}

pub(super) fn single(user: &str, queue: &str) -> NewJobs {
    NewJobs { spec: spec(user), array: None, queue: Some(queue.to_owned()), reason: String::new() }
}

pub(super) fn array(user: &str, queue: &str, count: u64) -> NewJobs {
    NewJobs { array: Some(count), ..single(user, queue) }
}

pub(super) fn report(job: JobId, attempt: u32, state: JobState) -> JobReport {
    JobReport {
        started: Some(NOW),
        ended: state.is_final().then_some(NOW),
        exit_code: state.is_final().then_some(i32::from(state != JobState::Finished)),
        ..JobReport::new(job, attempt, "", state)
    }
}

/// Runs a test on both engines.
macro_rules! on_both {
    ($($(#[$meta:meta])* $name:ident => $body:ident;)*) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$body(super::super::support::TestStore::open(super::super::support::sqlite()).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgresql() {
                let home = tokio::task::spawn_blocking(super::super::support::postgres).await.unwrap();
                super::$body(super::super::support::TestStore::open(home).await).await;
            }
        }
    )*};
}

pub(super) use on_both;
