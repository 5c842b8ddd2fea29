//! Commands that answer garbage, half, nothing, slowly or never.

use crate::pool::{Pool, ids};
use batch::condor::{Condor, CondorConfig};
use batch::{BatchError, BatchSystem};
use std::time::{Duration, Instant};

fn with(pool: &Pool, script: &str) -> Condor {
    let bin = pool.commands("condor_q", script);
    pool.open(&pool.factory, CondorConfig { bin, timeout_s: 2.0, ..CondorConfig::default() })
}

#[tokio::test]
async fn no_answer_reads_as_no_pilots_unless_it_says_so() {
    let pool = Pool::new("trouble");
    assert_eq!(ids(&pool.condor.status().await.unwrap()), [0; 0], "an empty queue is a good answer");
    pool.submit(4, 3).await;
    for script in [
        "exit 0",
        "echo welcome to the new cluster",
        "echo '[ ]'",
        "$REAL \"$@\" | head -c 300",
        "$REAL \"$@\"; exit 1",
        "echo '-- Failed to fetch ads from: <127.0.0.1:9618>' >&2; exit 1",
        "echo '[{\"ClusterId\":1,\"ProcId\":0}]'",
    ] {
        let answer = with(&pool, script).status().await;
        assert!(answer.is_err(), "{script}: {answer:?}");
    }
    let slow = with(&pool, "sleep 0.5; exec $REAL \"$@\"").status().await.unwrap();
    assert_eq!(ids(&slow), [4, 5, 6]);
    let (began, never) = (Instant::now(), with(&pool, "sleep 1000").status().await.unwrap_err());
    assert!(matches!(never, BatchError::TimeOut { .. }) && began.elapsed() < Duration::from_secs(20), "{never}");
    assert_eq!(ids(&pool.condor.status().await.unwrap()), [4, 5, 6]);
}

#[tokio::test]
async fn condor_q_is_asked_once_for_all_who_ask() {
    let pool = Pool::new("shared");
    pool.submit(4, 1).await;
    // Without the pool's short period.
    let config = CondorConfig { dir: pool.dir.path().to_owned(), bin: crate::pool::bin(), ..CondorConfig::default() };
    let patient = Condor::open(config, &pool.factory).unwrap();
    let (first, second) = (patient.status().await.unwrap(), patient.status().await.unwrap());
    assert_eq!(first.taken, second.taken);
    assert_eq!(pool.transcript().matches(" condor_q ").count(), 1);
}

#[tokio::test]
async fn a_removal_that_fails_is_told() {
    let pool = Pool::new("rm");
    pool.submit(4, 1).await;
    let bin = pool.commands("condor_rm", "echo 'Error: Can not connect to schedd' >&2; exit 1");
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    let error = condor.remove(&[model::PilotId(4)]).await.unwrap_err();
    assert!(error.to_string().contains("Can not connect to schedd"), "{error}");
}

#[tokio::test]
async fn a_history_that_does_not_answer_is_left_alone() {
    let pool = Pool::new("no-history");
    pool.submit(1, 1).await;
    pool.wait_for_event(1, model::PilotEvent::End).await;
    std::fs::remove_file(pool.condor.logs(model::PilotId(1)).log).unwrap();
    let bin = pool.commands("condor_history", "echo broken >&2; exit 1");
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    for _ in 0..3 {
        assert_eq!(ids(&condor.status().await.unwrap()), [0; 0]);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    assert_eq!(pool.transcript().matches(" condor_history ").count(), 1);
}

#[tokio::test]
async fn a_schedd_that_does_not_answer_is_not_asked_more_often_for_it() {
    let pool = Pool::new("again");
    let bin = pool.commands("condor_q", "echo 'Failed to connect to schedd' >&2; exit 1");
    let config = CondorConfig { dir: pool.dir.path().to_owned(), bin, ..CondorConfig::default() };
    let patient = Condor::open(config, &pool.factory).unwrap();
    let first = patient.status().await.unwrap_err();
    assert!(first.to_string().contains("Failed to connect to schedd"), "{first}");
    assert_eq!(patient.status().await.unwrap_err().to_string(), first.to_string());
    assert_eq!(pool.transcript().matches(" condor_q ").count(), 1);
}

#[tokio::test]
async fn a_removal_is_repeated_only_when_a_later_look_still_shows_the_pilot() {
    let pool = Pool::new("repeat");
    pool.submit(4, 1).await;
    let bin = pool.commands("condor_rm", "echo busy >&2; exit 1");
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    condor.remove(&[model::PilotId(4)]).await.unwrap_err();
    condor.remove(&[model::PilotId(4)]).await.unwrap();
    assert_eq!(pool.transcript().matches(" condor_rm ").count(), 1);
    assert_eq!(ids(&condor.status().await.unwrap()), [4]);
    condor.remove(&[model::PilotId(4)]).await.unwrap_err();
    assert_eq!(pool.transcript().matches(" condor_rm ").count(), 2);
}

#[tokio::test]
async fn a_submission_whose_answer_is_garbage_or_never_comes_is_in_doubt_and_found() {
    let pool = Pool::new("doubt");
    let open = |program: &str, script: &str| {
        let bin = pool.commands(program, script);
        pool.open(&pool.factory, CondorConfig { bin, timeout_s: 5.0, ..CondorConfig::default() })
    };
    for (first, after) in [(4, "echo '<html>upgrade in progress</html>'"), (14, "exec sleep 1000")] {
        let condor = open("condor_submit", &format!("$REAL \"$@\" >/dev/null; {after}"));
        let doubt = condor.submit(&pool.request(first, 2)).await.unwrap_err();
        assert!(doubt.is_uncertain(), "{after}: {doubt}");
    }
    let slow = open("condor_submit", "sleep 0.5; exec $REAL \"$@\"");
    assert_eq!(slow.submit(&pool.request(24, 1)).await.unwrap().accepted.len(), 1);
    let hangs = open("condor_rm", "exec sleep 1000").remove(&[model::PilotId(4)]).await.unwrap_err();
    assert!(matches!(hangs, BatchError::TimeOut { .. }), "{hangs}");
    for pilot in [4, 5, 14, 15, 24] {
        pool.wait_for(pilot, |_| true).await;
    }
}
