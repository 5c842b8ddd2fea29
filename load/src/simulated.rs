//! Pilots without processes: they lease over HTTP and report every job as finished at once.

use anyhow::{Context, Result};
use model::{JobState, Offer, PilotId, Shape};
use std::time::Duration;
use tokio::task::JoinSet;
use wire::Client;
use wire::api::{AnnounceRequest, HelloRequest, JobReport, LeaseRequest, Leased, LeasedJob, Usage};

/// The label and factory that the pilots are announced by.
const FACTORY: &str = "load";

/// One pilot after its hello.
struct Pilot {
    id: PilotId,
    client: Client,
}

/// Starts `count` pilots of `queue` with `slots` each, and lets each lease `batch` jobs at a time until none is left.
/// Answers how many jobs were reported and accepted.
pub async fn run_all(client: &Client, queue: &str, count: u32, batch: u32) -> Result<u64> {
    let pilots = hello_all(client, queue, count, batch).await?;
    let mut running = JoinSet::new();
    for pilot in pilots {
        running.spawn(pilot.work(batch));
    }
    let mut done = 0;
    while let Some(ended) = running.join_next().await {
        done += ended??;
    }
    Ok(done)
}

async fn hello_all(client: &Client, queue: &str, count: u32, slots: u32) -> Result<Vec<Pilot>> {
    let request = AnnounceRequest {
        factory: FACTORY.to_owned(),
        label: FACTORY.to_owned(),
        queue: queue.to_owned(),
        batch: FACTORY.to_owned(),
        count,
        test: None,
    };
    let announced = client.announce(&request).await.context("failed to announce pilots")?;
    let mut pilots = Vec::new();
    for (index, secret) in announced.secrets.into_iter().enumerate() {
        let id = PilotId(announced.first.0 + index as i64);
        let hello = client.hello(id, &hello_request(secret, id, slots)).await.context("failed to say hello")?;
        pilots.push(Pilot { id, client: client.with_token(&hello.token) });
    }
    Ok(pilots)
}

fn hello_request(secret: String, id: PilotId, slots: u32) -> HelloRequest {
    HelloRequest {
        secret,
        instance: format!("simulated-{id}"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: "load".to_owned(),
        slots,
        shape: Shape { cores: slots, memory_mib: 0, wall_time_s: 0 },
        batch_id: String::new(),
        clock: jiff::Timestamp::now().into(),
        profile: None,
        failed: Vec::new(),
    }
}

impl Pilot {
    async fn work(self, batch: u32) -> Result<u64> {
        let (mut reports, mut done) = (Vec::new(), 0);
        loop {
            let reported = reports.len() as u64;
            let leased = self.lease(batch, reports).await?;
            done += reported - leased.refused.len() as u64;
            if leased.jobs.is_empty() {
                return Ok(done);
            }
            reports = leased.jobs.iter().map(finished).collect();
        }
    }

    async fn lease(&self, batch: u32, reports: Vec<JobReport>) -> Result<Leased> {
        let whole = Shape { cores: batch, memory_mib: 0, wall_time_s: 0 };
        let offer = Offer { slots: batch, whole };
        let request = LeaseRequest { max_slots: batch, offer, idle_slots: batch, wait_s: 0, reports };
        self.client.lease(self.id, &request).await.context("failed to lease")
    }
}

fn finished(job: &LeasedJob) -> JobReport {
    let now = jiff::Timestamp::now().into();
    JobReport {
        job: job.id,
        attempt: job.attempt,
        token: job.token.clone(),
        state: JobState::Finished,
        started: Some(now),
        ended: Some(now + Duration::from_millis(1)),
        exit_code: Some(0),
        signal: None,
        error_class: None,
        message: String::new(),
        usage: Usage { wall_ms: 1, cpu_ms: 1, max_rss_kib: 1024 },
        stdout: String::new(),
        stderr: String::new(),
    }
}
