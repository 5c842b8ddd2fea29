//! What the machine itself can do: the same payload started by two threads, without any program around it.

use anyhow::{Context, Result, ensure};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// The payload of the throughput measurements.
pub const PAYLOAD: &str = "/bin/true";
const THREADS: usize = 2;

/// Runs per second of the bare payload; std starts it by posix_spawn.
pub fn bare(runs: usize) -> Result<f64> {
    measure(runs, |_| {
        let status = Command::new(PAYLOAD).stdin(Stdio::null()).status().context("cannot start the payload")?;
        ensure!(status.success(), "the payload ended with {status}");
        Ok(())
    })
}

/// Runs per second with what a job is given: a directory of its own, captured output, a process group, environment.
pub fn same_contract(runs: usize) -> Result<f64> {
    let base = tempfile::tempdir()?;
    measure(runs, |run| {
        let folder = base.path().join(run.to_string());
        std::fs::create_dir(&folder)?;
        let output = Command::new(PAYLOAD)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .process_group(0)
            .env("PILOTAGE_JOB_ID", run.to_string())
            .env("PILOTAGE_SCRATCH", &folder)
            .output()
            .context("cannot start the payload")?;
        ensure!(output.status.success(), "the payload ended with {}", output.status);
        Ok(std::fs::remove_dir(&folder)?)
    })
}

fn measure(runs: usize, one: impl Fn(usize) -> Result<()> + Sync) -> Result<f64> {
    let begin = Instant::now();
    thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || (thread..runs).step_by(THREADS).try_for_each(one))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a thread panicked")))
    })?;
    Ok(runs as f64 / begin.elapsed().as_secs_f64())
}
