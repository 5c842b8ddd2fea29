//! Dispatch without processes: simulated pilots over HTTP against a real, durable server.

use super::submit;
use crate::database::Database;
use crate::instance::Instance;
use crate::report::{Figure, Target};
use crate::{process, simulated};
use anyhow::{Context, Result, ensure};
use model::{JobState, QueueRecord};
use std::time::Instant;
use wire::api::JobQuery;

const QUEUE: &str = "load";
const PILOTS: u32 = 8;
/// Bulk is quick: so many times the jobs, for a longer look.
const BULK_LONGER: usize = 10;
/// Jobs that a pilot leases at once in the bulk measurement.
const BULK: u32 = 64;

struct Case {
    what: &'static str,
    postgres: bool,
    batch: u32,
    target: f64,
}

const CASES: [Case; 3] = [
    Case { what: "SQLite, 64 a lease, 8 pilots", postgres: false, batch: BULK, target: 10_000.0 },
    Case { what: "PostgreSQL with fsync, 64 a lease, 8 pilots", postgres: true, batch: BULK, target: 5_000.0 },
    Case { what: "SQLite, one job a request, 8 pilots", postgres: false, batch: 1, target: 2_000.0 },
];

/// Measures every case `runs` times.
pub async fn measure(runs: usize, jobs: usize) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for case in CASES {
        let (mut rates, mut cpu_us) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let (rate, cpu) = once(&case, if case.batch > 1 { jobs * BULK_LONGER } else { jobs }).await?;
            rates.push(rate);
            cpu_us.push(cpu);
        }
        figures.push(Figure::of("dispatch", case.what, &rates, "jobs/s").with(Target::AtLeast(case.target)));
        figures.push(Figure::of("dispatch", format!("{}: server CPU per job", case.what), &cpu_us, "us"));
    }
    Ok(figures)
}

async fn once(case: &Case, jobs: usize) -> Result<(f64, f64)> {
    let database = if case.postgres { Some(Database::create().await?) } else { None };
    let dir = tempfile::tempdir()?;
    let server = Instance::server(dir.path(), database.as_ref().map(|database| database.url.as_str()))?;
    let measured = against(&server, case.batch, jobs).await;
    server.stop()?;
    if let Some(database) = database {
        database.remove().await?;
    }
    measured
}

async fn against(server: &Instance, batch: u32, jobs: usize) -> Result<(f64, f64)> {
    let client = server.client()?;
    client.put_queue(&QueueRecord::named(QUEUE)).await?;
    submit(&client, Some(QUEUE), &["/bin/true"], Some(jobs as u64)).await?;
    let (cpu, begin) = (process::cpu_time(server.pid())?, Instant::now());
    let done = simulated::run_all(&client, QUEUE, PILOTS, batch).await?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(done == jobs as u64, "{done} of {jobs} reports were accepted");
    let counts = client.job_counts(&JobQuery::default()).await.context("failed to count")?;
    ensure!(counts.of(JobState::Finished) == jobs as u64, "the record says {counts:?}");
    let cpu = (process::cpu_time(server.pid())? - cpu).as_secs_f64() * 1e6 / jobs as f64;
    Ok((jobs as f64 / seconds, cpu))
}
