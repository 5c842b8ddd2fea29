//! What is measured, one file each.

mod arrays;
mod batch;
mod dispatch;
mod factory;
mod idle;
mod latency;
mod monitor;
mod throughput;

use crate::batches::System;
use crate::report::{self, Figure, page};
use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use model::{JobSpec, JobState, Placement};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{JobCounts, SubmitRequest, Submitted, WaitQuery};

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// 10,000 jobs of /bin/true through one pilot with two slots, beside the floor of the machine.
    Throughput,
    /// Dispatch without processes on SQLite and PostgreSQL.
    Dispatch,
    /// From submit to the first instruction of the job.
    Latency,
    /// Arrays of 100,000 and 1,000,000: acceptance, memory, restart, pages.
    Arrays,
    /// A factory without a batch system: pilots and changes a second, a cycle over 5,000 labels and 200,000 pilots.
    Factory,
    /// Submission to Slurm and the status of many pilots, beside its commands.
    Slurm,
    /// The same of HTCondor.
    Condor,
    /// The pilot monitor with millions of pilots: pages, events, reporters, live update, restart, retention, memory.
    Monitor,
    /// What an idle `pilotage up` uses.
    Idle,
}

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only these.
    #[arg(long, value_delimiter = ',', value_enum)]
    only: Vec<Scenario>,
    /// Runs of each measurement; pairs with the floor are two more.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Jobs of the throughput and dispatch measurements.
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// Pilots of the last week that the monitor is measured with.
    #[arg(long, default_value_t = 5_000_000)]
    pilots: usize,
    /// Take the grid that `load fill` made in this directory for the monitor, instead of making one.
    #[arg(long, value_name = "DIR")]
    grid: Option<PathBuf>,
    /// Also write the figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also write the table to this file as a page, such as `docs/figures.md`.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// Measures, prints the table, answers whether every target was reached.
pub async fn run(arguments: &Arguments) -> Result<bool> {
    let all = Scenario::value_variants();
    let chosen = if arguments.only.is_empty() { all } else { &arguments.only };
    let mut figures = Vec::new();
    for scenario in chosen {
        eprintln!("measuring {scenario:?} ...");
        let measured = measure(*scenario, arguments).await;
        figures.extend(measured.with_context(|| format!("failed to measure {scenario:?}"))?);
    }
    report::print(&figures);
    if let Some(path) = &arguments.json {
        report::save(&figures, path)?;
    }
    if let Some(path) = &arguments.page {
        page::save(&figures, path)?;
    }
    Ok(figures.iter().all(Figure::passes))
}

async fn measure(scenario: Scenario, arguments: &Arguments) -> Result<Vec<Figure>> {
    let Arguments { runs, jobs, .. } = *arguments;
    match scenario {
        Scenario::Throughput => throughput::measure(runs + 2, jobs).await,
        Scenario::Dispatch => dispatch::measure(runs, jobs).await,
        Scenario::Latency => latency::measure(runs).await,
        Scenario::Arrays => arrays::measure(runs).await,
        Scenario::Factory => factory::measure(runs).await,
        Scenario::Slurm => batch::measure(System::Slurm, runs).await,
        Scenario::Condor => batch::measure(System::Condor, runs).await,
        Scenario::Monitor => monitor::measure(arguments.pilots, arguments.grid.as_deref()).await,
        Scenario::Idle => idle::measure().await,
    }
}

/// Submits one job or an array of `command`, to `queue` or to wherever it fits.
async fn submit(client: &Client, queue: Option<&str>, command: &[&str], array: Option<u64>) -> Result<Submitted> {
    let request = SubmitRequest { spec: spec(queue, command), array };
    let key = format!("load-{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond());
    client.submit(&request, &key).await.context("failed to submit")
}

fn spec(queue: Option<&str>, command: &[&str]) -> JobSpec {
    let (program, arguments) = command.split_first().unwrap_or((&"/bin/true", &[]));
    let mut spec = JobSpec::command(*program, arguments.iter().map(|&argument| argument.to_owned()));
    spec.placement = queue.map_or(Placement::Any, |queue| Placement::Queue(queue.to_owned()));
    spec
}

/// Waits until no job of a submission is open and checks that all have finished.
async fn wait_finished(client: &Client, submitted: &Submitted, patience: Duration) -> Result<()> {
    let last = submitted.first.0 + submitted.count as i64 - 1;
    let query = WaitQuery { ids: Some(format!("{}-{last}", submitted.first)), wait_s: 30 };
    let deadline = Instant::now() + patience;
    let mut counts = JobCounts::default();
    while Instant::now() < deadline {
        counts = client.wait(&query).await.context("failed to wait")?;
        if counts.open() == 0 {
            break;
        }
    }
    ensure!(counts.of(JobState::Finished) == submitted.count, "not all jobs finished: {counts:?}");
    Ok(())
}
