//! Bodies: who may upload what, for how long, and how much of it is held in memory.

use crate::harness::*;
use bytes::Bytes;
use model::job::FileTransfer;
use model::{JobSpec, JobState};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wire::api::*;

/// Uploads `text` as the job's output.
async fn put(pilot: &Pilot, job: &LeasedJob, text: &str) -> Result<(), wire::Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    pilot.client.put_output(job, "o", file.path()).await
}

fn keeps_output() -> JobSpec {
    JobSpec { outputs: vec![FileTransfer { name: "o".into(), url: String::new() }], ..job("makes") }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_added_to_an_attempt_that_has_ended() {
    let stage = Stage::open().await;
    let id = stage.submit(keeps_output()).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let log = async |offset, text: &'static str| {
        pilot.client.put_log(&one, LogStream::Stdout, offset, Bytes::from(text), false).await
    };
    put(&pilot, &one, "right").await.unwrap();
    log(0, "line\n").await.unwrap();
    pilot.report(vec![finished(&one)]).await;
    assert_eq!(put(&pilot, &one, "forged").await.unwrap_err().code(), Some("attempt-over"));
    assert_eq!(log(5, "forged\n").await.unwrap_err().code(), Some("attempt-over"));
    assert_eq!(&stage.admin.output(id, "o").await.unwrap()[..], b"right");
    assert_eq!(&stage.admin.log(id, LogStream::Stdout, &LogQuery::default()).await.unwrap().bytes[..], b"line\n");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_attempt_may_add_until_the_next_one_is_sent() {
    let short = |config: &mut server::Config| config.lease = Duration::from_millis(600);
    let stage = Stage::with(short).await;
    let id = stage.submit(keeps_output()).await;
    let silent = stage.pilot(1).await;
    let one = silent.lease_one().await;
    stage.until_state(id, JobState::Activated).await;
    put(&silent, &one, "late").await.unwrap();
    assert_eq!(stage.pilot(1).await.lease_one().await.attempt, 2);
    assert_eq!(put(&silent, &one, "late").await.unwrap_err().code(), Some("attempt-over"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_attempt_may_add_until_its_pilot_says_how_it_ended() {
    let stage = Stage::open().await;
    let id = stage.submit(job("killed")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    stage.admin.kill(&id.to_string()).await.unwrap();
    let log = async |offset, text: &'static str| {
        pilot.client.put_log(&one, LogStream::Stdout, offset, Bytes::from(text), false).await
    };
    log(0, "last words\n").await.unwrap();
    pilot.report(vec![failed(&one, 143)]).await;
    assert_eq!(log(11, "more\n").await.unwrap_err().code(), Some("attempt-over"));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_has_a_greatest_size() {
    let stage = Stage::open().await;
    stage.submit(job("endless")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let error = pilot.client.put_log(&one, LogStream::Stdout, LOG_MAX, Bytes::from_static(b"x"), false).await;
    let error = error.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(413), Some("log-too-large")), "{error}");
    stage.close().await;
}

/// Bodies are counted as they arrive: who announces much and sends nothing keeps nobody else out.
#[tokio::test(flavor = "multi_thread")]
async fn announced_bodies_that_never_come_keep_nobody_out() {
    let stage = Stage::open().await;
    let address = stage.running.url().trim_start_matches("http://").to_owned();
    let mut stalled = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /pilotage/v1/jobs/bulk HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 67108864\r\n\r\n{{",
            stage.running.admin_token()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    let spec = JobSpec { arguments: vec!["x".repeat(900_000)], ..job("large") };
    let jobs = (0..4).map(|_| SubmitRequest { spec: spec.clone(), array: None }).collect();
    let request = BulkSubmitRequest { jobs };
    let accepted = tokio::time::timeout(DEADLINE, stage.admin.submit_bulk(&request, &fresh_key())).await;
    assert_eq!(accepted.expect("the call is not held up").unwrap().submitted.len(), 4);
    drop(stalled);
    stage.close().await;
}
