//! Counts of jobs, read from counters.

use super::codes;
use super::lane::{self, CountedLane, LaneKey, no_jobs};
use super::range::Range;
use super::scan::RANGE_AT;
use crate::archive::ArchiveReader;
use crate::engine::{Connection, Row, params, statements};
use crate::queues::{ALL_QUEUES, queue_of};
use crate::{Result, Store};
use model::brokerage::Candidate;
use model::{Demand, IdSet, JobCounts, JobState, Shape, SubmissionId, Time, WaitingShape};
use std::collections::BTreeMap;

statements! {
    ARRAY_COUNTS = "SELECT a.id, s.last, a.defined, a.activated, a.sent, a.starting, a.running, a.holding, a.transferring, \
        a.finished, a.failed, a.cancelled, a.closed FROM array_count a JOIN submission s ON s.id = a.id \
        WHERE a.id BETWEEN ?1 AND ?2 ORDER BY a.id";
    ROW_COUNTS = "SELECT state, COUNT(*) FROM job WHERE id BETWEEN ?1 AND ?2 GROUP BY state";
    RANGE_COUNTS = "SELECT state, SUM(last - MAX(first, ?1) + 1) FROM job_range WHERE last BETWEEN ?1 AND ?2 \
            AND attempt = 0 GROUP BY state"
        => "SELECT state, CAST(SUM(last - GREATEST(first, ?1) + 1) AS BIGINT) FROM job_range WHERE last BETWEEN ?1 AND ?2 \
            AND attempt = 0 GROUP BY state";
    LAST_OF = "SELECT last FROM submission WHERE id = ?1";
    THROUGHPUT = "SELECT queue, SUM(finished) FROM throughput WHERE minute > ?1 GROUP BY queue"
        => "SELECT queue, CAST(SUM(finished) AS BIGINT) FROM throughput WHERE minute > ?1 GROUP BY queue";
    LIVE_SLOTS = "SELECT queue, SUM(slots) FROM label_count WHERE state <= 3 GROUP BY queue"
        => "SELECT queue, CAST(SUM(slots) AS BIGINT) FROM label_count WHERE state <= 3 GROUP BY queue";
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountScope {
    /// All jobs.
    All,
    /// Jobs of one queue.
    Queue(String),
    /// Jobs of one user.
    User(String),
    /// Jobs of one group.
    Group(String),
    /// These jobs.
    Ids(IdSet),
    /// Jobs of one submission.
    Submission(SubmissionId),
}

/// What tells jobs of a queue apart for those who send pilots to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobKind {
    /// The queue; empty for jobs without one.
    pub queue: String,
    /// Which pilots may have them.
    pub source_label: String,
    /// Cores of each.
    pub cores: u32,
}

impl Store {
    /// Jobs by state; every state is present. Ids that no job has are not counted.
    pub async fn counts(&self, scope: CountScope) -> Result<JobCounts> {
        let archive = self.archive_reader();
        self.read(move |connection| match scope {
            CountScope::All => of_lanes(connection, |_| true),
            CountScope::Queue(queue) => of_lanes(connection, |counted| counted.lane.key.queue == queue),
            CountScope::User(user) => of_lanes(connection, |counted| counted.lane.key.user == user),
            CountScope::Group(group) => of_lanes(connection, |counted| counted.lane.key.group == group),
            CountScope::Ids(ids) => of_ids(connection, &archive, &ids),
            CountScope::Submission(submission) => of_submission(connection, &archive, submission),
        })
        .await
    }

    /// Jobs by state of every queue; those without a queue are under the empty name.
    pub async fn counts_by_queue(&self) -> Result<BTreeMap<String, JobCounts>> {
        self.read(|connection| {
            let mut queues: BTreeMap<String, Vec<CountedLane>> = BTreeMap::new();
            for counted in lane::all_lanes(connection)? {
                queues.entry(counted.lane.key.queue.clone()).or_default().push(counted);
            }
            Ok(queues.into_iter().map(|(queue, lanes)| (queue, lane::sum(&lanes))).collect())
        })
        .await
    }

    /// Jobs by state of every kind.
    pub async fn counts_by_kind(&self) -> Result<BTreeMap<JobKind, JobCounts>> {
        self.read(|connection| {
            let mut kinds: BTreeMap<JobKind, Vec<CountedLane>> = BTreeMap::new();
            for counted in lane::all_lanes(connection)? {
                let LaneKey { queue, source_label, shape, .. } = counted.lane.key.clone();
                kinds.entry(JobKind { queue, source_label, cores: shape.cores }).or_default().push(counted);
            }
            Ok(kinds.into_iter().map(|(kind, lanes)| (kind, lane::sum(&lanes))).collect())
        })
        .await
    }

    /// Cores of the jobs that pilots hold, by queue.
    pub async fn cores_in_use(&self) -> Result<BTreeMap<String, u64>> {
        self.read(|connection| {
            let mut cores = BTreeMap::new();
            for counted in lane::all_lanes(connection)? {
                let used = counted.with_pilots() * u64::from(counted.lane.key.shape.cores);
                *cores.entry(counted.lane.key.queue).or_default() += used;
            }
            Ok(cores)
        })
        .await
    }

