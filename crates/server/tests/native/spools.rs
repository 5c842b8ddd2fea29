//! What a pilot left on disk, delivered by its factory.

use crate::harness::*;
use model::job::{FileTransfer, LogStream};
use model::{JobSpec, JobState, Role};
use std::fs;
use wire::api::*;
use wire::spool::{Kept, KeptFile, KeptOutput, Spool, deliver, path};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pilot_left_is_delivered_by_its_factory_alone() {
    let stage = Stage::open().await;
    let outputs = vec![FileTransfer { name: "result".into(), url: String::new() }];
    let id = stage.submit(JobSpec { outputs, ..job("worked") }).await;
    let pilot = stage.pilot(1).await;
    let one = pilot.lease_one().await;

    let dir = tempfile::tempdir().unwrap();
    let place = path(dir.path(), pilot.id);
    let mut spool = Spool::open(&place).unwrap();
    let text = "line\n".repeat(300_000);
    fs::write(dir.path().join("log"), &text).unwrap();
    spool.add_file(&dir.path().join("log"), "log").unwrap();
    spool.add_bytes(b"42", "out").unwrap();
    let log = KeptOutput::Log { stream: LogStream::Stdout, offset: 0 };
    let files = [("log", log), ("out", KeptOutput::Output("result".into()))];
    let files = files.map(|(file, is)| KeptFile { file: file.into(), is }).to_vec();
    spool.append(&[Kept { report: finished(&one), files }]).unwrap();

    let stranger = stage.client("eve", "", Role::User).await;
    assert_eq!(deliver(&stranger, pilot.id, &place).await.unwrap_err().status(), Some(403));
    let other = stage.client("elsewhere", "", Role::Factory).await;
    assert_eq!(deliver(&other, pilot.id, &place).await.unwrap_err().code(), Some("not-this-factory"));
    assert_eq!(stage.state_of(id).await, JobState::Sent);
    assert_eq!(deliver(&stage.factory, pilot.id, &place).await.unwrap(), 1);

    assert!(!place.exists(), "the spool is left");
    assert_eq!(stage.state_of(id).await, JobState::Finished);
    assert_eq!(stage.admin.log(id, LogStream::Stdout, &LogQuery::default()).await.unwrap().bytes, text);
    assert_eq!(stage.admin.output(id, "result").await.unwrap(), "42");
    assert_eq!(deliver(&stage.factory, pilot.id, &place).await.unwrap(), 0, "once is enough");
    stage.close().await;
}
