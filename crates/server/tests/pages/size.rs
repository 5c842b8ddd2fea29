//! Pages stay quick with a million waiting jobs.

use crate::world::World;
use model::{JobSpec, QueueRecord};
use std::time::{Duration, Instant};

/// What a page may take in a release build; this test runs in debug on a busy machine.
const DEBUG_ALLOWANCE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_million_waiting_jobs_do_not_slow_a_page() {
    let world = World::empty().await;
    world.admin.put_queue(&QueueRecord::named("q")).await.unwrap();
    let first = world.submit(JobSpec::command("/bin/true", []), Some(1_000_000)).await;
    let job = format!("/jobs/{}", first.0 + 500_000);
    let array = format!("/jobs?ids={}-{}", first.0, first.0 + 999_999);
    let pages = [
        "/",
        "/jobs",
        "/jobs?state=activated&limit=1000",
        "/jobs?state=failed",
        &array,
        &job,
        "/queues",
        "/queues/q",
        "/admin",
    ];
    for path in pages {
        world.page(path).await;
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..3 {
            let began = Instant::now();
            world.get(path).await.bytes().await.unwrap();
            times.push(began.elapsed());
        }
        let best = times.into_iter().min().unwrap();
        assert!(best < DEBUG_ALLOWANCE, "{path} takes {best:?}");
    }
    world.server.shutdown().await;
}
