//! What a schedd answers to a submission.

use crate::pool::{Pool, ids};
use batch::condor::{CondorConfig, CondorJob};
use batch::{BatchSystem, SubmitRequest};

#[tokio::test]
async fn a_refusal_is_told_in_htcondor_s_words() {
    let pool = Pool::new("refusal");
    let condor = CondorJob { requirements: "(((".into(), ..CondorJob::default() };
    let outcome = pool.condor.submit(&SubmitRequest { condor, ..pool.request(1, 2) }).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (0, 2, false));
    assert!(outcome.reason.starts_with("Parse error in expression; Requirements = ((("), "{}", outcome.reason);
    assert!(!pool.submission(1).exists(), "secrets of refused pilots stay behind");
    let mut request = pool.request(1, 1);
    request.environment.push(("LONG".into(), "two\nlines".into()));
    let error = pool.condor.submit(&request).await.unwrap_err();
    assert!(error.to_string().contains("variable LONG") && !error.is_uncertain(), "{error}");
    let checks = pool.condor.doctor().await;
    assert!(checks.iter().all(|check| check.ok) && checks.len() > 5, "{checks:?}");
}

#[tokio::test]
async fn a_full_schedd_gets_ever_smaller_parts() {
    let pool = Pool::new("full");
    // What HTCondor 23.9 says to more than two jobs where MAX_JOBS_PER_SUBMISSION is 2.
    let script = "for last; do :; done\n\
                  [ $(wc -l <\"${last%/submit}/pilots\") -le 2 ] && exec $REAL \"$@\"\n\
                  printf '\\nERROR: Failed to create proc\\nNumber of submitted jobs would exceed MAX_JOBS_PER_SUBMISSION\\n' >&2; exit 1";
    let bin = pool.commands("condor_submit", script);
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    let outcome = condor.submit(&pool.request(4, 5)).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (5, 0, false), "{}", outcome.reason);
    assert_eq!(ids(&pool.condor.status().await.unwrap()), [4, 5, 6, 7, 8]);
    assert_eq!(condor.capacity().await.unwrap(), None);

    let never = "echo 'ERROR: Number of submitted jobs would exceed MAX_JOBS_PER_OWNER' >&2; exit 1";
    let bin = pool.commands("condor_submit", never);
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    let outcome = condor.submit(&pool.request(20, 5)).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len(), outcome.full), (0, 5, true));
    assert_eq!(outcome.reason, "Number of submitted jobs would exceed MAX_JOBS_PER_OWNER");
    assert_eq!(condor.capacity().await.unwrap(), Some(0));
}

#[tokio::test]
async fn a_transaction_whose_end_was_not_heard_is_looked_up() {
    let pool = Pool::new("commit");
    let lost = "echo 'ERROR: Failed to commit job submission into the queue.' >&2; exit 1";
    let bin = pool.commands("condor_submit", &format!("$REAL \"$@\" >/dev/null; {lost}"));
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    let outcome = condor.submit(&pool.request(4, 2)).await.unwrap();
    let shown = pool.condor.status().await.unwrap();
    assert_eq!(ids(&shown), [4, 5]);
    assert_eq!(outcome.accepted[1].1, shown.pilots.iter().find(|pilot| pilot.pilot.0 == 5).unwrap().batch_id);

    let bin = pool.commands("condor_submit", lost);
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    let outcome = condor.submit(&pool.request(10, 2)).await.unwrap();
    assert_eq!((outcome.accepted.len(), outcome.refused.len()), (0, 2));

    // And when nobody answers, nobody knows.
    pool.commands("condor_submit", lost);
    let bin = pool.dir.path().join("bin-condor_submit");
    std::fs::remove_file(bin.join("condor_q")).unwrap();
    let condor = pool.open(&pool.factory, CondorConfig { bin, ..CondorConfig::default() });
    assert!(condor.submit(&pool.request(20, 2)).await.unwrap_err().is_uncertain());
}
