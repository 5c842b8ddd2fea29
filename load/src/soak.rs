//! Kills or starves the program while jobs run, then checks that every job ended exactly once and nothing is left over.

mod disturbance;
mod farm;
mod left_over;
mod namespace;
mod observer;
mod payload;
mod record;
mod submitter;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use farm::Farm;
use observer::Observer;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use submitter::Plan;

/// What is done to the program while jobs run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Server, factory and pilots are killed at random times.
    #[default]
    Kill,
    /// The file system of the server is full for a while.
    Disk,
    /// Pilots and server cannot reach each other for a while.
    Network,
}

/// What was asked for.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What is done to it.
    #[arg(long, value_enum, default_value_t)]
    fault: Fault,
    /// How many processes are killed; for the fault `kill`.
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// How long a disk is full or a network cut, in seconds.
    #[arg(long, default_value_t = 60.0)]
    outage_s: f64,
    /// Jobs in all, of 0.2 to 2 s each.
    #[arg(long, default_value_t = 5000)]
    jobs: u64,
    /// Makes the same choices again; a new one when absent.
    #[arg(long)]
    seed: Option<u64>,
    /// Also run on Slurm, which SLURM_CONF names; for the fault `kill`.
    #[arg(long)]
    slurm: bool,
    /// Give up after so many seconds.
    #[arg(long, default_value_t = 1800.0)]
    patience_s: f64,
    /// Leave the directory behind when something was wrong.
    #[arg(long)]
    keep: bool,
}

/// Seconds after the last job within which the last pilots must have gone.
const CLOSING: Duration = Duration::from_secs(120);

/// Runs it; answers whether everything held.
pub async fn run(arguments: &Arguments) -> Result<bool> {
    if arguments.fault != Fault::Kill && arguments.slurm {
        bail!(
            "a cut and a full disk are made in a network of their own, from which no Slurm can be reached: leave --slurm out"
        );
    }
    if arguments.fault != Fault::Kill && !namespace::is_inside() {
        return namespace::enter();
    }
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    println!("soak: {:?}, {} jobs, seed {seed}", arguments.fault, arguments.jobs);
    let root = tempfile::Builder::new().prefix("pilotage-soak-").tempdir()?;
    let outcome = soak(arguments, seed, root.path()).await;
    let unmounted = match arguments.fault {
        Fault::Disk => namespace::unmount(&root.path().join("server")),
        Fault::Kill | Fault::Network => Ok(()),
    };
    if arguments.keep && !matches!(outcome.as_deref(), Ok([])) {
        println!("soak: everything is left in {}", root.keep().display());
    }
    let violations = outcome.with_context(|| format!("the soak with seed {seed} broke off"))?;
    unmounted?;
    for violation in violations.iter().take(50) {
        println!("soak: VIOLATION: {violation}");
    }
    println!("soak: {} violations, seed {seed}", violations.len());
    Ok(violations.is_empty())
}

async fn soak(arguments: &Arguments, seed: u64, root: &Path) -> Result<Vec<String>> {
    let deadline = Instant::now() + Duration::from_secs_f64(arguments.patience_s);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut farm = Farm::start(root, arguments).await?;
    let client = farm.client()?;
    let observer = Observer::start(client.clone());
    let plan = Plan::make(&mut random, arguments, root);
    let count = plan.count();
    let submitting = tokio::spawn(plan.submit_all(client.clone(), deadline));
    let mut violations = disturbance::run(&mut farm, arguments, &mut random).await?;
    let acknowledged = submitting.await??;
    println!("soak: all {count} jobs are acknowledged, waiting for the last to end");
    record::wait_ended(&client, count, deadline).await?;
    violations.extend(observer.stop().await);
    violations.extend(record::check(Arc::new(client.clone()), &acknowledged, root).await?);
    violations.extend(farm.close(Instant::now() + CLOSING).await?);
    violations.extend(left_over::check(root, arguments.slurm)?);
    Ok(violations)
}

/// Waits until `holds` or fails at the deadline with `what`.
async fn until(deadline: Instant, what: &str, mut holds: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    while !holds().await? {
        if Instant::now() > deadline {
            bail!("time-out: {what}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
