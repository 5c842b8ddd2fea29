//! A server with the PanDA face and what tests do with it.

use flate2::Compression;
use flate2::write::GzEncoder;
use model::job::LogStream;
use model::{JobDetail, JobId, JobSpec, Placement, QueueRecord, Written};
use serde_json::Value;
use server::{Config, Running, Server};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wire::api::{LogQuery, SubmitRequest};
use wire::client::{Client, ClientConfig};

/// The queue of the tests.
pub const QUEUE: &str = "PANDA_TEST";

/// A running server on a free port with one queue.
pub struct Bench {
    pub server: Running,
    pub client: Client,
    pub http: reqwest::Client,
    _dir: TempDir,
}

/// Who writes the records of queues.
pub fn written() -> Written {
    Written { by: "ann".to_owned(), at: server::now() }
}

impl Bench {
    pub async fn start() -> Bench {
        Bench::start_with(|_| ()).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Bench {
        // A second installation in the same process is refused, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::in_dir(dir.path());
        config.listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        config.compat = true;
        change(&mut config);
        let server = Server::start(config).await.unwrap();
        let token = server.admin_token().to_owned();
        let client = Client::new(ClientConfig::new([server.url().to_owned()], Some(token))).unwrap();
        server.state().store.put_queue(QueueRecord::named(QUEUE), written()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Bench { server, client, http, _dir: dir }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    pub async fn submit(&self, spec: JobSpec) -> JobId {
        let spec = JobSpec { placement: Placement::Queue(QUEUE.to_owned()), ..spec };
        let key = format!("{:?}", Instant::now());
        self.client.submit(&SubmitRequest { spec, array: None }, &key).await.unwrap().first
    }

    /// A legacy call as pilot 3.11 makes it: gzip without saying so, and JSON wanted.
    pub async fn call(&self, method: &str, arguments: Value) -> Value {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(arguments.to_string().as_bytes()).unwrap();
        let request = self.http.post(self.url(&format!("/server/panda/{method}")));
        let request = request.header("content-type", "application/json").header("accept", "application/json");
        let answer = request.body(packer.finish().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// A legacy call as pilot 3.7 makes it without wanting JSON: form in, form out.
    pub async fn form(&self, method: &str, form: &str) -> String {
        let request = self.http.post(self.url(&format!("/server/panda/{method}"))).body(form.to_owned());
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Takes a job of the queue as a PanDA pilot; the answer is the job record.
    pub async fn get_job(&self) -> Value {
        let node =
            serde_json::json!({"siteName": QUEUE, "prodSourceLabel": "user", "node": "slot1@worker", "mem": 8000.5});
        self.call("getJob", node).await
    }

    /// Reports a state of a job's first attempt and returns the command of the answer.
    pub async fn update(&self, job: JobId, state: &str) -> String {
        let report = serde_json::json!({"jobId": job.0, "state": state, "attemptNr": 1, "node": "slot1@worker"});
        command(&self.call("updateJob", report).await)
    }

    pub async fn job(&self, id: JobId) -> JobDetail {
        self.client.job(id).await.unwrap()
    }

    pub async fn log(&self, id: JobId, stream: LogStream) -> String {
        let part = self.client.log(id, stream, &LogQuery::default()).await.unwrap();
        String::from_utf8_lossy(&part.bytes).into_owned()
    }

    /// Waits until the job has ended.
    pub async fn ended(&self, id: JobId, within: Duration) -> JobDetail {
        let began = Instant::now();
        loop {
            let detail = self.job(id).await;
            if detail.summary.state.is_final() {
                return detail;
            }
            assert!(began.elapsed() < within, "job {id} is still {} after {within:?}", detail.summary.state);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The command of an `updateJob` answer, which must be a text: pilots die of a null.
pub fn command(answer: &Value) -> String {
    assert_eq!(answer["StatusCode"], 0, "{answer}");
    answer["command"].as_str().unwrap().to_owned()
}

/// A job that runs a line of shell.
pub fn shell(line: &str) -> JobSpec {
    JobSpec::command("sh", ["-c".to_owned(), line.to_owned()])
}
