//! Pages of a grid with 200,000 pilots: they fit, they are small, and a reader gets through all rows.

use crate::browser::run;
use crate::world::{World, now};
use futures_util::future::join_all;
use model::alarm::{Change, Rule};
use model::pilot::BatchUpdate;
use model::{ErrorClass, FactoryHeartbeat, LabelInfo, Offer, PilotEvent, PilotId, QueueRecord, Time, Written};
use std::path::Path;
use std::time::Duration;
use store::{Announcement, Store, StoreConfig};

/// Factories, labels of each, and pilots of each label.
const SIZE: (usize, usize, usize) = (20, 10, 1000);
/// Pilots of a label that have not ended.
const LIVE: usize = 100;
/// The most bytes that a page takes on its way.
const BYTES_MAX: usize = 150_000;
const HOUR: Duration = Duration::from_secs(3600);

const PAGES: &[&str] = &[
    "/",
    "/pilots",
    "/pilots?state=fault",
    "/pilots?state=running&queue=queue-07",
    "/pilots?factory=factory-03&label=label-034&limit=1000",
    "/pilots/1",
    "/pilots/200000",
    "/queues",
    "/queues/queue-07",
    "/sites",
    "/sites/site-1",
    "/sites/site-1?before=day&with=site-2",
    "/regions",
    "/regions/region-0",
    "/factories",
    "/factories/factory-03",
    "/factories/factory-03/labels/label-034",
    "/errors",
    "/nodes",
    "/efficiency?by=label",
    "/alarms",
    "/red",
    "/decisions",
    "/admin",
    "/search?q=label",
    "/search?q=label-1",
];

/// Fields of the form of pilots, and a tab beside.
const FILTERS: &[(&str, &str)] = &[
    (r#"{"queue": "queue-07", "factory": "factory-04"}"#, "done"),
    (r#"{"factory": "factory-11", "label": "label-113", "error_class": "batch"}"#, "fault"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_thousand_pilots_fit_every_page() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path()).await;
    let quiet = Change { enabled: Some(false), ..Change::default() };
    let world = World::in_dir(dir, |config| config.alarms.rules.rules.extend([(Rule::SingleFactory, quiet)])).await;
    for path in PAGES {
        let bytes = packed(&world, path).await;
        assert!(bytes <= BYTES_MAX, "{path} takes {bytes} bytes");
    }
    run(&world, "look.mjs", &[&["fitting"], PAGES].concat()).await.unwrap();
    let label = format!("/pilots?factory=factory-03&label=label-034 {}", SIZE.2);
    let live = format!("/pilots?live=true&factory=factory-04&label=label-041 {LIVE}");
    run(&world, "look.mjs", &["through", &label, &live]).await.unwrap();
    for (fields, state) in FILTERS {
        run(&world, "look.mjs", &["filtered", "/pilots", fields, state]).await.unwrap();
    }
    world.server.shutdown().await;
}

/// Bytes of a page on its way to a browser.
async fn packed(world: &World, path: &str) -> usize {
    let request = world.http.get(format!("{}{path}", world.server.url())).header("cookie", &world.cookie);
    let answer = request.header("accept", "text/html").header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.bytes().await.unwrap().len()
}

async fn fill(dir: &Path) {
    let store = &Store::open(&StoreConfig::directory(dir)).await.unwrap();
    let now = now();
    for index in 0..40 {
        let mut queue = QueueRecord::named(format!("queue-{index:02}"));
        (queue.site, queue.region) = (format!("site-{}", index % 8), format!("region-{}", index % 2));
        store.put_queue(queue, Written { by: "grid".to_owned(), at: now }).await.unwrap();
    }
    for factory in 0..SIZE.0 {
        store.factory_says(format!("factory-{factory:02}"), heartbeat(factory, now), now).await.unwrap();
    }
    join_all((0..SIZE.0 * SIZE.1).map(|label| live(store, label, now))).await;
    store.close().await;
}

fn queue_of(label: usize) -> String {
    format!("queue-{:02}", label % 40)
}

fn heartbeat(factory: usize, now: Time) -> FactoryHeartbeat {
    let label = |label: usize| LabelInfo {
        name: format!("label-{label:03}"),
        queue: queue_of(label),
        batch: "slurm".into(),
        system: "slurm".into(),
        chain: ["Ready", "MaxToRun"].map(String::from).into(),
        offer: Offer::default(),
        keep_logs_days: None,
        trouble: String::new(),
    };
    FactoryHeartbeat {
        version: "0.1.0".into(),
        host: format!("login{factory}.example.org"),
        pid: 2114,
        started: now - HOUR * 100,
        cycle_s: 30,
        labels: (factory * SIZE.1..(factory + 1) * SIZE.1).map(label).collect(),
        nodes: Vec::new(),
        draining: false,
        sources: Vec::new(),
        monitors: Vec::new(),
        credentials: Vec::new(),
        trouble: String::new(),
        health: None,
    }
}

/// Lets the pilots of a label be submitted, start, and most of them end.
async fn live(store: &Store, label: usize, now: Time) {
    let factory = format!("factory-{:02}", label / SIZE.1);
    let at = now - HOUR * (2 + label as u32 % 22);
    let announcement = Announcement {
        factory: factory.clone(),
        label: format!("label-{label:03}"),
        queue: queue_of(label),
        batch: "slurm".into(),
        test: None,
        secret_hashes: vec![[7; 32]; SIZE.2],
        now: at,
    };
    let first = store.announce(announcement).await.unwrap();
    let pilots = |count: usize| (0..count as i64).map(|nth| PilotId(first.0 + nth));
    let told = [
        (pilots(SIZE.2).map(|pilot| update(pilot, PilotEvent::Submit)).collect::<Vec<_>>(), at),
        (pilots(SIZE.2).map(|pilot| update(pilot, PilotEvent::Run)).collect(), at + HOUR / 4),
        (pilots(SIZE.2 - LIVE).map(last).collect(), at + HOUR),
    ];
    for (updates, time) in told {
        let refused = store.batch_updates(factory.clone(), updates, time).await.unwrap();
        assert!(refused.is_empty(), "{refused:?}");
    }
}

fn update(pilot: PilotId, event: PilotEvent) -> BatchUpdate {
    BatchUpdate {
        pilot,
        event,
        batch_id: (pilot.0 + 1_000_000).to_string(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    }
}

fn last(pilot: PilotId) -> BatchUpdate {
    let class = [ErrorClass::Node, ErrorClass::Batch, ErrorClass::Lost][pilot.0 as usize % 3];
    match pilot.0 % 20 {
        0 => {
            let message = format!("wn{:04} failed its check: {} GiB of scratch", pilot.0 % 3000, pilot.0 % 7);
            BatchUpdate { error_class: Some(class), message, ..update(pilot, PilotEvent::Break) }
        }
        _ => update(pilot, PilotEvent::End),
    }
}
