//! A server in a temporary directory, and a pilot moved by hand.

use model::{JobId, JobReport, JobSpec, JobState, Offer, PilotId, QueueRecord, Role, Shape, Time};
use server::{Config, Running, Server};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use wire::api::*;
use wire::{Client, ClientConfig};

/// The longest time that anything may take.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A running server.
pub struct Stage {
    pub running: Running,
    pub dir: TempDir,
    /// Client with the operator's token.
    pub admin: Client,
    /// Client with the factory's token.
    pub factory: Client,
}

/// The directory of a server that was stopped.
pub struct Stopped(TempDir);

impl Stopped {
    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Starts a server in it again.
    pub async fn start(self, change: impl FnOnce(&mut Config)) -> Stage {
        let mut config = config(&self.0);
        change(&mut config);
        Stage::start(config, self.0).await
    }
}

/// The configuration that tests begin with: a free port, short times.
pub fn config(dir: &TempDir) -> Config {
    Config {
        listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        admin_user: "ada".into(),
        retry_backoff: Duration::from_millis(20),
        ..Config::in_dir(dir.path())
    }
}

impl Stage {
    pub async fn open() -> Stage {
        Stage::with(|_| {}).await
    }

    /// A server whose configuration was changed, with one queue `q`.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Stage {
        let dir = TempDir::new().unwrap();
        let mut config = config(&dir);
        change(&mut config);
        let stage = Stage::start(config, dir).await;
        stage.admin.put_queue(&QueueRecord::named("q")).await.unwrap();
        stage
    }

    pub async fn start(config: Config, dir: TempDir) -> Stage {
        let running = Server::start(config).await.unwrap();
        let client =
            |token: &str| Client::new(ClientConfig::new([running.url().to_owned()], Some(token.to_owned()))).unwrap();
        let (admin, factory) = (client(running.admin_token()), client(running.factory_token()));
        Stage { running, dir, admin, factory }
    }

    /// Stops the server and starts it again in the same directory.
    pub async fn restart(self, change: impl FnOnce(&mut Config)) -> Stage {
        self.stop().await.start(change).await
    }

    /// Stops the server.
    pub async fn stop(self) -> Stopped {
        let Stage { running, dir, .. } = self;
        running.shutdown().await;
        Stopped(dir)
    }

    pub async fn close(self) {
        self.running.shutdown().await;
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.url())
    }

    /// A client with a new token of this role.
    pub async fn client(&self, user: &str, group: &str, role: Role) -> Client {
        self.client_of_sites(user, group, role, &[]).await
    }

    pub async fn client_of_sites(&self, user: &str, group: &str, role: Role, sites: &[&str]) -> Client {
        let request = TokenRequest {
            user: user.into(),
            group: group.into(),
            role,
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            expires_s: None,
            note: String::new(),
        };
        let token = self.admin.create_token(&request).await.unwrap().token;
        self.admin.with_token(&token)
    }

    /// One job that goes to `q`.
    pub async fn submit(&self, spec: JobSpec) -> JobId {
        self.admin.submit(&SubmitRequest { spec, array: None }, &fresh_key()).await.unwrap().first
    }

    pub async fn submit_array(&self, count: u64) -> Submitted {
        let spec = job("array");
        self.admin.submit(&SubmitRequest { spec, array: Some(count) }, &fresh_key()).await.unwrap()
    }

    pub async fn state_of(&self, job: JobId) -> JobState {
        self.admin.job(job).await.unwrap().summary.state
    }

    /// Waits until the job is in the state.
    pub async fn until_state(&self, job: JobId, state: JobState) {
        eventually(&format!("job {job} is {state}"), async || self.state_of(job).await == state).await;
    }

    /// A new pilot of `q` that has said hello.
    pub async fn pilot(&self, slots: u32) -> Pilot {
        let (id, secret) = self.announce().await;
        self.greet(id, secret, "one", slots).await.unwrap()
    }

    pub async fn announce(&self) -> (PilotId, String) {
        let request = AnnounceRequest {
            factory: "f".into(),
            label: "l".into(),
            queue: "q".into(),
            batch: "local".into(),
            count: 1,
            test: None,
        };
        let mut announced = self.factory.announce(&request).await.unwrap();
        (announced.first, announced.secrets.remove(0))
    }

    pub async fn greet(&self, id: PilotId, secret: String, instance: &str, slots: u32) -> Result<Pilot, wire::Error> {
        let hello = self.admin.hello(id, &hello_request(secret, instance, slots)).await?;
        Ok(Pilot { id, client: self.admin.with_token(&hello.token), hello, slots })
    }
}

