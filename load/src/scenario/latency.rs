//! From the submit call to the first instruction of the job, with an idle pilot.

use super::{submit, wait_finished};
use crate::STAMP;
use crate::instance::Instance;
use crate::report::{Figure, Target, percentile};
use anyhow::{Context, Result};
use std::time::Duration;
use wire::Client;
use wire::api::{LogQuery, LogStream};

const JOBS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures `runs` series.
pub async fn measure(runs: usize) -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let up = Instance::up(dir.path(), 2)?;
    let client = up.client()?;
    // The first job brings the pilot up.
    one(&client).await?;
    let (mut p50, mut p95, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let mut series = Vec::new();
        for _ in 0..JOBS {
            series.push(one(&client).await?);
        }
        series.sort_by(f64::total_cmp);
        p50.push(percentile(&series, 50.0));
        p95.push(percentile(&series, 95.0));
        p99.push(percentile(&series, 99.0));
    }
    up.stop()?;
    let figure = |what, values: &[f64]| Figure::of("latency", what, values, "ms");
    Ok(vec![
        figure("submit to first instruction over the API, p50", &p50).with(Target::AtMost(5.0)),
        figure("submit to first instruction over the API, p95", &p95),
        figure("submit to first instruction over the API, p99", &p99).with(Target::AtMost(20.0)),
    ])
}

/// Milliseconds of one job: the payload prints its own time as its first instruction.
async fn one(client: &Client) -> Result<f64> {
    let harness = std::env::current_exe()?;
    let harness = harness.to_str().context("the path of the harness is no text")?;
    let before = jiff::Timestamp::now().as_nanosecond();
    let submitted = submit(client, None, &[harness, STAMP], None).await?;
    wait_finished(client, &submitted, PATIENCE).await?;
    let log =
        client.log(submitted.first, LogStream::Stdout, &LogQuery::default()).await.context("failed to read the log")?;
    let text = String::from_utf8_lossy(&log.bytes).into_owned();
    let after: i128 = text.trim().parse().with_context(|| format!("the payload printed '{text}'"))?;
    Ok((after - before) as f64 / 1e6)
}
