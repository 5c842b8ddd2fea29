//! A grid of the last week, written into the store directly: queues, factories, labels, and pilots with all that is
//! counted of them.

mod configurations;

use anyhow::{Result, ensure};
use model::pilot::BatchUpdate;
use model::{ErrorClass, FactoryHeartbeat, LabelInfo, Offer, PilotEvent, PilotId, QueueRecord, Shape, Time, Written};
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{Announcement, HelloCall, Store, StoreConfig};
use tokio::task::JoinSet;

/// Factories of the grid.
pub const FACTORIES: usize = 200;
/// Labels of each.
pub const LABELS: usize = 25;
/// Labels of a queue, queues of a site, sites of a region.
const SHARED: (usize, usize, usize) = (5, 5, 20);
/// The past that is made.
const DAYS: u64 = 7;
/// Times in this past at which each label submits pilots.
const ROUNDS: u64 = 84;
/// One pilot of so many says hello from a node, and one of so many breaks.
const GREETED: i64 = 50;
const BROKEN: i64 = 20;
const HOUR: Duration = Duration::from_secs(3600);

/// Where, and how much.
#[derive(clap::Args)]
pub struct Arguments {
    /// The directory; `pilotage server --dir` of it shows the grid then.
    pub dir: PathBuf,
    /// Pilots of the last week.
    #[arg(long, default_value_t = 200_000)]
    pub pilots: usize,
    /// Those among them that are still running.
    #[arg(long, default_value_t = 20_000)]
    pub live: usize,
}

/// Name of a factory.
pub fn factory(index: usize) -> String {
    format!("factory-{index:03}")
}

/// Name of a label of a factory.
pub fn label(factory: usize, index: usize) -> String {
    format!("label-{:04}", factory * LABELS + index)
}

/// The queue that a label serves.
pub fn queue(factory: usize, index: usize) -> String {
    format!("queue-{:04}", (factory * LABELS + index) / SHARED.0)
}

/// Makes the grid in `dir` with about so many pilots, `live` of which are still running.
pub async fn fill(dir: &Path, pilots: usize, live: usize) -> Result<()> {
    let store = Store::open(&StoreConfig::directory(dir)).await?;
    queues(&store).await?;
    let now = Time(jiff::Timestamp::now().as_millisecond());
    for index in 0..FACTORIES {
        store.factory_says(factory(index), heartbeat(index, now), now).await?;
    }
    configurations::fill(&store, now).await?;
    let labels = FACTORIES * LABELS;
    let each = pilots.saturating_sub(live).div_ceil(labels * ROUNDS as usize);
    for round in 0..ROUNDS {
        let begin = now - HOUR * (24 * DAYS as u32) + HOUR * (2 * round as u32);
        everywhere(&store, each, begin, true).await?;
        eprintln!("  {} of {} hours of {} labels are written", 2 * (round + 1), 24 * DAYS, labels);
    }
    everywhere(&store, live.div_ceil(labels), now - Duration::from_secs(600), false).await?;
    store.close().await;
    Ok(())
}

async fn queues(store: &Store) -> Result<()> {
    for index in 0..FACTORIES * LABELS / SHARED.0 {
        let site = index / SHARED.1;
        let mut queue = QueueRecord::named(format!("queue-{index:04}"));
        (queue.site, queue.region) = (format!("site-{site:03}"), format!("region-{:02}", site / SHARED.2));
        store.put_queue(queue, Written { by: "load".to_owned(), at: Time(0) }).await?;
    }
    Ok(())
}

fn heartbeat(index: usize, now: Time) -> FactoryHeartbeat {
    let label = |at: usize| LabelInfo {
        name: label(index, at),
        queue: queue(index, at),
        batch: "slurm".into(),
        system: "slurm".into(),
        chain: ["Ready", "MaxPerCycle", "MaxPending", "MaxToRun"].map(String::from).into(),
        offer: Offer::default(),
        keep_logs_days: None,
        trouble: String::new(),
    };
    FactoryHeartbeat {
        version: "0.1.0".into(),
        host: format!("login{index}.example.org"),
        pid: 4711,
        started: now - HOUR * 100,
        cycle_s: 30,
        labels: (0..LABELS).map(label).collect(),
        nodes: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: Vec::new(),
        trouble: String::new(),
        health: None,
    }
}