pub fn hello_request(secret: String, instance: &str, slots: u32) -> HelloRequest {
    HelloRequest {
        secret,
        instance: instance.into(),
        version: "0".into(),
        node: "n1".into(),
        slots,
        shape: Shape { cores: slots, memory_mib: 0, wall_time_s: 0 },
        batch_id: "4711".into(),
        clock: now(),
        profile: None,
        failed: Vec::new(),
    }
}

/// A pilot moved by hand.
pub struct Pilot {
    pub id: PilotId,
    pub client: Client,
    pub hello: Hello,
    slots: u32,
}

impl Pilot {
    pub fn lease_request(&self, max_slots: u32, wait_s: u32) -> LeaseRequest {
        let whole = Shape { cores: self.slots, memory_mib: 0, wall_time_s: 0 };
        let offer = Offer { slots: self.slots, whole };
        LeaseRequest { max_slots, offer, idle_slots: self.slots, wait_s, reports: Vec::new() }
    }

    pub async fn lease(&self, max_slots: u32, wait_s: u32) -> Leased {
        self.client.lease(self.id, &self.lease_request(max_slots, wait_s)).await.unwrap()
    }

    /// The one job that must be there.
    pub async fn lease_one(&self) -> LeasedJob {
        self.lease(1, 10).await.jobs.pop().expect("a job")
    }

    pub async fn report(&self, reports: Vec<JobReport>) -> Leased {
        self.client.report(self.id, &ReportRequest { reports }).await.unwrap()
    }

    pub async fn heartbeat(&self, jobs: &[&LeasedJob]) -> Heartbeat {
        let jobs = jobs.iter().map(|job| (job.id, job.attempt)).collect();
        self.client.heartbeat(self.id, &HeartbeatRequest { jobs, idle_slots: 0 }).await.unwrap()
    }
}

pub fn now() -> Time {
    jiff::Timestamp::now().into()
}

pub fn job(name: &str) -> JobSpec {
    JobSpec { name: name.into(), ..JobSpec::command("/bin/true", []) }
}

/// What a factory without labels says.
pub fn heartbeat() -> FactoryHeartbeat {
    FactoryHeartbeat {
        version: "0".into(),
        host: "h".into(),
        pid: 1,
        // One and the same process, whoever says it.
        started: Time(1),
        cycle_s: 30,
        labels: Vec::new(),
        nodes: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: Vec::new(),
        trouble: String::new(),
        health: None,
    }
}

/// A label that a factory names in its heartbeat.
pub fn label_info(name: &str, queue: &str) -> LabelInfo {
    let (name, queue) = (name.to_owned(), queue.to_owned());
    let (batch, system) = ("b".to_owned(), "local".to_owned());
    let (chain, offer, trouble) = (Vec::new(), Offer::default(), String::new());
    LabelInfo { name, queue, batch, system, chain, offer, keep_logs_days: None, trouble }
}

/// A report of `state` with nothing else.
pub fn finished(job: &LeasedJob) -> JobReport {
    JobReport { exit_code: Some(0), ended: Some(now()), ..job.report(JobState::Finished) }
}

pub fn failed(job: &LeasedJob, exit_code: i32) -> JobReport {
    let error_class = Some(model::ErrorClass::Payload);
    JobReport { exit_code: Some(exit_code), ended: Some(now()), error_class, ..job.report(JobState::Failed) }
}

/// All metrics as text.
pub async fn metrics(stage: &Stage) -> String {
    let text = stage.admin.send(wire::client::Call::get_outside("/metrics")).await.unwrap().body;
    String::from_utf8(text.to_vec()).unwrap()
}

/// A key that no other submission has.
pub fn fresh_key() -> String {
    hex::encode(wire::credential::random_bytes::<8>().unwrap())
}

/// Waits until `holds`.
pub async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "waited in vain until {what}");
}
