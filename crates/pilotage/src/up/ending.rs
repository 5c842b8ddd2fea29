//! What `up` does with its pilots when it ends.

use batch::{BatchConfig, BatchSystem};
use factory::Config;
use model::{PilotEvent, PilotId};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long local pilots may take to report and go, beyond their own grace.
const GONE_WITHIN: Duration = Duration::from_secs(40);

/// How often pilots of this machine are looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Returns when every pilot has gone that ran on this machine; never when pilots run elsewhere too. The record may know
/// of pilots that no longer exist, after a restore for example: nobody should wait for those.
pub async fn none_left(config: &Config) {
    let mut empty_looks = 0;
    while empty_looks < 2 {
        tokio::time::sleep(LOOK).await;
        empty_looks = if is_empty(config).await { empty_looks + 1 } else { 0 };
    }
}

async fn is_empty(config: &Config) -> bool {
    for (name, end_point) in &config.batch {
        let dir = config.factory.dir.join("batch").join(name);
        if !end_point.is_here() {
            return false;
        }
        let Ok(system) = end_point.open(&config.factory.name, &dir) else { return false };
        if alive(name, system.as_ref()).await.is_none_or(|left| !left.is_empty()) {
            return false;
        }
    }
    true
}

/// Takes all pilots away that are still there, and waits for those of this machine.
pub async fn remove_pilots(config: &Config) {
    for (name, end_point) in &config.batch {
        let dir = config.factory.dir.join("batch").join(name);
        match end_point.open(&config.factory.name, &dir) {
            Ok(system) => remove_from(name, end_point, system).await,
            Err(error) => tracing::error!(%error, batch = name, "the end point cannot be opened for the last time"),
        }
    }
}

async fn remove_from(name: &str, end_point: &BatchConfig, system: Arc<dyn BatchSystem>) {
    let give_up = Instant::now() + GONE_WITHIN;
    while let Some(left) = alive(name, system.as_ref()).await
        && !left.is_empty()
    {
        if let Err(error) = system.remove(&left).await {
            tracing::error!(%error, batch = name, "pilots cannot be removed");
        }
        let waits = end_point.is_here();
        if !waits || Instant::now() >= give_up {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn alive(name: &str, system: &dyn BatchSystem) -> Option<Vec<PilotId>> {
    match system.status().await {
        Ok(status) => {
            let there = |event: Option<PilotEvent>| !matches!(event, Some(PilotEvent::End | PilotEvent::Break));
            Some(status.pilots.iter().filter(|pilot| there(pilot.event)).map(|pilot| pilot.pilot).collect())
        }
        Err(error) => {
            tracing::error!(%error, batch = name, "the pilots that are left cannot be listed");
            None
        }
    }
}
