//! Submits jobs one by one and in arrays, again and again under the same key until each submission is acknowledged.

use super::{Arguments, Fault, farm, payload};
use anyhow::{Result, bail};
use model::{JobSpec, Placement};
use std::path::Path;
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{SubmitRequest, Submitted};

/// The most jobs of one array.
const ARRAY_MAX: u64 = 40;

/// Everything that will be submitted, and how far apart.
pub struct Plan {
    requests: Vec<SubmitRequest>,
    gap: Duration,
    seed: u64,
}

impl Plan {
    /// Draws sizes, queues and durations.
    pub fn make(random: &mut fastrand::Rng, arguments: &Arguments, root: &Path) -> Plan {
        let queues = farm::queues(arguments);
        let (mut requests, mut left) = (Vec::new(), arguments.jobs);
        while left > 0 {
            let count = if random.u8(..3) == 0 { 1 } else { random.u64(1..=ARRAY_MAX.min(left)) };
            let queue = queues[random.usize(..queues.len())];
            let seconds = f64::from(random.u32(200..=2000)) / 1000.0;
            requests.push(request(root, queue, seconds, count));
            left -= count;
        }
        let span = disturbed_for(arguments);
        Plan { gap: span / requests.len().max(1) as u32, requests, seed: random.u64(..) }
    }

    /// How many jobs.
    pub fn count(&self) -> u64 {
        self.requests.iter().map(|request| request.array.unwrap_or(1)).sum()
    }

    /// Submits all of them; fails when one is not acknowledged by the deadline.
    pub async fn submit_all(self, client: Client, deadline: Instant) -> Result<Vec<Submitted>> {
        let mut acknowledged = Vec::new();
        for (number, request) in self.requests.iter().enumerate() {
            acknowledged.push(submit(&client, request, &format!("soak-{}-{number}", self.seed), deadline).await?);
            tokio::time::sleep(self.gap).await;
        }
        Ok(acknowledged)
    }
}

/// Submissions are spread over two thirds of the time in which things are killed or out.
fn disturbed_for(arguments: &Arguments) -> Duration {
    let all = match arguments.fault {
        Fault::Kill => super::disturbance::MEAN_GAP * arguments.kills,
        Fault::Disk | Fault::Network => Duration::from_secs_f64(arguments.outage_s) + super::disturbance::BEFORE_OUTAGE,
    };
    all * 2 / 3
}

fn request(root: &Path, queue: &str, seconds: f64, count: u64) -> SubmitRequest {
    let arguments =
        [payload::script(root).display().to_string(), payload::ledger(root).display().to_string(), seconds.to_string()];
    let mut spec = JobSpec::command("/bin/sh", arguments);
    spec.placement = Placement::Queue(queue.to_owned());
    SubmitRequest { spec, array: (count > 1).then_some(count) }
}

async fn submit(client: &Client, request: &SubmitRequest, key: &str, deadline: Instant) -> Result<Submitted> {
    loop {
        match client.submit(request, key).await {
            Ok(submitted) => return Ok(submitted),
            Err(error) if Instant::now() > deadline => bail!("a submission was never acknowledged: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
