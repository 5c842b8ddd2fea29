//! 10,000 jobs of `/bin/true` through one pilot with two slots, alternating with the two floors.

use super::{submit, wait_finished};
use crate::floor;
use crate::instance::Instance;
use crate::process;
use crate::report::{Figure, Target};
use anyhow::Result;
use std::time::{Duration, Instant};

const SLOTS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(300);

#[derive(Default)]
struct Series {
    ours: Vec<f64>,
    bare: Vec<f64>,
    contract: Vec<f64>,
    cpu_us: Vec<f64>,
}

/// Measures `pairs` alternating rounds of `jobs` each.
pub async fn measure(pairs: usize, jobs: usize) -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let up = Instance::up(dir.path(), SLOTS)?;
    let client = up.client()?;
    // The first job brings the pilot up; what is measured is a pilot that is there.
    let first = submit(&client, None, &[floor::PAYLOAD], None).await?;
    wait_finished(&client, &first, PATIENCE).await?;
    let mut series = Series::default();
    for _ in 0..pairs {
        series.bare.push(floor::bare(jobs)?);
        series.ours.push(round(&up, jobs, &mut series.cpu_us).await?);
        series.contract.push(floor::same_contract(jobs)?);
    }
    up.stop()?;
    Ok(series.figures())
}

async fn round(up: &Instance, jobs: usize, cpu_us: &mut Vec<f64>) -> Result<f64> {
    let client = up.client()?;
    let (cpu, begin) = (process::cpu_time(up.pid())?, Instant::now());
    let submitted = submit(&client, None, &[floor::PAYLOAD], Some(jobs as u64)).await?;
    wait_finished(&client, &submitted, PATIENCE).await?;
    let rate = jobs as f64 / begin.elapsed().as_secs_f64();
    cpu_us.push((process::cpu_time(up.pid())? - cpu).as_secs_f64() * 1e6 / jobs as f64);
    Ok(rate)
}

impl Series {
    fn figures(&self) -> Vec<Figure> {
        let rate = |what, values: &[f64]| Figure::of("throughput", what, values, "jobs/s");
        let ratio = |what, floor: &[f64], target| {
            let ratios: Vec<f64> = self.ours.iter().zip(floor).map(|(ours, floor)| ours / floor).collect();
            Figure::of("throughput", what, &ratios, "").with(Target::AtLeast(target))
        };
        vec![
            rate("floor: posix_spawn by 2 threads", &self.bare),
            rate("floor of the same contract", &self.contract),
            rate("/bin/true through one pilot with 2 slots", &self.ours),
            ratio("share of the floor", &self.bare, 0.7),
            ratio("share of the floor of the same contract", &self.contract, 0.9),
            Figure::of("throughput", "CPU of server and factory per job", &self.cpu_us, "us"),
        ]
    }
}
