//! What `pilotage up` uses while nothing happens.

use crate::instance::Instance;
use crate::process;
use crate::report::{Figure, Target};
use anyhow::Result;
use std::time::Duration;

/// How long it is watched.
const WATCH: Duration = Duration::from_secs(60);

/// Watches it once for a minute, a little after its start.
pub async fn measure() -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let up = Instance::up(dir.path(), 2)?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = process::cpu_time(up.pid())?;
    tokio::time::sleep(WATCH).await;
    let used = process::cpu_time(up.pid())? - before;
    let resident = process::resident_mb(up.pid())?;
    up.stop()?;
    let percent = used.as_secs_f64() * 100.0 / WATCH.as_secs_f64();
    Ok(vec![
        Figure::of("idle", "CPU of an idle pilotage up over a minute", &[percent], "%").with(Target::AtMost(1.0)),
        Figure::of("idle", "memory of an idle pilotage up", &[resident], "MB").with(Target::AtMost(60.0)),
    ])
}
