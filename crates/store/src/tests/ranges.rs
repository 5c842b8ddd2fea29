//! Whatever happens to an array, each index is in exactly one place and every counter agrees.

use super::support::{self, NOW, TestStore, array, report};
use crate::engine::{Connection, statements};
use crate::{Destination, KillRequest, RetryRequest, Scope};
use model::{ErrorClass, IdSet, JobId, JobState, PilotId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

const JOBS: i64 = 40;

statements! {
    ALL_RANGES = "SELECT first, last, attempt FROM job_range";
    ALL_ROWS = "SELECT id, state FROM job";
}

/// Something that may happen to an array.
#[derive(Clone, Debug)]
enum Happening {
    Lease(u32),
    Kill(i64, i64),
    Retry(i64, i64),
    Move(i64, i64, u8),
    Report(usize, bool),
    Lose,
}

fn happening() -> impl Strategy<Value = Happening> {
    let span = (1..=JOBS, 1..=JOBS).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        (1u32..8).prop_map(Happening::Lease),
        span.clone().prop_map(|(a, b)| Happening::Kill(a, b)),
        span.clone().prop_map(|(a, b)| Happening::Retry(a, b)),
        (span, 0u8..3).prop_map(|((a, b), to)| Happening::Move(a, b, to)),
        (0usize..8, any::<bool>()).prop_map(|(n, good)| Happening::Report(n, good)),
        Just(Happening::Lose),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn an_index_is_in_exactly_one_place(happenings in prop::collection::vec(happening(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(live_through(happenings));
    }
}

async fn live_through(happenings: Vec<Happening>) {
    let test = TestStore::open(support::sqlite()).await;
    test.queue("a").await;
    test.queue("b").await;
    test.submit(array("ann", "a", JOBS.unsigned_abs())).await;
    let pilot = test.pilot("a").await;
    for (step, happening) in happenings.into_iter().enumerate() {
        let now = NOW + Duration::from_secs(1000 * step as u64);
        happen(&test, pilot, &happening, now).await;
        check_places(&test, &happening).await;
    }
    test.counters_agree(JOBS).await;
}

async fn happen(test: &TestStore, pilot: PilotId, happening: &Happening, now: model::Time) {
    let ids = |a: i64, b: i64| IdSet::range(JobId(a), JobId(b));
    match *happening {
        Happening::Lease(jobs) => {
            test.lease(pilot, "a", jobs, now).await;
        }
        Happening::Kill(a, b) => {
            let request = KillRequest { ids: ids(a, b), scope: Scope::All, issuer: "ann".into(), now };
            test.store.kill(request).await.unwrap();
        }
        Happening::Retry(a, b) => {
            test.store.retry(RetryRequest { ids: ids(a, b), scope: Scope::All, now }).await.unwrap();
        }
        Happening::Move(a, b, to) => {
            let to = match to {
                0 => Destination::Nowhere("no".into()),
                1 => Destination::Queue("a".into()),
                _ => Destination::Queue("b".into()),
            };
            test.store.move_waiting(JobId(a), JobId(b), to, now).await.unwrap();
        }
        Happening::Report(n, good) => {
            let held = test.store.jobs_of_pilot(pilot).await.unwrap();
            if let Some(job) = held.get(n) {
                let state = if good { JobState::Finished } else { JobState::Failed };
                assert_eq!(test.report(pilot, report(job.job, job.attempt, state), now).await, []);
            }
        }
        Happening::Lose => {
            test.store.lose_pilots(vec![pilot], ErrorClass::Lost, "gone".into(), now).await.unwrap();
        }
    }
}

async fn check_places(test: &TestStore, happening: &Happening) {
    let read =
        |connection: &mut dyn Connection| Ok((connection.query(&ALL_RANGES, &[])?, connection.query(&ALL_ROWS, &[])?));
    let (ranges, rows) = test.store.read(read).await.unwrap();
    let waits: BTreeMap<i64, bool> = rows.iter().map(|row| (row.int(0).unwrap(), row.int(1).unwrap() <= 1)).collect();
    let mut seen: BTreeMap<i64, u32> = BTreeMap::new();
    for range in &ranges {
        let (first, last, attempt) = (range.int(0).unwrap(), range.int(1).unwrap(), range.int(2).unwrap());
        assert!(attempt == 0 || first == last, "a further attempt is a job of its own");
        for id in first..=last {
            *seen.entry(id).or_default() += 1;
            assert_eq!(attempt > 0, waits.get(&id) == Some(&true), "job {id} after {happening:?}");
        }
    }
    for id in 1..=JOBS {
        let in_range = seen.get(&id).copied().unwrap_or_default();
        let in_row = waits.get(&id).is_some_and(|waits| !waits);
        assert_eq!(in_range + u32::from(in_row), 1, "job {id} after {happening:?}");
    }
}
