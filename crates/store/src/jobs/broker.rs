//! Moving waiting jobs between queues.

use super::lane::{self, LaneKey, lane_for};
use super::range::{self, Cut, Range, range_columns};
use super::specs;
use crate::engine::{Connection, Row, Value, params, statements};
use crate::tx::Tx;
use crate::{Result, Store};
use model::{JobEvent, JobId, JobSpec, JobState, SubmissionId, Time};
use std::sync::Arc;

/// Ranges that one operation moves.
const CHUNK: usize = 2000;

statements! {
    WAITING = concat!("SELECT ", range_columns!(), " FROM job_range WHERE last > ?1 AND state <= 1 ORDER BY last LIMIT ?2");
    WAITING_IN_LANE = concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?1 AND state = ?2 AND last > ?3 \
        ORDER BY last LIMIT ?4");
    LANES_WITH_WAITING = "SELECT id FROM lane WHERE queue = ?1 AND (activated > 0 OR defined > 0)";
    MOVE_ROW = "UPDATE job SET lane = ?2, state = ?3 WHERE id = ?1";
}

/// Jobs that wait together.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingRange {
    /// The first.
    pub first: JobId,
    /// The last.
    pub last: JobId,
    /// Their submission.
    pub submission: SubmissionId,
    /// `defined` or `activated`.
    pub state: JobState,
    /// Their queue; empty while defined.
    pub queue: String,
    /// Why they are still defined.
    pub reason: String,
    /// When they were activated, or submitted while defined.
    pub since: Time,
    /// What they ask for.
    pub spec: Arc<JobSpec>,
}

/// Where waiting jobs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Into this queue, activated.
    Queue(String),
    /// Nowhere; they stay or become defined with this reason.
    Nowhere(String),
}

impl Store {
    /// Waiting ranges in the order of ids, from `after` on (the `last` of the one before), at most `limit`; only those
    /// of `queue` when given (the empty name stands for defined ones).
    pub async fn waiting_ranges(
        &self,
        queue: Option<String>,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<WaitingRange>> {
        let shared = self.inner.shared.clone();
        let after = after.map_or(0, |id| id.0);
        self.read(move |connection| {
            let ranges = match queue {
                None => ranges(connection.query(&WAITING, params![after, limit])?)?,
                Some(queue) => in_queue(connection, &queue, after, limit)?,
            };
            let specs = specs::of_ranges(connection, &shared.specs, &ranges)?;
            let mut found = Vec::with_capacity(ranges.len());
            for range in ranges {
                let lane = shared.lanes.load(connection, range.lane)?;
                if let Some(spec) = specs.get(&range.submission) {
                    found.push(waiting(range, lane.key.queue, Arc::clone(spec)));
                }
            }
            Ok(found)
        })
        .await
    }

    /// Moves those jobs of `first..=last` that still wait. Returns how many were moved.
    pub async fn move_waiting(&self, first: JobId, last: JobId, to: Destination, now: Time) -> Result<u64> {
        let (mut from, mut moved) = (first.0, 0);
        while from <= last.0 {
            let to = to.clone();
            let (jobs, done) = self.write(move |tx| move_some(tx, from, last.0, &to, now)).await?;
            moved += jobs;
            from = done.saturating_add(1);
        }
        Ok(moved)
    }
}

fn in_queue(connection: &mut dyn Connection, queue: &str, after: i64, limit: u32) -> Result<Vec<Range>> {
    let mut found = Vec::new();
    let state = if queue.is_empty() { JobState::Defined } else { JobState::Activated };
    for lane in connection.query(&LANES_WITH_WAITING, params![queue])? {
        let rows = connection.query(&WAITING_IN_LANE, params![lane.int(0)?, state as i64, after, limit])?;
        found.extend(ranges(rows)?);
    }
    found.sort_by_key(|range| range.last);
    found.truncate(limit as usize);
    Ok(found)
}

fn ranges(rows: Vec<Row>) -> Result<Vec<Range>> {
    rows.iter().map(Range::of).collect()
}

fn waiting(range: Range, queue: String, spec: Arc<JobSpec>) -> WaitingRange {
    WaitingRange {
        first: JobId(range.first),
        last: JobId(range.last),
        submission: range.submission,
        state: range.state,
        queue,
        reason: range.reason,
        since: range.since,
        spec,
    }
}

/// Moves what still waits from `first` on; returns how many and the last id that was looked at.
fn move_some(tx: &mut Tx<'_>, first: i64, last: i64, to: &Destination, now: Time) -> Result<(u64, i64)> {
    let ranges = range::within(tx, first, last, CHUNK)?;
    let last = ranges.get(CHUNK - 1).map_or(last, |range| range.last.min(last));
    let cuts: Vec<Cut> =
        ranges.iter().filter(|range| range.state.is_waiting()).filter_map(|range| range.cut(first, last)).collect();
    let mut kept = Vec::new();
    let mut moved = Vec::new();
    for cut in cuts {
        let there = moved_range(tx, &cut.part, to, now)?;
        if there != cut.part {
            moved.push(there);
            kept.push(cut);
        }
    }
    range::replace(tx, &kept, &moved)?;
    for (cut, there) in kept.iter().zip(&moved) {
        count(tx, &cut.part, there);
    }
    let rows: Vec<Vec<Value>> = moved
        .iter()
        .filter(|range| range.attempt > 0)
        .map(|range| params![range.last, range.lane, range.state as i64].to_vec())
        .collect();
    tx.execute_many(&MOVE_ROW, &rows)?;
    if let (Destination::Queue(queue), false) = (to, moved.is_empty()) {
        tx.changes().activated.insert(queue.clone());
    }
    Ok((moved.iter().map(Range::jobs).sum(), last))
}

fn moved_range(tx: &mut Tx<'_>, part: &Range, to: &Destination, now: Time) -> Result<Range> {
    let key = lane::lane(tx, part.lane)?.key;
    let (queue, reason) = match to {
        Destination::Queue(queue) => (queue.as_str(), ""),
        Destination::Nowhere(reason) => ("", reason.as_str()),
    };
    let lane = lane_for(tx, &LaneKey { queue: queue.to_owned(), ..key })?;
    let mut there = Range { lane, reason: reason.to_owned(), ..part.clone() };
    match (part.state, to) {
        (JobState::Defined, Destination::Queue(_)) => {
            there.state = part.state.next(JobEvent::Activate).unwrap_or(part.state);
            there.since = now;
            // The rank of a defined job was made at submit; it ages from its activation on.
            there.rank = part.rank + (now.0 - part.since.0).max(0);
        }
        (JobState::Activated, Destination::Nowhere(_)) => {
            there.state = part.state.next(JobEvent::Unplace).unwrap_or(part.state);
            there.not_before = Time(0);
        }
        _ => {}
    }
    Ok(there)
}

fn count(tx: &mut Tx<'_>, part: &Range, there: &Range) {
    tx.count_gone(part.counted(), part.state, part.jobs());
    tx.count_new(there.counted(), there.state, there.jobs());
    tx.jobs_changed(JobId(part.first), JobId(part.last));
}
