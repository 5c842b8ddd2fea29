//! Reports of pilots about attempts.

use super::codes;
use super::requeue::again_or_failed;
use super::row::{self, JobRow};
use super::verdict::{Verdict, class_of, judge, record, refused};
use super::{lane, range};
use crate::engine::{Value, params, statements};
use crate::logs::stream_code;
use crate::tx::Tx;
use crate::{Result, Store};
use model::job::{AttemptOutcome, LogStream};
use model::{ErrorClass, JobId, JobReport, JobState, PilotId, RefusedReport, Time};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    LATE_ATTEMPT = "UPDATE attempt SET outcome = ?3, ended = ?4, exit_code = ?5, signal = ?6, error_class = ?7, \
        wall_ms = ?8, cpu_ms = ?9, max_rss_kib = ?10, message = ?11 WHERE job = ?1 AND attempt = ?2 AND outcome = 3";
    INLINE_LOG = "INSERT INTO job_log (job, attempt, stream, size, complete, inline) VALUES (?1, ?2, ?3, ?4, 1, ?5) \
        ON CONFLICT (job, attempt, stream) DO NOTHING";
}

impl Store {
    /// Applies reports in one commit and returns those that were not applied. A repeated report is harmless.
    pub async fn report(&self, _pilot: PilotId, reports: Vec<JobReport>, now: Time) -> Result<Vec<RefusedReport>> {
        self.write(move |tx| apply(tx, &reports, now)).await
    }
}

/// Applies reports in order.
pub(crate) fn apply(tx: &mut Tx<'_>, reports: &[JobReport], now: Time) -> Result<Vec<RefusedReport>> {
    if reports.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<JobId> = reports.iter().map(|report| report.job).collect();
    let mut rows: BTreeMap<JobId, JobRow> = row::load(tx, ids)?.into_iter().map(|row| (row.id, row)).collect();
    let mut touched = BTreeSet::new();
    let mut refusals = Vec::new();
    for report in reports {
        let Some(row) = rows.get_mut(&report.job) else {
            refusals.push(refused(report, "the job is unknown or has ended long ago".to_owned(), true));
            continue;
        };
        match judge(row, report) {
            Verdict::Known => continue,
            Verdict::Refuse { reason, stop } => refusals.push(refused(report, reason, stop)),
            Verdict::Older => {
                late_attempt(tx, report, now)?;
                refusals.push(refused(report, format!("attempt {} was sent meanwhile", row.attempt), true));
            }
            verdict => {
                carry_out(tx, row, report, verdict, now)?;
                touched.insert(report.job);
            }
        }
    }
    keep_logs(tx, reports, &touched)?;
    touched.iter().for_each(|job| tx.job_changed(*job));
    row::save(tx, touched.iter().filter_map(|job| rows.get(job)))?;
    Ok(refusals)
}

fn carry_out(tx: &mut Tx<'_>, row: &mut JobRow, report: &JobReport, verdict: Verdict, now: Time) -> Result<()> {
    record(row, report, now);
    let from = row.state;
    match verdict {
        Verdict::Move(state) => {
            row.state = state;
            tx.count_move(row.counted(), from, state, 1);
        }
        Verdict::Finish => finish(tx, row, now)?,
        Verdict::Fail => fail(tx, row, class_of(report), now)?,
        Verdict::Complete | Verdict::Known | Verdict::Older | Verdict::Refuse { .. } => {}
    }
    if from.is_with_pilot() && !row.state.is_with_pilot() {
        let cores = i64::from(lane::lane(tx, row.lane)?.key.shape.cores.max(1));
        let wall_ms = row.usage.map_or(0, |usage| i64::try_from(usage.wall_ms).unwrap_or(i64::MAX));
        let is_good = row.outcome == AttemptOutcome::Finished;
        tx.count_attempt(row.pilot, is_good, wall_ms.saturating_mul(cores), now);
    }
    Ok(())
}

fn finish(tx: &mut Tx<'_>, row: &mut JobRow, now: Time) -> Result<()> {
    let from = row.state;
    if from == JobState::Activated {
        range::delete(tx, [row.id.0])?;
    }
    if row.outcome == AttemptOutcome::Lost {
        row.losses = row.losses.saturating_sub(1);
        row.message.clear();
    }
    row.error_class = None;
    row.outcome = AttemptOutcome::Finished;
    row.state = JobState::Finished;
    tx.count_move(row.counted(), from, row.state, 1);
    let queue = lane::lane(tx, row.lane)?.key.queue;
    tx.count_finished(&queue, now);
    Ok(())
}

fn fail(tx: &mut Tx<'_>, row: &mut JobRow, class: ErrorClass, now: Time) -> Result<()> {
    if row.outcome == AttemptOutcome::Lost {
        row.losses = row.losses.saturating_sub(1);
    }
    if class.is_infrastructure() {
        row.losses += 1;
    } else {
        row.failures += 1;
    }
    row.outcome = AttemptOutcome::Failed;
    row.error_class = Some(class);
    again_or_failed(tx, row, now)
}

/// The report of an attempt that was given up, after a newer one was sent.
fn late_attempt(tx: &mut Tx<'_>, report: &JobReport, now: Time) -> Result<()> {
    let finished = report.state == JobState::Finished;
    let outcome = if finished { AttemptOutcome::Finished } else { AttemptOutcome::Failed };
    let class = (!finished).then(|| class_of(report));
    let usage = report.usage;
    tx.execute(
        &LATE_ATTEMPT,
        params![
            report.job,
            report.attempt,
            outcome as i64,
            report.ended.map_or(now, |ended| ended.min(now)),
            report.exit_code,
            report.signal,
            codes::error_code(class),
            usage.wall_ms,
            usage.cpu_ms,
            usage.max_rss_kib,
            (!report.message.is_empty()).then_some(&report.message),
        ],
    )?;
    Ok(())
}

fn keep_logs(tx: &mut Tx<'_>, reports: &[JobReport], touched: &BTreeSet<JobId>) -> Result<()> {
    let mut logs: Vec<Vec<Value>> = Vec::new();
    for report in reports.iter().filter(|report| touched.contains(&report.job)) {
        for (stream, text) in [(LogStream::Stdout, &report.stdout), (LogStream::Stderr, &report.stderr)] {
            if !text.is_empty() {
                let code = stream_code(stream);
                let bytes = text.as_bytes().to_vec();
                logs.push(params![report.job, report.attempt, code, bytes.len() as i64, bytes].to_vec());
            }
        }
    }
    tx.execute_many(&INLINE_LOG, &logs).map(|_| ())
}
