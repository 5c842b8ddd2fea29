//! The real, unmodified panda-pilot 3.7 runs jobs of the server, beside a pilot of ours on the same queue.

use crate::bench::{Bench, QUEUE, shell};
use model::job::{FileTransfer, LogStream};
use model::{ErrorClass, JobId, JobReport, JobSpec, JobState, Offer, PilotId, Shape};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use wire::api::{AnnounceRequest, HelloRequest, LeaseRequest, ReportRequest};

/// Where `cargo xtask test` unpacked the source distribution.
const PILOT: &str = "PILOTAGE_PANDA_PILOT";
/// Starts one pilot.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/panda-pilot.sh");
/// A failed job takes the pilot two minutes, most of them waiting for its log.
const LONGEST: Duration = Duration::from_secs(300);

/// A running panda-pilot in a PID namespace of its own; all of it ends when this is dropped.
struct RealPilot {
    process: Child,
    directory: TempDir,
}

impl RealPilot {
    fn start(port: u16) -> RealPilot {
        assert!(
            std::env::var_os(PILOT).is_some(),
            "{PILOT} is not set: run `cargo xtask test`, which fetches the pilot"
        );
        let directory = tempfile::Builder::new().prefix("panda-pilot-").tempdir().unwrap();
        let mut command = Command::new(SCRIPT);
        command.arg(directory.path()).args([&port.to_string(), QUEUE]);
        RealPilot { process: command.stdin(Stdio::null()).spawn().unwrap(), directory }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("output")).unwrap_or_default()
    }
}

impl Drop for RealPilot {
    fn drop(&mut self) {
        // The script has become unshare, which ends the first process of the namespace, and the kernel all others with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(6000);
            let tail = String::from_utf8_lossy(&log.as_bytes()[from..]);
            eprintln!("--- panda-pilot in {}\n{tail}", self.directory.path().display());
        }
    }
}

/// Our own pilot, driven by hand: says hello, takes one job and finishes it.
async fn run_one_by_our_pilot(bench: &Bench) -> (PilotId, JobId) {
    let label = AnnounceRequest {
        factory: "f".into(),
        label: "l".into(),
        queue: QUEUE.into(),
        batch: "b".into(),
        count: 1,
        test: None,
    };
    let announced = bench.client.announce(&label).await.unwrap();
    let shape = Shape { cores: 1, memory_mib: 0, wall_time_s: 0 };
    let hello = HelloRequest {
        secret: announced.secrets[0].clone(),
        instance: "i".into(),
        version: "0".into(),
        node: "n".into(),
        slots: 1,
        shape,
        batch_id: String::new(),
        profile: None,
        failed: Vec::new(),
        clock: jiff::Timestamp::now().into(),
    };
    let pilot = announced.first;
    let client = bench.client.with_token(&bench.client.hello(pilot, &hello).await.unwrap().token);
    let lease = LeaseRequest {
        max_slots: 1,
        offer: Offer { slots: 1, whole: shape },
        idle_slots: 1,
        wait_s: 5,
        reports: Vec::new(),
    };
    let job = client.lease(pilot, &lease).await.unwrap().jobs.remove(0);
    let mut report: JobReport = serde_json::from_value(serde_json::json!({
        "job": job.id, "attempt": job.attempt, "token": job.token, "state": "finished", "exit_code": 0
    }))
    .unwrap();
    report.stdout = "from our pilot\n".to_owned();
    client.report(pilot, &ReportRequest { reports: vec![report] }).await.unwrap();
    (pilot, job.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finishes_and_fails_jobs_beside_a_pilot_of_ours() {
    let bench = Bench::start().await;
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("words");
    fs::write(&input, "it's an input\n").unwrap();

    let ours = bench.submit(shell("true")).await;
    let (our_pilot, taken) = run_one_by_our_pilot(&bench).await;
    assert_eq!(taken, ours);
    let good = bench.submit(JobSpec {
        name: "good".into(),
        script: Some("#!/bin/sh\ncat words; echo \"$1\"; echo job $PILOTAGE_JOB_ID on $PILOTAGE_QUEUE\necho complaint >&2\ncp words copy\n".into()),
        inputs: vec![FileTransfer { name: "words".into(), url: input.display().to_string() }],
        outputs: vec![FileTransfer { name: "copy".into(), url: String::new() }],
        ..JobSpec::command("good.sh", ["$HOME 'quoted'; exit 9".to_owned()])
    });
    let good = good.await;
    let bad = bench.submit(JobSpec { name: "bad".into(), ..shell("echo before the end; exit 17") }).await;

    let port = bench.server.url().rsplit(':').next().unwrap().parse().unwrap();
    let pilots = [RealPilot::start(port), RealPilot::start(port)];
    let finished = bench.ended(good, LONGEST).await;
    assert_eq!((finished.summary.state, finished.summary.exit_code), (JobState::Finished, Some(0)), "{finished:?}");
    let expected = format!("it's an input\n$HOME 'quoted'; exit 9\njob {good} on {QUEUE}\n");
    assert_eq!(bench.log(good, LogStream::Stdout).await, expected);
    assert_eq!(bench.log(good, LogStream::Stderr).await, "complaint\n");
    assert_eq!(bench.client.output(good, "copy").await.unwrap(), "it's an input\n");

    let failed = bench.ended(bad, LONGEST).await;
    assert_eq!((failed.summary.state, failed.summary.exit_code), (JobState::Failed, Some(17)), "{failed:?}");
    assert_eq!(failed.summary.error_class, Some(ErrorClass::Payload));
    assert_eq!(bench.log(bad, LogStream::Stdout).await, "before the end\n");

    let used = [our_pilot, finished.summary.pilot.unwrap(), failed.summary.pilot.unwrap()];
    let factories = async |pilot| bench.client.pilot(pilot).await.unwrap().summary.factory;
    assert_eq!([factories(used[0]).await, factories(used[1]).await, factories(used[2]).await], ["f", "panda", "panda"]);
    assert_ne!(used[1], used[2]);
    drop(pilots);
    bench.server.shutdown().await;
}
