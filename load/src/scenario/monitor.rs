//! The pilot monitor with millions of pilots: pages, events beside open pages, reporters, restart, retention, memory.

mod events;
mod live;
mod pages;
mod reporters;
mod retention;

use crate::grid;
use crate::instance::Instance;
use crate::process;
use crate::report::{Figure, Target};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::{Duration, Instant};
use wire::api::PilotQuery;

/// How long each kind of traffic lasts.
const LASTS: Duration = Duration::from_secs(60);
/// Pilots that live while events are told.
const LIVE: usize = 200_000;

/// Measures with about so many pilots, or with the grid that is in a directory already.
pub async fn measure(pilots: usize, made: Option<&Path>) -> Result<Vec<Figure>> {
    let own = tempfile::tempdir()?;
    let dir = made.unwrap_or(own.path());
    let mut figures = Vec::new();
    if made.is_none() {
        let begin = Instant::now();
        grid::fill(dir, pilots, LIVE).await.context("failed to fill the store")?;
        let filled_s = begin.elapsed().as_secs_f64();
        figures.push(Figure::of("monitor", format!("filling the store with {pilots} pilots"), &[filled_s], "s"));
    }
    let server = Instance::server_with(dir, &["--compat", "apfmon"])?;
    let start_s = server.start.as_secs_f64();
    let client = server.client()?;
    let newest = client.pilots(&PilotQuery { limit: Some(1), ..PilotQuery::default() }).await?;
    let count = newest.pilots.first().context("there is no pilot")?.id.0 as f64 / 1e6;
    figures.push(Figure::of("monitor", "pilots of the last week in the store", &[count], "million"));
    figures.push(Figure::of("monitor", "start with them", &[start_s], "s").with(Target::AtMost(5.0)));
    figures.extend(pages::measure(&client).await?);
    figures.extend(events::measure(&client, &server).await?);
    figures.push(reporters::measure(&client).await?);
    let memory = process::resident_mb(server.pid())?;
    figures.push(Figure::of("monitor", "memory of the server", &[memory], "MB").with(Target::AtMost(1000.0)));
    server.stop()?;
    figures.extend(retention::measure(dir).await?);
    Ok(figures)
}
