//! Large arrays: how fast they are accepted, what the server needs to keep them, and how fast it shows them.

use super::{spec, submit};
use crate::instance::Instance;
use crate::process;
use crate::report::{Figure, Target};
use anyhow::{Context, Result, ensure};
use model::QueueRecord;
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{BulkSubmitRequest, JobQuery, PREFIX, SubmitRequest};
use wire::client::Call;

const QUEUE: &str = "load";
const MILLION: u64 = 1_000_000;
const BATCHES: u64 = 1_000;

/// Everything a person or a program may list, as paths; the first jobs and deep pages are added at run time.
const LISTINGS: [&str; 16] = [
    "/",
    "/jobs",
    "/jobs?state=activated",
    "/queues",
    "/queues/load",
    "/pilots",
    "/factories",
    "/pilotage/v1/jobs",
    "/pilotage/v1/jobs?limit=1000",
    "/pilotage/v1/jobs?state=activated&limit=1000",
    "/pilotage/v1/jobs?queue=load&user=admin",
    "/pilotage/v1/jobs/count",
    "/pilotage/v1/queues",
    "/pilotage/v1/demand",
    "/pilotage/v1/pilots",
    "/pilotage/v1/decisions",
];

#[derive(Default)]
struct Series {
    accept_100k_s: Vec<f64>,
    accept_1m_s: Vec<f64>,
    one_batch: Waiting,
    many_batches: Waiting,
}

#[derive(Default)]
struct Waiting {
    resident_mb: Vec<f64>,
    restart_s: Vec<f64>,
    slowest_ms: Vec<f64>,
    slowest: String,
}

/// Measures `runs` times with a million jobs in one batch and in a thousand.
pub async fn measure(runs: usize) -> Result<Vec<Figure>> {
    let mut series = Series::default();
    for _ in 0..runs {
        one_batch(&mut series).await?;
        many_batches(&mut series).await?;
    }
    let seconds =
        |what: &str, values: &[f64], bound| Figure::of("arrays", what, values, "s").with(Target::AtMost(bound));
    let mut figures = vec![
        seconds("100,000 jobs accepted", &series.accept_100k_s, 0.1),
        seconds("1,000,000 jobs accepted", &series.accept_1m_s, 1.0),
    ];
    for (name, waiting) in [("in one batch", &series.one_batch), ("in 1,000 batches", &series.many_batches)] {
        let memory = format!("server memory with 1,000,000 waiting {name}");
        figures.push(Figure::of("arrays", memory, &waiting.resident_mb, "MB").with(Target::AtMost(200.0)));
        figures.push(seconds(&format!("restart with 1,000,000 waiting {name}"), &waiting.restart_s, 1.0));
        let pages = format!("slowest page {name} ({})", waiting.slowest);
        figures.push(Figure::of("arrays", pages, &waiting.slowest_ms, "ms").with(Target::AtMost(50.0)));
    }
    Ok(figures)
}

async fn one_batch(series: &mut Series) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = server(dir.path()).await?;
    let client = server.client()?;
    series.accept_100k_s.push(accept(&client, MILLION / 10).await?);
    client.kill(&format!("1-{}", MILLION / 10)).await.context("failed to kill the small array")?;
    series.accept_1m_s.push(accept(&client, MILLION).await?);
    series.one_batch.look(server, dir.path()).await
}

async fn many_batches(series: &mut Series) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let server = server(dir.path()).await?;
    let client = server.client()?;
    for batch in 0..BATCHES {
        // Different specs, so that nothing can be shared between the batches.
        let mut request = SubmitRequest { spec: spec(Some(QUEUE), &["/bin/true"]), array: Some(MILLION / BATCHES) };
        request.spec.name = format!("batch-{batch}");
        let bulk = BulkSubmitRequest { jobs: vec![request] };
        client.submit_bulk(&bulk, &format!("batch-{batch}")).await.context("failed to submit a batch")?;
    }
    series.many_batches.look(server, dir.path()).await
}

async fn server(dir: &std::path::Path) -> Result<Instance> {
    let server = Instance::server(dir, None)?;
    server.client()?.put_queue(&QueueRecord::named(QUEUE)).await.context("failed to make the queue")?;
    Ok(server)
}

async fn accept(client: &Client, jobs: u64) -> Result<f64> {
    let begin = Instant::now();
    let submitted = submit(client, Some(QUEUE), &["/bin/true"], Some(jobs)).await?;
    ensure!(submitted.count == jobs, "{} of {jobs} jobs were accepted", submitted.count);
    Ok(begin.elapsed().as_secs_f64())
}

impl Waiting {
    async fn look(&mut self, server: Instance, dir: &std::path::Path) -> Result<()> {
        let (slowest, path) = slowest_listing(&server).await?;
        self.slowest_ms.push(slowest.as_secs_f64() * 1e3);
        self.slowest = path;
        self.resident_mb.push(process::resident_mb(server.pid())?);
        server.kill()?;
        let again = Instance::server(dir, None)?;
        self.restart_s.push(again.start.as_secs_f64());
        again.stop()
    }
}

/// The longest of all listings, each measured as the median of five after one look.
async fn slowest_listing(server: &Instance) -> Result<(Duration, String)> {
    let client = server.client()?;
    let mut paths: Vec<String> = LISTINGS.map(str::to_owned).to_vec();
    let page = client.jobs(&JobQuery { limit: Some(1000), ..JobQuery::default() }).await?;
    if let (Some(job), Some(next)) = (page.jobs.first(), page.next) {
        paths.push(format!("/jobs/{}", job.id));
        paths.push(format!("{PREFIX}/jobs/{}", job.id));
        paths.push(format!("{PREFIX}/jobs?limit=1000&cursor={next}"));
        paths.push(format!("{PREFIX}/jobs?ids=1-{MILLION}&limit=1000"));
    }
    let mut worst = (Duration::ZERO, String::new());
    for path in paths {
        worst = worst.max((median_time(&client, &path).await?, path));
    }
    Ok(worst)
}

async fn median_time(client: &Client, path: &str) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..6 {
        let begin = Instant::now();
        client.send(Call::get_outside(path)).await.with_context(|| format!("failed to get {path}"))?;
        times.push(begin.elapsed());
    }
    times.remove(0);
    times.sort();
    Ok(times[2])
}
