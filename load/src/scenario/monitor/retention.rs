//! What deleting old pilots costs those who write meanwhile.

use super::LASTS;
use crate::grid;
use crate::instance::Instance;
use crate::report::{Figure, Target, percentile};
use anyhow::{Context, Result, ensure};
use model::{PilotEvent, PilotId};
use std::path::Path;
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{BatchReport, PilotQuery};

/// So long pilots are kept here: those of the first day of the grid's week go.
const KEPT: &str = "146h";
/// The longest that the server is waited for to begin.
const PATIENCE: Duration = Duration::from_secs(180);

/// Lets the server delete the oldest day, and tells of one pilot meanwhile.
pub async fn measure(dir: &Path) -> Result<Vec<Figure>> {
    let file = dir.join("retention.toml");
    std::fs::write(&file, format!("keep_archive = \"{KEPT}\"\n"))?;
    let server = Instance::server_with(dir, &["--config", file.to_str().context("the path is no text")?])?;
    let client = server.client()?;
    let live =
        PilotQuery { factory: Some(grid::factory(0)), live: Some(true), limit: Some(1), ..PilotQuery::default() };
    let pilot = client.pilots(&live).await?.pilots.first().context("no pilot is alive")?.id;
    let before = oldest(&client, pilot).await?;
    let waiting = Instant::now();
    while oldest(&client, pilot).await? == before {
        ensure!(waiting.elapsed() < PATIENCE, "nothing was deleted within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (begin, first) = (Instant::now(), oldest(&client, pilot).await?);
    let mut times = write(&client, pilot, begin).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let rate = (oldest(&client, pilot).await?.0 - first.0) as f64 / seconds;
    server.stop()?;
    times.sort_by(f64::total_cmp);
    let slowest = Figure {
        median: percentile(&times, 100.0),
        ..Figure::of("monitor", "slowest event while old pilots are deleted", &times, "s")
    };
    Ok(vec![
        Figure::of("monitor", "old pilots deleted in the background", &[rate], "/s"),
        slowest.with(Target::AtMost(1.0)),
    ])
}

/// About the oldest pilot that is kept: they go in the order of their ends, which is nearly that of their ids.
async fn oldest(client: &Client, newest: PilotId) -> Result<PilotId> {
    let (mut gone, mut kept) = (0, newest.0);
    while kept - gone > 1 {
        let middle = PilotId(gone + (kept - gone) / 2);
        match client.pilot(middle).await {
            Ok(_) => kept = middle.0,
            Err(error) if error.status() == Some(404) => gone = middle.0,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(PilotId(kept))
}

async fn write(client: &Client, pilot: PilotId, begin: Instant) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    while begin.elapsed() < LASTS {
        let event = if times.len() % 2 == 0 { PilotEvent::Queue } else { PilotEvent::Run };
        let report = BatchReport { factory: grid::factory(0), updates: vec![grid::update(pilot, event)] };
        let one = Instant::now();
        client.report_batch(&report).await.context("failed to tell of a pilot")?;
        times.push(one.elapsed().as_secs_f64());
    }
    Ok(times)
}
