//! Silent PanDA pilots: how long they keep their jobs.

use crate::bench::{Bench, QUEUE, shell};
use model::{JobId, JobState, Offer, PilotId, Shape, Time};
use std::time::{Duration, Instant};
use store::{Announcement, HelloCall, LeaseCall, Store};

const SHAPE: Shape = Shape { cores: 1, memory_mib: 0, wall_time_s: 0 };

/// A pilot of a factory that took a job at `now` and was not heard since.
async fn holder(store: &Store, factory: &str, now: Time) -> (PilotId, JobId) {
    let announcement = Announcement {
        factory: factory.into(),
        label: "l".into(),
        queue: QUEUE.into(),
        batch: "b".into(),
        test: None,
        secret_hashes: vec![[1; 32]],
        now,
    };
    let pilot = store.announce(announcement).await.unwrap();
    let hello = HelloCall {
        pilot,
        secret_hash: [1; 32],
        instance: "i".into(),
        version: "0".into(),
        node: "n".into(),
        slots: 1,
        shape: SHAPE,
        batch_id: String::new(),
        profile: String::new(),
        unfit: String::new(),
        now,
    };
    let incarnation = store.hello(hello).await.unwrap().incarnation;
    let queue = QUEUE.to_owned();
    let call = LeaseCall {
        pilot,
        incarnation,
        queue,
        offer: Offer { slots: 1, whole: SHAPE },
        max_slots: 1,
        max_jobs: 1,
        now,
        ..LeaseCall::default()
    };
    (pilot, store.lease_and_report(call).await.unwrap().jobs[0].id)
}

/// While the server was away nobody could hear anybody: the leases of PanDA pilots, which are hours long, begin anew at
/// its start as those of ours do.
#[tokio::test(flavor = "multi_thread")]
async fn leases_of_panda_pilots_begin_anew_when_the_server_starts() {
    let bench = Bench::start_with(|config| config.lease = Duration::from_millis(500)).await;
    let store = bench.server.state().store.clone();
    bench.submit(shell("true")).await;
    let (_, kept) = holder(&store, "panda", server::now() - Duration::from_secs(5 * 3600)).await;
    // The reaper has passed twice when it has given up two pilots of ours, one after the other.
    for _ in 0..2 {
        bench.submit(shell("true")).await;
        let (_, lost) = holder(&store, "ours", server::now()).await;
        let began = Instant::now();
        while bench.job(lost).await.summary.state != JobState::Activated {
            assert!(began.elapsed() < Duration::from_secs(20), "the silent pilot was not given up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bench.client.kill(&lost.to_string()).await.unwrap();
    }
    assert_eq!(bench.job(kept).await.summary.state, JobState::Sent);
    bench.server.shutdown().await;
}