    /// Demand of one queue, or of all. Idle slots are left 0: only the server knows them.
    pub async fn demand(&self, queue: Option<String>) -> Result<Vec<Demand>> {
        self.read(move |connection| {
            let lanes = lane::all_lanes(connection)?;
            let queues = connection.query(&ALL_QUEUES, &[])?.iter().map(queue_of).collect::<Result<Vec<_>>>()?;
            let wanted = queues.into_iter().filter(|record| queue.as_ref().is_none_or(|name| *name == record.name));
            Ok(wanted.map(|record| demand_of(record.name, &lanes)).collect())
        })
        .await
    }

    /// All queues with what brokerage needs to know.
    pub async fn candidates(&self, now: Time) -> Result<Vec<Candidate>> {
        self.read(move |connection| {
            let hour_ago = now.0.div_euclid(60_000) - 60;
            let finished = by_queue(connection.query(&THROUGHPUT, params![hour_ago])?)?;
            let slots = by_queue(connection.query(&LIVE_SLOTS, &[])?)?;
            let lanes = lane::all_lanes(connection)?;
            let of = |counts: &BTreeMap<String, u64>, name: &str| counts.get(name).copied().unwrap_or_default();
            let queues = connection.query(&ALL_QUEUES, &[])?.iter().map(queue_of).collect::<Result<Vec<_>>>()?;
            let candidate = |queue: model::QueueRecord| Candidate {
                waiting: demand_of(queue.name.clone(), &lanes).activated(),
                slots: of(&slots, &queue.name),
                finished_last_hour: of(&finished, &queue.name),
                queue,
            };
            Ok(queues.into_iter().map(candidate).collect())
        })
        .await
    }
}

fn by_queue(rows: Vec<Row>) -> Result<BTreeMap<String, u64>> {
    rows.iter().map(|row| Ok((row.text(0)?, row.count(1)?))).collect()
}

fn demand_of(queue: String, lanes: &[CountedLane]) -> Demand {
    let mut shapes: BTreeMap<Shape, u64> = BTreeMap::new();
    let mut running = 0;
    for counted in lanes.iter().filter(|counted| counted.lane.key.queue == queue) {
        *shapes.entry(counted.lane.key.shape).or_default() += counted.of(JobState::Activated);
        running += counted.with_pilots();
    }
    let mut waiting: Vec<WaitingShape> =
        shapes.into_iter().filter(|(_, jobs)| *jobs > 0).map(|(shape, jobs)| WaitingShape { shape, jobs }).collect();
    waiting.sort_by_key(|shape| std::cmp::Reverse(shape.jobs));
    Demand { queue, waiting, running, idle_slots: 0, idle_pilots: Vec::new() }
}

fn of_lanes(connection: &mut dyn Connection, is_meant: impl Fn(&CountedLane) -> bool) -> Result<JobCounts> {
    let lanes = lane::all_lanes(connection)?;
    Ok(lane::sum(lanes.iter().filter(|counted| is_meant(counted))))
}

fn of_submission(
    connection: &mut dyn Connection,
    archive: &ArchiveReader,
    submission: SubmissionId,
) -> Result<JobCounts> {
    match connection.query_one(&LAST_OF, params![submission])? {
        Some(row) => {
            let ids = IdSet::range(model::JobId(submission.0), model::JobId(row.int(0)?));
            of_ids(connection, archive, &ids)
        }
        None => Ok(no_jobs()),
    }
}

/// Whole arrays are read from their counters; what lies between them is counted.
fn of_ids(connection: &mut dyn Connection, archive: &ArchiveReader, ids: &IdSet) -> Result<JobCounts> {
    let mut counts = no_jobs();
    for interval in ids.ranges() {
        let (mut from, last) = (*interval.start(), *interval.end());
        for row in connection.query(&ARRAY_COUNTS, params![from, last])? {
            let (array, end) = (row.int(0)?, row.int(1)?);
            if end > last {
                break;
            }
            between(connection, archive, from, array - 1, &mut counts)?;
            for (at, state) in JobState::ALL.into_iter().enumerate() {
                *counts.0.entry(state).or_default() += row.count(2 + at)?;
            }
            from = end + 1;
        }
        between(connection, archive, from, last, &mut counts)?;
    }
    Ok(counts)
}

fn between(
    connection: &mut dyn Connection,
    archive: &ArchiveReader,
    first: i64,
    last: i64,
    counts: &mut JobCounts,
) -> Result<()> {
    if first > last {
        return Ok(());
    }
    let mut rows = connection.query(&ROW_COUNTS, params![first, last])?;
    rows.extend(connection.query(&RANGE_COUNTS, params![first, last])?);
    rows.extend(archive.counts(connection, first, last)?);
    for row in rows {
        *counts.0.entry(codes::job_state(row.int(0)?)?).or_default() += row.count(1)?;
    }
    if let Some(row) = connection.query_one(&RANGE_AT, params![last.saturating_add(1)])? {
        let over = Range::of(&row)?;
        if over.first <= last && over.attempt == 0 {
            *counts.0.entry(over.state).or_default() += (last - over.first.max(first) + 1).max(0).unsigned_abs();
        }
    }
    Ok(())
}
