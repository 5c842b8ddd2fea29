//! What the factory itself costs, without any batch system: one cycle over a large grid, and pilots by the second.

use crate::cycles::{self, Arguments, Measured};
use crate::instance::Instance;
use crate::report::{Figure, Target};
use anyhow::Result;
use model::QueueRecord;
use tokio::task::JoinSet;
use wire::Client;

/// A production factory in a busy hour.
const BUSY: (usize, usize) = (100, 50);
/// Labels, and pilots of each, of a grid in which little changes.
const LARGE: (usize, usize) = (5_000, 40);
/// Calls at once when queues are made.
const CALLS: usize = 16;

/// Measures the busy factory `runs` times, and as many cycles of the large one.
pub async fn measure(runs: usize) -> Result<Vec<Figure>> {
    let (mut submitted, mut settled) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let (measured, _) = once(BUSY, 0).await?;
        let pilots = (BUSY.0 * BUSY.1) as f64;
        submitted.push(pilots / measured.submit_s);
        settled.extend([pilots / measured.run_s, pilots / measured.end_s]);
    }
    let (large, server_mb) = once(LARGE, runs).await?;
    Ok(vec![
        Figure::of("factory", "decided, announced, submitted, recorded; 100 labels", &submitted, "pilots/s")
            .with(Target::AtLeast(5_000.0)),
        Figure::of("factory", "changes of state settled; 100 labels", &settled, "/s").with(Target::AtLeast(5_000.0)),
        Figure::of("factory", "cycle, 5,000 labels, 200,000 pilots: CPU", &large.idle_cpu_s, "s")
            .with(Target::AtMost(1.0)),
        Figure::of("factory", "the same by the clock, with its server", &large.idle_s, "s"),
        Figure::of("factory", "memory of that factory", &[large.resident_mb], "MB").with(Target::AtMost(500.0)),
        Figure::of("factory", "memory of its server", &[server_mb], "MB"),
    ])
}

/// What the factory measured, and the memory of its server in MB.
async fn once((labels, pilots): (usize, usize), cycles: usize) -> Result<(Measured, f64)> {
    let dir = tempfile::tempdir()?;
    let server = Instance::server(dir.path(), None)?;
    make_queues(&server.client()?, labels).await?;
    let token_file = dir.path().join("admin.token");
    let arguments = Arguments { url: server.url.clone(), token_file, labels, pilots, cycles };
    let measured = cycles::in_a_process(arguments).await?;
    let memory = crate::process::resident_mb(server.pid())?;
    server.stop()?;
    Ok((measured, memory))
}

async fn make_queues(client: &Client, count: usize) -> Result<()> {
    let mut calls = JoinSet::new();
    for index in 0..count {
        if calls.len() == CALLS
            && let Some(made) = calls.join_next().await
        {
            made??;
        }
        let client = client.clone();
        calls.spawn(async move { client.put_queue(&QueueRecord::named(cycles::queue(index))).await });
    }
    while let Some(made) = calls.join_next().await {
        made??;
    }
    Ok(())
}
