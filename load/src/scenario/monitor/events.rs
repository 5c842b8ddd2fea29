//! Events of pilots as fast as the server takes them, while pages are open.

use super::{LASTS, LIVE, live, pages};
use crate::grid::{self, FACTORIES, LABELS};
use crate::instance::Instance;
use crate::report::{Figure, Target, percentile};
use anyhow::{Context, Result, ensure};
use model::{PilotEvent, PilotId};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{BatchReport, PilotQuery};

/// Pilots of one report, and reports under way at once.
const REPORT: usize = 500;
const REPORTERS: usize = 4;

/// Live pilots go to and fro between running and pending, while the overview and a pilot's page are open.
pub async fn measure(client: &Client, server: &Instance) -> Result<Vec<Figure>> {
    let mut pilots = live_pilots(client).await?;
    let (factory, watched) = pilots.pop().context("no pilot is alive")?;
    let stop = Arc::new(AtomicBool::new(false));
    let looking = tokio::spawn(look_on(client.clone(), stop.clone()));
    let stream = live::Stream::open(server, &format!("pilot:{watched}")).await?;
    let watching = tokio::spawn(live::watch(client.clone(), stream, factory, watched, stop.clone()));
    let begin = Instant::now();
    let share = pilots.len().div_ceil(REPORTERS);
    let tellers: Vec<_> =
        pilots.chunks(share).map(|pilots| tokio::spawn(tell(client.clone(), pilots.to_vec(), begin))).collect();
    let mut told = 0;
    for teller in tellers {
        told += teller.await??;
    }
    let seconds = begin.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let (beside, updates) = (looking.await??, watching.await??);
    let slowest = |what: &str, mut times: Vec<f64>, unit| {
        times.sort_by(f64::total_cmp);
        Figure { median: percentile(&times, 99.0), ..Figure::of("monitor", what, &times, unit) }
    };
    Ok(vec![
        Figure::of("monitor", "events of pilots taken for a minute, none lost", &[told as f64 / seconds], "/s")
            .with(Target::AtLeast(20_000.0)),
        slowest("from an event to the page that shows it, beside them", updates, "s").with(Target::AtMost(1.0)),
        slowest("overview beside them, 99 of 100 within", beside, "ms"),
    ])
}

/// Live pilots, with their factories.
async fn live_pilots(client: &Client) -> Result<Vec<(String, PilotId)>> {
    let mut live = Vec::new();
    for factory in (0..FACTORIES).map(grid::factory) {
        let query = PilotQuery {
            factory: Some(factory.clone()),
            live: Some(true),
            limit: Some((LIVE / FACTORIES).min(1000) as u32),
            ..PilotQuery::default()
        };
        live.extend(client.pilots(&query).await?.pilots.into_iter().map(|pilot| (factory.clone(), pilot.id)));
    }
    ensure!(live.len() >= LABELS * FACTORIES, "only {} pilots are alive", live.len());
    Ok(live)
}

/// Tells of pilots until the time is over; how many events the server took.
async fn tell(client: Client, pilots: Vec<(String, PilotId)>, begin: Instant) -> Result<usize> {
    let (mut told, mut event) = (0, PilotEvent::Queue);
    while begin.elapsed() < LASTS {
        for some in pilots.chunk_by(|a, b| a.0 == b.0).flat_map(|of| of.chunks(REPORT)) {
            let updates = some.iter().map(|(_, pilot)| grid::update(*pilot, event)).collect();
            let report = BatchReport { factory: some[0].0.clone(), updates };
            client.report_batch(&report).await.context("failed to tell of pilots")?;
            told += some.len();
            if begin.elapsed() >= LASTS {
                break;
            }
        }
        event = if event == PilotEvent::Queue { PilotEvent::Run } else { PilotEvent::Queue };
    }
    Ok(told)
}

async fn look_on(client: Client, stop: Arc<AtomicBool>) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        times.push(pages::look(&client, "/").await?.0);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(times)
}
