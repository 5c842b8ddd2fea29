//! The script of a job, fetched and run as a pilot does.

use crate::bench::{Bench, QUEUE, shell};
use model::JobSpec;
use model::job::{FileTransfer, LogStream};
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// Fetches the script and runs it with its output captured in files, as pilots do.
async fn run(bench: &Bench, directory: &Path) -> ExitStatus {
    run_within(bench, directory, "").await
}

/// The same with a limit that the shell sets before.
async fn run_within(bench: &Bench, directory: &Path, limit: &str) -> ExitStatus {
    let record = bench.get_job().await;
    let url = record["transformation"].as_str().unwrap();
    let script = bench.http.get(url).send().await.unwrap().text().await.unwrap();
    std::fs::write(directory.join("job.sh"), script).unwrap();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{limit}chmod 755 job.sh; ./job.sh ")]).current_dir(directory);
    command.stdout(File::create(directory.join("payload.stdout")).unwrap());
    command.stderr(File::create(directory.join("payload.stderr")).unwrap());
    tokio::task::spawn_blocking(move || command.status().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_outputs_of_a_script_arrive_at_the_server() {
    let bench = Bench::start().await;
    let output = |name: &str| FileTransfer { name: name.into(), url: String::new() };
    let line = "echo to out $PILOTAGE_JOB_ID $PILOTAGE_ATTEMPT $PILOTAGE_QUEUE; echo to err >&2; seq 400000 > 'big #1'; seq 300000; exit 0";
    let id = bench.submit(JobSpec { outputs: vec![output("big #1")], ..shell(line) }).await;
    let directory = tempfile::tempdir().unwrap();
    assert!(run(&bench, directory.path()).await.success());
    assert_eq!(bench.update(id, "finished").await, "NULL");
    let out = bench.log(id, LogStream::Stdout).await;
    assert!(out.starts_with(&format!("to out {id} 1 {QUEUE}\n1\n2\n")), "{}", &out[..80.min(out.len())]);
    assert!(out.ends_with("\n300000\n"));
    assert_eq!(bench.log(id, LogStream::Stderr).await, "to err\n");
    let kept = bench.client.output(id, "big #1").await.unwrap();
    assert!(kept.ends_with(b"\n400000\n") && kept.starts_with(b"1\n2\n"));
    bench.server.shutdown().await;
}

/// An output may be larger than the memory of the worker node.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_output_is_not_read_into_memory() {
    let bench = Bench::start().await;
    let outputs = vec![FileTransfer { name: "large".into(), url: String::new() }];
    let id = bench.submit(JobSpec { outputs, ..shell("truncate -s 200M large") }).await;
    let directory = tempfile::tempdir().unwrap();
    let status = run_within(&bench, directory.path(), "ulimit -v 160000; ").await;
    assert!(status.success(), "{}", std::fs::read_to_string(directory.path().join("payload.stderr")).unwrap());
    assert_eq!(bench.update(id, "finished").await, "NULL");
    let kept = bench.server.state().store.outputs(id).await.unwrap();
    assert_eq!((kept.len(), kept[0].bytes), (1, 200 << 20));
    bench.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_input_is_a_stage_in_error_in_the_record() {
    let bench = Bench::start().await;
    let input = FileTransfer { name: "x".into(), url: "/nowhere/x".into() };
    let id = bench.submit(JobSpec { inputs: vec![input], ..shell("true") }).await;
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(&bench, directory.path()).await.code(), Some(1));
    let report = serde_json::json!({"jobId": id.0, "state": "failed", "attemptNr": 1, "transExitCode": 1, "pilotErrorCode": 1305});
    bench.call("updateJob", report).await;
    let summary = bench.job(id).await.summary;
    assert_eq!(summary.error_class, Some(model::ErrorClass::StageIn));
    assert_eq!(summary.message, "cannot bring input x from /nowhere/x");
    bench.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_arrives_while_it_runs_and_a_kill_ends_it_before_the_pilot_asks() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("echo begun; sleep 1000 & wait; echo never")).await;
    let directory = tempfile::tempdir().unwrap();
    let running = run(&bench, directory.path());
    let killed = async {
        let began = std::time::Instant::now();
        while bench.log(id, LogStream::Stdout).await != "begun\n" {
            assert!(began.elapsed() < Duration::from_secs(60), "no output yet");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        bench.client.kill(&id.to_string()).await.unwrap();
    };
    let ended = tokio::time::timeout(Duration::from_secs(120), async { tokio::join!(running, killed).0 }).await;
    assert_eq!(ended.expect("the script should end by itself").code(), Some(143));
    assert_eq!(bench.update(id, "running").await, "tobekilled");
    bench.server.shutdown().await;
}

/// The script holds the token of its job, and tools of a worker node show its users the URLs that others fetch.
#[tokio::test]
async fn a_script_is_given_out_until_it_runs_and_its_url_is_not_in_it() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("true")).await;
    let url = bench.get_job().await["transformation"].as_str().unwrap().to_owned();
    let get = async |url: &str| bench.http.get(url).send().await.unwrap();
    bench.update(id, "starting").await;
    let script = get(&url).await.text().await.unwrap();
    let code = url.rsplit('-').next().unwrap();
    assert!(!script.contains(code.trim_end_matches(".sh")), "the code that fetches the script is in the script");
    let alive = script.lines().find_map(|line| line.strip_prefix("alive='")).unwrap().trim_end_matches('\'').to_owned();
    let head = async |url: &str| bench.http.head(url).send().await.unwrap().status().as_u16();
    assert_eq!((head(&alive).await, get(&alive).await.status().as_u16()), (200, 404));
    bench.update(id, "running").await;
    let refused = get(&url).await;
    assert_eq!(refused.status(), 404);
    assert!(!refused.text().await.unwrap().contains("pilotage-job-token"));
    assert_eq!(head(&alive).await, 200);
    bench.update(id, "finished").await;
    assert_eq!(head(&alive).await, 404);
    bench.server.shutdown().await;
}

#[tokio::test]
async fn scripts_cannot_be_guessed_and_end_with_their_attempt() {
    let bench = Bench::start().await;
    let id = bench.submit(shell("true")).await;
    let url = bench.get_job().await["transformation"].as_str().unwrap().to_owned();
    let get = async |url: &str| bench.http.get(url).send().await.unwrap().status().as_u16();
    assert_eq!(get(&url).await, 200);
    assert_eq!(get(&url.replace("-1-", "-2-")).await, 404);
    assert_eq!(get(&bench.url(&format!("/trf/user/job-{id}-1-00.sh"))).await, 404);
    bench.update(id, "finished").await;
    assert_eq!(get(&url).await, 404);
    bench.server.shutdown().await;
}
