//! Files of the object store: none is orphaned, whatever fails.

use crate::harness::*;
use bytes::Bytes;
use std::time::Duration;
use store::LogName;
use wire::api::*;

async fn busy() -> Stage {
    Stage::with(|config| config.retention_every = Duration::from_millis(50)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_deleted_does_not_keep_the_others() {
    let stage = busy().await;
    let objects = stage.dir.path().join("objects");
    // A directory with something in it cannot be deleted as a file.
    std::fs::create_dir_all(objects.join("a/below")).unwrap();
    std::fs::write(objects.join("b"), "x").unwrap();
    let store = &stage.running.state().store;
    store.discard(vec!["a".into(), "b".into(), "c".into()], now()).await.unwrap();
    eventually("the other file is gone", async || !objects.join("b").exists()).await;
    let later = now() + Duration::from_secs(7200);
    eventually("one is left to be tried again", async || {
        store.discarded(later, 10).await.unwrap() == ["a"] && store.discarded(now(), 10).await.unwrap().is_empty()
    })
    .await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_could_not_move_moves_later() {
    let stage = busy().await;
    let id = stage.submit(job("verbose")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let in_the_way = stage.dir.path().join("objects/jobs");
    std::fs::write(&in_the_way, "").unwrap();
    let text = Bytes::from("line\n".repeat(40_000));
    pilot.client.put_log(&one, LogStream::Stdout, 0, text.clone(), true).await.unwrap();
    pilot.report(vec![finished(&one)]).await;
    let failures = "pilotage_duty_failures_total{kind=\"retention\"}";
    eventually("the move has failed", async || metrics(&stage).await.contains(failures)).await;
    let read = async || stage.admin.log(id, LogStream::Stdout, &LogQuery::default()).await.unwrap().bytes;
    assert!(read().await == text);
    std::fs::remove_file(&in_the_way).unwrap();
    let log = LogName { job: id, attempt: 1, stream: LogStream::Stdout };
    let store = &stage.running.state().store;
    eventually("the log is in the object store", async || {
        store.log_position(log).await.unwrap().unwrap().location.is_some()
    })
    .await;
    assert!(read().await == text);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_backup_leaves_nothing_in_the_way_of_the_next() {
    let stage = Stage::open().await;
    let odd = stage.dir.path().join("objects/socket");
    let socket = std::os::unix::net::UnixListener::bind(&odd).unwrap();
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("copy");
    let request = BackupRequest { to: to.display().to_string() };
    let error = stage.admin.backup(&request).await.unwrap_err();
    assert!(error.to_string().contains(&format!("failed to copy {}", odd.display())), "{error}");
    assert!(!to.exists(), "half a copy is left");
    drop(socket);
    std::fs::remove_file(&odd).unwrap();
    stage.admin.backup(&request).await.unwrap();
    assert!(to.join("pilotage.db").is_file() && to.join("objects").is_dir());
    stage.close().await;
}
