//! Jobs that need several slots of a pilot, on both engines.

use super::support::{NOW, TestStore, lease, on_both, single};
use crate::NewJobs;
use crate::jobs::passed_over::OVERTAKEN_MAX;
use model::{JobId, JobSpec, JobState, Offer, Shape, Time};
use std::time::Duration;

on_both! {
    fitting => jobs_are_taken_while_their_slots_fit;
    starving => a_wide_job_is_not_overtaken_for_ever;
    sharing => fair_share_counts_slots;
    jumping => a_wide_job_does_not_jump_the_share_of_others;
}

fn jobs(user: &str, cores: u32, count: u64) -> NewJobs {
    let jobs = single(user, "q");
    NewJobs { spec: JobSpec { cores, ..jobs.spec }, array: (count > 1).then_some(count), ..jobs }
}

fn at(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

/// What a pilot of four slots and four cores gets when it asks for `max_slots`: ids, and slots they need.
async fn got(test: &TestStore, pilot: model::PilotId, max_slots: u32, now: Time) -> (Vec<i64>, u32) {
    let mut call = lease(pilot, "q", max_slots, now);
    call.offer = Offer { slots: 4, whole: Shape { cores: 4, ..Shape::default() } };
    let leases = test.store.lease_and_report(call).await.unwrap();
    (leases.jobs.iter().map(|job| job.id.0).collect(), leases.slots)
}

async fn jobs_are_taken_while_their_slots_fit(test: TestStore) {
    test.queue("q").await;
    for (cores, count) in [(1, 1), (4, 1), (2, 3), (1, 10), (9, 1)] {
        test.submit(jobs("ann", cores, count)).await;
    }
    let pilot = test.pilot("q").await;
    // The second job does not fit beside the first one and is passed over, as is the second of two cores.
    assert_eq!(got(&test, pilot, 4, at(1)).await, (vec![1, 3, 6], 4));
    assert_eq!(got(&test, pilot, 1, at(2)).await, (vec![7], 1));
    assert_eq!(got(&test, pilot, 4, at(3)).await, (vec![2], 4));
    assert_eq!(got(&test, pilot, 100, at(4)).await.1, 2 * 2 + 8);
    assert_eq!(got(&test, pilot, 100, at(5)).await, (vec![], 0));
    assert_eq!(test.state(JobId(16)).await, JobState::Activated, "no pilot of four slots gets a job of nine cores");
    test.counters_agree(16).await;
}

async fn a_wide_job_is_not_overtaken_for_ever(test: TestStore) {
    test.queue("q").await;
    test.submit(jobs("ann", 4, 2)).await;
    test.submit(jobs("ann", 1, 100)).await;
    let pilot = test.pilot("q").await;
    let last = OVERTAKEN_MAX.as_secs();
    assert_eq!(got(&test, pilot, 1, at(0)).await, (vec![3], 1));
    assert_eq!(got(&test, pilot, 2, at(last - 1)).await, (vec![4, 5], 2));
    assert_eq!(got(&test, pilot, 1, at(last)).await, (vec![1], 4), "alone, and more than was asked for");
    assert_eq!(got(&test, pilot, 1, at(last + 1)).await, (vec![2], 4), "so is the next of that kind");
    test.submit(jobs("ann", 4, 1)).await;
    assert_eq!(got(&test, pilot, 1, at(3 * last)).await, (vec![6], 1), "later ones wait from now on");
    assert_eq!(got(&test, pilot, 1, at(4 * last)).await, (vec![7], 1), "older ones of their own are before them");
}

async fn a_wide_job_does_not_jump_the_share_of_others(test: TestStore) {
    test.queue("q").await;
    test.submit(jobs("ann", 1, 20)).await;
    let pilot = test.pilot("q").await;
    assert_eq!(got(&test, pilot, 4, at(0)).await.1, 4);
    test.submit(jobs("ann", 4, 1)).await;
    test.submit(jobs("bob", 1, 20)).await;
    let last = OVERTAKEN_MAX.as_secs();
    for second in [1, last, last + 2] {
        let (ids, slots) = got(&test, pilot, 1, at(second)).await;
        assert!(ids[0] > 21 && slots == 1, "bob's are next: {ids:?}");
    }
}

async fn fair_share_counts_slots(test: TestStore) {
    test.queue("q").await;
    test.submit(jobs("ann", 2, 50)).await;
    test.submit(jobs("bob", 1, 50)).await;
    let pilot = test.pilot("q").await;
    let (ids, slots) = got(&test, pilot, 12, at(1)).await;
    let of_ann = ids.iter().filter(|id| **id <= 50).count();
    assert_eq!((of_ann, ids.len(), slots), (3, 9, 12));
}
