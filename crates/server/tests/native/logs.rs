//! Output of jobs: whole, tail, as it is written; output files.

use crate::harness::*;
use bytes::Bytes;
use model::job::FileTransfer;
use model::{JobSpec, JobState, Target, Verb};
use wire::api::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_followed_log_arrives_while_it_is_written() {
    let stage = Stage::open().await;
    let id = stage.submit(job("talks")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    pilot.report(vec![one.report(JobState::Running)]).await;
    let follow = |offset| {
        let client = stage.admin.clone();
        let query = LogQuery { offset: Some(offset), wait_s: Some(20), ..LogQuery::default() };
        tokio::spawn(async move { client.log(id, LogStream::Stdout, &query).await.unwrap() })
    };
    let first = follow(0);
    let commands = pilot.client.pilot_commands(pilot.id, 20).await.unwrap().commands;
    assert_eq!((commands[0].verb, &commands[0].target), (Verb::Follow, &Target::Job(id)));
    let put = async |offset, text: &'static str, complete| {
        pilot.client.put_log(&one, LogStream::Stdout, offset, Bytes::from(text), complete).await.unwrap();
    };
    put(0, "one\n", false).await;
    let part = first.await.unwrap();
    assert_eq!((&part.bytes[..], part.next_offset, part.is_complete), (&b"one\n"[..], 4, false));
    let second = follow(4);
    put(0, "one\n", false).await;
    put(4, "two\n", true).await;
    let part = second.await.unwrap();
    assert_eq!((&part.bytes[..], part.next_offset, part.is_complete), (&b"two\n"[..], 8, true));
    pilot.report(vec![finished(&one)]).await;
    let tail = LogQuery { tail: Some(3), ..LogQuery::default() };
    assert_eq!(&stage.admin.log(id, LogStream::Stdout, &tail).await.unwrap().bytes[..], b"wo\n");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn following_a_job_that_waits_ends_with_its_attempt() {
    let stage = Stage::open().await;
    let id = stage.submit(job("quiet")).await;
    let following = tokio::spawn({
        let client = stage.admin.clone();
        let query = LogQuery { offset: Some(0), wait_s: Some(20), ..LogQuery::default() };
        async move { client.log(id, LogStream::Stderr, &query).await.unwrap() }
    });
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    pilot.report(vec![finished(&one)]).await;
    let part = following.await.unwrap();
    assert!(part.bytes.is_empty() && part.is_complete);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_log_moves_to_the_object_store_and_reads_the_same() {
    let stage = Stage::open().await;
    let id = stage.submit(job("verbose")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let text: String = (0..300_000).map(|i| format!("{i}\n")).collect();
    let all = Bytes::from(text);
    for (i, at) in (0..all.len()).step_by(LOG_CHUNK_MAX).enumerate() {
        let piece = all.slice(at..all.len().min(at + LOG_CHUNK_MAX));
        let last = (i + 1) * LOG_CHUNK_MAX >= all.len();
        pilot.client.put_log(&one, LogStream::Stdout, at as u64, piece, last).await.unwrap();
    }
    let whole = async || stage.admin.log(id, LogStream::Stdout, &LogQuery::default()).await;
    assert!(whole().await.unwrap().bytes == all);
    let log = store::LogName { job: id, attempt: 1, stream: LogStream::Stdout };
    let place = async || stage.running.state().store.log_position(log).await.unwrap().unwrap().location;
    eventually("the log is in the object store", async || place().await.is_some()).await;
    assert!(stage.dir.path().join("objects").join(place().await.unwrap()).is_file());
    pilot.report(vec![finished(&one)]).await;
    assert!(whole().await.unwrap().bytes == all);
    let tail = LogQuery { tail: Some(7), ..LogQuery::default() };
    assert_eq!(&stage.admin.log(id, LogStream::Stdout, &tail).await.unwrap().bytes[..], b"299999\n");
    stage.close().await;
}

/// A followed job flushes often: many small chunks, which one read of the store does not give all at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_many_chunks_is_read_whole() {
    let stage = Stage::open().await;
    let id = stage.submit(job("chatty")).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let mut all = String::new();
    for line in 0..200 {
        let text = format!("line {line}\n");
        let chunk = Bytes::from(text.clone());
        pilot.client.put_log(&one, LogStream::Stdout, all.len() as u64, chunk, line == 199).await.unwrap();
        all += &text;
    }
    let read = async |query: LogQuery| {
        let part = stage.admin.log(id, LogStream::Stdout, &query).await.unwrap();
        assert_eq!(part.next_offset, all.len() as u64);
        String::from_utf8(part.bytes.to_vec()).unwrap()
    };
    assert_eq!(read(LogQuery::default()).await, all);
    assert_eq!(read(LogQuery { tail: Some(1500), ..LogQuery::default() }).await, all[all.len() - 1500..]);
    assert_eq!(read(LogQuery { offset: Some(7), wait_s: Some(1), ..LogQuery::default() }).await, all[7..]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_are_kept_and_read_back() {
    let stage = Stage::open().await;
    let outputs = vec![FileTransfer { name: "plots/a b.png".into(), url: String::new() }];
    let id = stage.submit(JobSpec { outputs, ..job("makes") }).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;
    let picture = Bytes::from(vec![7; 100_000]);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &picture).unwrap();
    pilot.client.put_output(&one, "plots/a b.png", file.path()).await.unwrap();
    let error = pilot.client.put_output(&one, "other", file.path()).await.unwrap_err();
    assert_eq!(error.code(), Some("unknown-output"));
    pilot.report(vec![finished(&one)]).await;
    assert!(stage.admin.output(id, "plots/a b.png").await.unwrap() == picture);
    assert_eq!(stage.admin.job(id).await.unwrap().outputs, ["plots/a b.png"]);
    let forged = LeasedJob { token: "0".repeat(32), ..one };
    let error = pilot.client.put_output(&forged, "plots/a b.png", file.path()).await.unwrap_err();
    assert_eq!(error.code(), Some("bad-job-token"));
    stage.close().await;
}
