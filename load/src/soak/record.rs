//! What the record must say in the end, compared with what the payloads wrote themselves.

use super::payload::{self, Executions};
use super::until;
use anyhow::{Context, Result};
use model::{JobId, JobState};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;
use wire::Client;
use wire::api::{AttemptOutcome, JobDetail, JobQuery, Submitted};

/// Questions at once.
const PARALLEL: usize = 8;

type Ledger = BTreeMap<(i64, u32), Executions>;

/// Waits until as many jobs as were submitted have ended.
pub async fn wait_ended(client: &Client, count: u64, deadline: Instant) -> Result<()> {
    let mut counts = None;
    let ended = until(deadline, "jobs are still open", async || {
        counts = client.job_counts(&JobQuery::default()).await.ok();
        Ok(counts.as_ref().is_some_and(|counts| counts.open() == 0 && counts.total() >= count))
    });
    ended.await.with_context(|| format!("{counts:?}"))
}

/// Compares every job; answers what does not fit.
pub async fn check(client: Arc<Client>, acknowledged: &[Submitted], root: &Path) -> Result<Vec<String>> {
    let ledger: Arc<Ledger> = Arc::new(payload::read(root)?);
    let mut violations: Vec<String> = ledger
        .iter()
        .filter(|(_, executions)| executions.started > 1)
        .map(|((job, attempt), executions)| {
            format!("attempt {attempt} of job {job} was started {} times", executions.started)
        })
        .collect();
    let ids: Vec<i64> = acknowledged.iter().flat_map(|one| one.first.0..one.first.0 + one.count as i64).collect();
    let mut running = JoinSet::new();
    for part in ids.chunks(ids.len().div_ceil(PARALLEL).max(1)).map(<[i64]>::to_vec) {
        running.spawn(check_jobs(Arc::clone(&client), part, Arc::clone(&ledger)));
    }
    while let Some(found) = running.join_next().await {
        violations.extend(found??);
    }
    let runs: u32 = ledger.values().map(|executions| executions.started).sum();
    println!("soak: {} jobs, {runs} executions", ids.len());
    Ok(violations)
}

async fn check_jobs(client: Arc<Client>, ids: Vec<i64>, ledger: Arc<Ledger>) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for id in ids {
        match client.job(JobId(id)).await {
            Ok(job) => violations.extend(check_job(&job, &ledger)),
            Err(error) => violations.push(format!("acknowledged job {id} cannot be shown: {error}")),
        }
    }
    Ok(violations)
}

fn check_job(job: &JobDetail, ledger: &Ledger) -> Option<String> {
    let (id, summary) = (job.summary.id, &job.summary);
    if summary.state != JobState::Finished || summary.exit_code != Some(0) {
        return Some(format!(
            "job {id} is {} with exit code {:?}: {}",
            summary.state, summary.exit_code, summary.message
        ));
    }
    let attempt = summary.attempt;
    let outcomes: Vec<AttemptOutcome> = job.attempts.iter().map(|attempt| attempt.outcome).collect();
    // An earlier attempt that was given up may have reported later; that is only recorded.
    let settled = |outcome: &AttemptOutcome| matches!(outcome, AttemptOutcome::Finished | AttemptOutcome::Lost);
    if outcomes.last() != Some(&AttemptOutcome::Finished)
        || outcomes.len() != attempt as usize
        || !outcomes.iter().all(settled)
    {
        return Some(format!("job {id} finished with attempt {attempt}, its attempts are {outcomes:?}"));
    }
    let executions = ledger.get(&(id.0, attempt)).copied().unwrap_or_default();
    (executions != Executions { started: 1, ended: 1 })
        .then(|| format!("attempt {attempt} of job {id} is recorded as finished, its payload says {executions:?}"))
}
