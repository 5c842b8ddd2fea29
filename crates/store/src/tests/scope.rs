//! Whose jobs a call may touch, on both engines.

use super::support::{NOW, TestStore, array, on_both, report, single};
use crate::{Error, KillRequest, RetryRequest, Scope};
use model::{IdSet, JobId, JobState};

on_both! {
    site_admin => what_touches_others_is_refused_as_a_whole;
}

async fn what_touches_others_is_refused_as_a_whole(test: TestStore) {
    test.queue("own").await;
    test.queue("other").await;
    test.submit(array("ann", "own", 10)).await;
    test.submit(single("bob", "other")).await;
    test.submit(single("bob", "own")).await;
    test.submit(array("ann", "other", 5)).await;
    let scope = Scope::Queues { user: "eve".to_owned(), queues: vec!["own".to_owned()] };
    let kill = async |ids: &str| {
        let ids = ids.parse::<IdSet>().unwrap();
        test.store.kill(KillRequest { ids, scope: scope.clone(), issuer: "eve".to_owned(), now: NOW }).await
    };
    let forbidden = |answer: Result<model::Killed, Error>| match answer {
        Err(Error::Forbidden { what }) => what,
        answer => panic!("{answer:?}"),
    };
    assert_eq!(forbidden(kill("1-3,11").await), "job 11");
    assert_eq!(forbidden(kill("1-3,12,15-16").await), "job 15");
    assert_eq!(test.state(JobId(1)).await, JobState::Activated, "nothing was killed");

    // A pilot of the other queue holds its job: the row is not theirs either.
    let pilot = test.pilot("other").await;
    let leased = test.lease(pilot, "other", 1, NOW).await.jobs[0].id;
    assert_eq!(forbidden(kill(&format!("1,{}", leased.0)).await), format!("job {}", leased.0));
    test.report(pilot, report(leased, 1, JobState::Failed), NOW).await;
    let ids = format!("1,{}", leased.0).parse::<IdSet>().unwrap();
    let retried = test.store.retry(RetryRequest { ids, scope: scope.clone(), now: NOW }).await;
    assert!(matches!(retried, Err(Error::Forbidden { .. })), "{retried:?}");
    assert_eq!(kill("1-10,12").await.unwrap().cancelled, 11);
}
