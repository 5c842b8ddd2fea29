//! Group commit: many operations share a commit, and a bad one never fails its neighbours.

use super::support::{self, NOW, TestStore, on_both};
use crate::engine::{params, statements};
use crate::{Error, Store};
use futures_util::future::join_all;

statements! {
    PUT = "INSERT INTO meta (name, value) VALUES (?1, ?2)";
}

on_both! {
    neighbours => bad_operations_fail_alone;
    batching => waiting_operations_share_commits;
    collisions => counters_of_a_failed_operation_are_not_kept;
}

async fn put(store: &Store, name: &str) -> crate::Result<()> {
    let name = name.to_owned();
    store.write(move |tx| tx.execute(&PUT, params![&name, vec![1u8]]).map(|_| ())).await
}

async fn bad_operations_fail_alone(test: TestStore) {
    let names: Vec<String> = (0..100).map(|n| format!("name-{}", if n % 10 == 3 { 3 } else { n })).collect();
    let results = join_all(names.iter().map(|name| put(&test.store, name))).await;
    let failed: Vec<usize> = results.iter().enumerate().filter(|(_, r)| r.is_err()).map(|(n, _)| n).collect();
    assert_eq!(failed, [13, 23, 33, 43, 53, 63, 73, 83, 93]);
    assert!(matches!(results[13], Err(Error::Engine { .. })), "{:?}", results[13]);
    for n in (0..100).filter(|n| n % 10 != 3) {
        assert_eq!(test.store.meta(&format!("name-{n}")).await.unwrap(), Some(vec![1]));
    }
}

async fn waiting_operations_share_commits(test: TestStore) {
    let before = test.store.health().await.unwrap();
    let names: Vec<String> = (0..500).map(|n| format!("name-{n}")).collect();
    let results = join_all(names.iter().map(|name| put(&test.store, name))).await;
    assert!(results.iter().all(Result::is_ok));
    let after = test.store.health().await.unwrap();
    assert_eq!(after.operations - before.operations, 501);
    assert!(after.commits - before.commits < 100, "{} commits", after.commits - before.commits);
}

async fn counters_of_a_failed_operation_are_not_kept(test: TestStore) {
    test.queue("q").await;
    let good = support::array("ann", "q", 10);
    // The second array is refused by the engine: its name is beyond what PostgreSQL and the index take as text.
    let duplicate = crate::SubmitCall {
        user: "ann".to_owned(),
        idempotency_key: Some("same".to_owned()),
        jobs: vec![good.clone()],
        now: NOW,
    };
    let broken = test.store.write(|tx| {
        tx.count_new(crate::tx::Counted { lane: 1, array: None }, model::JobState::Failed, 1000);
        tx.execute(&PUT, params!["x", Option::<i64>::None]).map(|_| ())
    });
    let (first, broken, second) =
        tokio::join!(test.store.submit(duplicate.clone()), broken, test.store.submit(duplicate));
    assert!(broken.is_err());
    assert_eq!(first.unwrap().submitted, second.unwrap().submitted);
    let counts = test.store.counts(crate::CountScope::All).await.unwrap();
    assert_eq!((counts.of(model::JobState::Activated), counts.total()), (10, 10));
}
