//! Idempotency keys: a repeat is harmless, another request under the same key is refused.

use crate::harness::*;
use model::JobSpec;
use wire::api::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_and_counts_once() {
    let stage = Stage::open().await;
    let request = SubmitRequest { spec: job("once"), array: Some(3) };
    let first = stage.admin.submit(&request, "key").await.unwrap();
    assert_eq!(stage.admin.submit(&request, "key").await.unwrap(), first);
    assert_eq!(stage.admin.job_counts(&JobQuery::default()).await.unwrap().total(), 3);
    let text = metrics(&stage).await;
    assert!(text.contains("pilotage_jobs_submitted_total{queue=\"q\"} 3\n"), "{text}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_another_request_is_refused() {
    let stage = Stage::open().await;
    let request = SubmitRequest { spec: job("one"), array: None };
    stage.admin.submit(&request, "key").await.unwrap();
    let others = [
        SubmitRequest { array: Some(1), ..request.clone() },
        SubmitRequest { spec: JobSpec { priority: 1, ..job("one") }, array: None },
    ];
    for other in others {
        let error = stage.admin.submit(&other, "key").await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(422), Some("key-reused")), "{error}");
    }
    let bob = stage.client("bob", "", model::Role::User).await;
    bob.submit(&request, "key").await.unwrap();
    stage.close().await;
}
