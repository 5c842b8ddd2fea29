//! What operators want to know of their server: who wrote what, which tokens are in use, what retention removed.

use crate::harness::*;
use model::{QueueRecord, Role, Time};
use std::time::Duration;
use store::Removable;
use wire::api::SetQueueStatus;

async fn last_use(stage: &Stage, user: &str) -> Option<Time> {
    let tokens = stage.admin.tokens().await.unwrap().tokens;
    tokens.into_iter().find(|token| token.user == user).unwrap().last_used
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_token_is_told_at_once_and_outlives_the_server() {
    let stage = Stage::open().await;
    let bob = stage.client("bob", "", Role::User).await;
    assert_eq!(last_use(&stage, "bob").await, None);
    let began = now();
    bob.whoami().await.unwrap();
    let used = last_use(&stage, "bob").await;
    assert!(used >= Some(began), "{used:?}");
    let stage = stage.restart(|_| {}).await;
    assert_eq!(last_use(&stage, "bob").await, used);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_tells_who_wrote_its_record_and_who_set_its_status() {
    let stage = Stage::open().await;
    let writer = async || stage.admin.queue("q").await.unwrap().written.unwrap().by;
    assert_eq!(writer().await, "ada");
    let sam = stage.client_of_sites("sam", "", Role::SiteAdmin, &["q"]).await;
    sam.set_queue_status("q", &SetQueueStatus { status: model::QueueStatus::Test, reason: "r".into() }).await.unwrap();
    stage.factory.put_queue(&QueueRecord::named("q")).await.unwrap();
    assert_eq!(writer().await, "ada", "the factory changed nothing");
    stage.factory.put_queue(&QueueRecord { max_cores: 8, ..QueueRecord::named("q") }).await.unwrap();
    let factory = stage.factory.whoami().await.unwrap().user;
    assert_eq!(writer().await, factory);
    assert_eq!(stage.admin.queue("q").await.unwrap().status_set.unwrap().by, "sam");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_removes_is_remembered() {
    let at_once = |config: &mut server::Config| {
        config.retention_every = Duration::from_millis(50);
        config.keep_idempotency = Duration::ZERO;
    };
    let stage = Stage::with(at_once).await;
    let folder = stage.dir.path().join("objects/logs/f/2020-01-01/l");
    std::fs::create_dir_all(&folder).unwrap();
    let log = std::fs::File::create(folder.join("1.out")).unwrap();
    log.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    stage.submit(job("one")).await;
    let store = &stage.running.state().store;
    eventually("the key and the log are gone", async || {
        let removals = store.removals().await.unwrap();
        [Removable::Keys, Removable::PilotLogs].iter().all(|kind| removals.get(kind).is_some_and(|one| one.count == 1))
    })
    .await;
    stage.close().await;
}