/// Lets every label submit `each` pilots at a moment of its own in the two hours from `begin`. All factories write at the
/// same time, so that one commit serves many.
async fn everywhere(store: &Store, each: usize, begin: Time, end: bool) -> Result<()> {
    let mut tasks = JoinSet::new();
    for index in 0..FACTORIES {
        let store = store.clone();
        tasks.spawn(async move { of_factory(&store, index, each, begin, end).await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

async fn of_factory(store: &Store, index: usize, each: usize, begin: Time, end: bool) -> Result<()> {
    let mut pilots = Vec::new();
    let at = begin + Duration::from_secs(fastrand::u64(0..600));
    for label_index in 0..LABELS {
        let announcement = Announcement {
            factory: factory(index),
            label: label(index, label_index),
            queue: queue(index, label_index),
            batch: "slurm".into(),
            test: None,
            secret_hashes: vec![[7; 32]; each],
            now: at,
        };
        let first = store.announce(announcement).await?;
        pilots.extend((0..each as i64).map(|nth| PilotId(first.0 + nth)));
    }
    tell(store, index, &pilots, |pilot| update(pilot, PilotEvent::Submit), at).await?;
    for pilot in pilots.iter().filter(|pilot| pilot.0 % GREETED == 0) {
        store.hello(hello(*pilot, at + Duration::from_secs(300))).await?;
    }
    let started = at + Duration::from_secs(fastrand::u64(300..1200));
    tell(store, index, &pilots, |pilot| update(pilot, PilotEvent::Run), started).await?;
    if end {
        let ended = started + Duration::from_secs(fastrand::u64(600..3600));
        tell(store, index, &pilots, last, ended).await?;
    }
    Ok(())
}

async fn tell(
    store: &Store,
    index: usize,
    pilots: &[PilotId],
    say: impl Fn(PilotId) -> BatchUpdate,
    now: Time,
) -> Result<()> {
    let updates = pilots.iter().map(|pilot| say(*pilot)).collect();
    let refused = store.batch_updates(factory(index), updates, now).await?;
    ensure!(refused.is_empty(), "the store refused what the loader says: {refused:?}");
    Ok(())
}

/// What a batch system says of a pilot.
pub fn update(pilot: PilotId, event: PilotEvent) -> BatchUpdate {
    BatchUpdate {
        pilot,
        event,
        batch_id: format!("{}", pilot.0 + 1_000_000),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    }
}

fn last(pilot: PilotId) -> BatchUpdate {
    if pilot.0 % BROKEN != 0 {
        return update(pilot, PilotEvent::End);
    }
    let (error_class, message) = match pilot.0 / BROKEN % 4 {
        0 => (ErrorClass::Node, format!("wn{:04} failed its check: {} GiB of scratch", pilot.0 % 3000, pilot.0 % 7)),
        1 => (ErrorClass::Batch, format!("job {} held: disk quota exceeded", pilot.0)),
        2 => (ErrorClass::Lost, "not seen for two polls".to_owned()),
        _ => (ErrorClass::Batch, format!("removed by the site, reason {}", pilot.0 % 3)),
    };
    BatchUpdate { error_class: Some(error_class), message, ..update(pilot, PilotEvent::Break) }
}

fn hello(pilot: PilotId, now: Time) -> HelloCall {
    HelloCall {
        pilot,
        secret_hash: [7; 32],
        instance: format!("i{pilot}"),
        version: "0.1.0".into(),
        node: format!("wn{:04}.example.org", pilot.0 / GREETED % 3000),
        slots: 8,
        shape: Shape { cores: 8, memory_mib: 16_000, wall_time_s: 0 },
        batch_id: String::new(),
        profile: String::new(),
        unfit: String::new(),
        now,
    }
}
