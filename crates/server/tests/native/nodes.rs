//! Nodes of pilots: what is found on them, and those that cannot run jobs.

use crate::harness::{Stage, hello_request, now};
use model::{BatchUpdate, ErrorClass, FailedCheck, NodeCheck, NodeProfile, PilotEvent, PilotState, Time};
use std::time::Duration;
use wire::api::{BatchReport, EndsQuery, HelloRequest};

fn profile() -> NodeProfile {
    NodeProfile { hostname: "n1.cluster".into(), cores: 8, memory_mib: 16_000, ..NodeProfile::default() }
}

fn unfit(secret: String, clock: Time) -> HelloRequest {
    let failed = vec![FailedCheck::new(NodeCheck::Cvmfs, "/cvmfs/a.b is empty")];
    HelloRequest { clock, profile: Some(profile()), failed, ..hello_request(secret, "one", 1) }
}

const WORDS: &str = "the node failed its check (exit code 86): cvmfs: /cvmfs/a.b is empty";

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_on_an_unfit_node_is_exiting_and_gets_no_job() {
    let stage = Stage::open().await;
    let (id, secret) = stage.announce().await;
    let hello = unfit(secret.clone(), now() - Duration::from_secs(7200));
    let first = stage.admin.hello(id, &hello).await.unwrap();
    // The answer may have been lost.
    assert_eq!(stage.admin.hello(id, &hello).await.unwrap().incarnation, first.incarnation);
    let seen = stage.admin.pilot(id).await.unwrap();
    assert_eq!((seen.summary.state, seen.summary.error_class), (PilotState::Exiting, Some(ErrorClass::Node)));
    assert_eq!((seen.summary.message.as_str(), seen.profile), (WORDS, Some(profile())));
    let again = stage.admin.hello(id, &hello_request(secret, "two", 1)).await.err().unwrap();
    assert_eq!(again.code(), Some("pilot-ended"), "its batch system started it again: {again}");

    let update = BatchUpdate {
        pilot: id,
        event: PilotEvent::Break,
        batch_id: "4711".into(),
        native_state: "exited".into(),
        flag: None,
        error_class: Some(ErrorClass::Internal),
        message: "exit code 86".into(),
    };
    stage.factory.report_batch(&BatchReport { factory: "f".into(), updates: vec![update] }).await.unwrap();
    let ends = stage.admin.pilot_ends(&EndsQuery::default()).await.unwrap().ends;
    assert_eq!((ends[0].error_class, ends[0].message.as_str()), (Some(ErrorClass::Node), WORDS));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pilot_finds_is_kept_and_bounded() {
    let stage = Stage::open().await;
    let (id, secret) = stage.announce().await;
    assert_eq!(stage.admin.pilot(id).await.unwrap().profile, None);
    let hello = |profile| HelloRequest { profile: Some(profile), ..hello_request(secret.clone(), "one", 1) };
    let huge = NodeProfile { cpu_model: "x".repeat(20_000), ..profile() };
    assert_eq!(stage.admin.hello(id, &hello(huge)).await.err().unwrap().code(), Some("bad-value"));
    let nul = NodeProfile { os: "a\0b".into(), ..profile() };
    assert_eq!(stage.admin.hello(id, &hello(nul)).await.err().unwrap().code(), Some("bad-value"));
    stage.admin.hello(id, &hello(profile())).await.unwrap();
    let seen = stage.admin.pilot(id).await.unwrap();
    assert_eq!((seen.summary.state, seen.version.as_str(), seen.profile), (PilotState::Running, "0", Some(profile())));
    stage.close().await;
}
