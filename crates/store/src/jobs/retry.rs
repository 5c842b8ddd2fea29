//! Running ended jobs again.

use super::kill::Scope;
use super::portion::portion;
use super::range::{self, Cut, Range};
use super::requeue::wait_again;
use super::row::{self, JobRow, job_columns};
use super::{lane, specs};
use crate::engine::statements;
use crate::tx::Tx;
use crate::{Result, Store};
use model::{IdSet, JobEvent, JobId, JobState, Retried, Time};

statements! {
    ENDED_ROWS = concat!("SELECT ", job_columns!(), " FROM job WHERE state >= 8 AND id BETWEEN ?1 AND ?2 \
            ORDER BY id LIMIT ?3")
        => concat!("SELECT ", job_columns!(), " FROM job WHERE state >= 8 AND id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3 \
            FOR UPDATE");
}

/// Which jobs to run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryRequest {
    /// The jobs.
    pub ids: IdSet,
    /// Whose jobs may be touched.
    pub scope: Scope,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Activates failed, cancelled and closed jobs again with all their attempts, also archived ones.
    pub async fn retry(&self, request: RetryRequest) -> Result<Retried> {
        let known = self.known(&request.ids, &request.scope).await?;
        let mut retried = 0;
        for interval in request.ids.ranges() {
            let (mut from, last) = (*interval.start(), *interval.end());
            self.unarchive(from, last).await?;
            while from <= last {
                let step = request.clone();
                let (jobs, done) = self.write(move |tx| retry_some(tx, &step, from, last)).await?;
                retried += jobs;
                from = done + 1;
            }
        }
        let unknown = request.ids.len().saturating_sub(known);
        Ok(Retried { retried, left_alone: known.saturating_sub(retried), unknown })
    }
}

/// Retries what is found from `first` on; returns how many and the last id that was looked at.
fn retry_some(tx: &mut Tx<'_>, request: &RetryRequest, first: i64, last: i64) -> Result<(u64, i64)> {
    let found = portion(tx, (first, last), JobState::is_final, &ENDED_ROWS, &request.scope)?;
    let of_ranges = retry_ranges(tx, &found.ranges, first, found.last, request.now)?;
    Ok((of_ranges + retry_rows(tx, found.rows, request.now)?, found.last))
}

fn retry_ranges(tx: &mut Tx<'_>, ranges: &[Range], first: i64, last: i64, now: Time) -> Result<u64> {
    let cuts: Vec<Cut> = ranges.iter().filter_map(|range| range.cut(first, last)).collect();
    let mut changed = Vec::new();
    for part in cuts.iter().map(|cut| &cut.part) {
        let state = placed(tx, part.lane, part.state)?;
        changed.push(Range { state, since: now, ended: None, ..part.clone() });
    }
    range::replace(tx, &cuts, &changed)?;
    for (part, again) in cuts.iter().map(|cut| &cut.part).zip(&changed) {
        tx.count_move(part.counted(), part.state, again.state, part.jobs());
        tell(tx, JobId(part.first), part.lane)?;
    }
    Ok(changed.iter().map(Range::jobs).sum())
}

fn retry_rows(tx: &mut Tx<'_>, mut rows: Vec<JobRow>, now: Time) -> Result<u64> {
    for row in &mut rows {
        let from = row.state;
        row.state = placed(tx, row.lane, from)?;
        row.failures = 0;
        row.losses = 0;
        tx.count_move(row.counted(), from, row.state, 1);
        let rank = specs::terms(tx, row.submission)?.rank;
        wait_again(tx, row, rank, now, now)?;
    }
    row::save(tx, &rows)?;
    Ok(rows.len() as u64)
}

/// Activated in its old queue, or defined when it never had one.
fn placed(tx: &mut Tx<'_>, lane: i64, from: JobState) -> Result<JobState> {
    let activated = from.next(JobEvent::Retry).unwrap_or(JobState::Activated);
    let nowhere = lane::lane(tx, lane)?.key.queue.is_empty();
    Ok(if nowhere { activated.next(JobEvent::Unplace).unwrap_or(JobState::Defined) } else { activated })
}

fn tell(tx: &mut Tx<'_>, job: JobId, lane: i64) -> Result<()> {
    tx.job_changed(job);
    let queue = lane::lane(tx, lane)?.key.queue;
    if !queue.is_empty() {
        tx.changes().activated.insert(queue);
    }
    Ok(())
}
