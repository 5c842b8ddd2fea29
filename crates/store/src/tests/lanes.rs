//! Lanes come with their first job and go with their last.

use super::support::{NOW, TestStore, on_both, single};
use crate::engine::statements;
use crate::{Destination, NewJobs};
use model::{JobId, JobState};
use std::time::Duration;

on_both! {
    emptied => an_empty_lane_is_deleted_and_made_again;
}

const DAY: Duration = Duration::from_secs(86_400);

statements! {
    LANES = "SELECT id FROM lane ORDER BY id";
}

async fn lanes(test: &TestStore) -> Vec<i64> {
    test.store.rows(&LANES, Vec::new(), |row| row.int(0)).await.unwrap()
}

async fn an_empty_lane_is_deleted_and_made_again(test: TestStore) {
    test.queue("q").await;
    let unplaced = || NewJobs { queue: None, reason: "no queue fits".into(), ..single("ann", "q") };
    test.submit(unplaced()).await;
    test.store.prune(NOW, DAY).await.unwrap();
    assert_eq!(lanes(&test).await, [1], "a job waits in the lane");
    let to = Destination::Queue("q".into());
    assert_eq!(test.store.move_waiting(JobId(1), JobId(1), to, NOW).await.unwrap(), 1);
    assert_eq!(lanes(&test).await, [1, 2]);
    test.store.prune(NOW, DAY).await.unwrap();
    assert_eq!(lanes(&test).await, [2]);
    // The store saw the first lane; what it remembers must not count where nothing is any more.
    test.submit(unplaced()).await;
    assert_eq!(lanes(&test).await.len(), 2);
    assert_eq!((test.state(JobId(1)).await, test.state(JobId(2)).await), (JobState::Activated, JobState::Defined));
    test.counters_agree(2).await;
}
