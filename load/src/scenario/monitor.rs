//! The pilot monitor with millions of pilots: pages, events beside open pages, restart, memory.

use crate::grid::{self, FACTORIES, LABELS};
use crate::instance::Instance;
use crate::process;
use crate::report::{Figure, Target, percentile};
use anyhow::{Context, Result, ensure};
use model::{PilotEvent, PilotId, PilotState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{BatchReport, PilotQuery};
use wire::client::Call;

/// Times that each page is looked at.
const LOOKS: usize = 20;
/// Pilots of one report, and reports under way at once.
const REPORT: usize = 500;
const REPORTERS: usize = 4;
/// How long events are told.
const TOLD: Duration = Duration::from_secs(60);
/// Pilots that live while events are told.
const LIVE: usize = 200_000;

/// The pages; `{}` is a pilot.
const PAGES: [&str; 21] = [
    "/",
    "/queues",
    "/queues/queue-0001",
    "/sites",
    "/sites/site-001",
    "/regions",
    "/regions/region-01",
    "/pilots",
    "/pilots?state=fault",
    "/pilots?queue=queue-0001",
    "/pilots/{}",
    "/factories",
    "/factories/factory-001",
    "/factories/factory-001/labels/label-0025",
    "/decisions",
    "/errors",
    "/nodes",
    "/efficiency",
    "/efficiency?by=label",
    "/help",
    "/logs/",
];

/// Measures with about so many pilots.
pub async fn measure(pilots: usize) -> Result<Vec<Figure>> {
    let dir = tempfile::tempdir()?;
    let begin = Instant::now();
    grid::fill(dir.path(), pilots, LIVE).await.context("failed to fill the store")?;
    let filled_s = begin.elapsed().as_secs_f64();
    let server = Instance::server(dir.path(), None)?;
    let start_s = server.start.as_secs_f64();
    let client = server.client()?;
    let mut figures = vec![
        Figure::of("monitor", format!("filling the store with {pilots} pilots"), &[filled_s], "s"),
        Figure::of("monitor", "start with them", &[start_s], "s").with(Target::AtMost(5.0)),
    ];
    figures.extend(pages(&client).await?);
    figures.extend(events(&client).await?);
    let memory = process::resident_mb(server.pid())?;
    figures.push(Figure::of("monitor", "memory of the server", &[memory], "MB").with(Target::AtMost(1000.0)));
    server.stop()?;
    Ok(figures)
}

/// Every page: the time of the slowest hundredth of its looks, and its size as it is sent.
async fn pages(client: &Client) -> Result<Vec<Figure>> {
    let fault = PilotQuery { state: Some(PilotState::Fault), limit: Some(1), ..PilotQuery::default() };
    let pilot = client.pilots(&fault).await?.pilots.first().context("there is no pilot")?.id;
    let mut figures = Vec::new();
    for page in PAGES {
        let path = page.replace("{}", &pilot.to_string());
        look(client, &path).await?;
        let mut times = Vec::new();
        let mut bytes = 0;
        for _ in 0..LOOKS {
            let (time, size) = look(client, &path).await?;
            (times, bytes) = ([times, vec![time]].concat(), size);
        }
        times.sort_by(f64::total_cmp);
        let slow = percentile(&times, 99.0);
        figures.push(
            Figure { median: slow, ..Figure::of("monitor", format!("page {page}, slowest of {LOOKS}"), &times, "ms") }
                .with(Target::AtMost(50.0)),
        );
        figures.push(Figure::of("monitor", format!("page {page}, not compressed"), &[bytes as f64 / 1e3], "kB"));
    }
    Ok(figures)
}

async fn look(client: &Client, path: &str) -> Result<(f64, usize)> {
    let begin = Instant::now();
    let answer = client.send(Call::get_outside(path)).await.with_context(|| format!("failed to get {path}"))?;
    Ok((begin.elapsed().as_secs_f64() * 1e3, answer.body.len()))
}

/// Live pilots go to and fro between running and pending as fast as the server takes it, while pages are open.
async fn events(client: &Client) -> Result<Vec<Figure>> {
    let live = live(client).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let looking = tokio::spawn(look_on(client.clone(), stop.clone()));
    let begin = Instant::now();
    let share = live.len().div_ceil(REPORTERS);
    let tellers: Vec<_> =
        live.chunks(share).map(|pilots| tokio::spawn(tell(client.clone(), pilots.to_vec(), begin))).collect();
    let mut told = 0;
    for teller in tellers {
        told += teller.await??;
    }
    let seconds = begin.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let mut beside = looking.await??;
    beside.sort_by(f64::total_cmp);
    Ok(vec![
        Figure::of("monitor", "events of pilots taken for a minute, none lost", &[told as f64 / seconds], "/s")
            .with(Target::AtLeast(20_000.0)),
        Figure {
            median: percentile(&beside, 99.0),
            ..Figure::of("monitor", "overview beside them, slowest of a hundred", &beside, "ms")
        },
    ])
}

/// Live pilots, with their factories.
async fn live(client: &Client) -> Result<Vec<(String, PilotId)>> {
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
    while begin.elapsed() < TOLD {
        for some in pilots.chunk_by(|a, b| a.0 == b.0).flat_map(|of| of.chunks(REPORT)) {
            let updates = some.iter().map(|(_, pilot)| grid::update(*pilot, event)).collect();
            let report = BatchReport { factory: some[0].0.clone(), updates };
            client.report_batch(&report).await.context("failed to tell of pilots")?;
            told += some.len();
            if begin.elapsed() >= TOLD {
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
        times.push(look(&client, "/").await?.0);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(times)
}
