//! Everything about single jobs.

use super::range::Range;
use super::row::{JobRow, job_columns, usage_of};
use super::scan::RANGE_AT;
use super::{codes, specs};
use crate::archive::ArchiveReader;
use crate::engine::{Connection, Row, Value, params, statements};
use crate::shared::Shared;
use crate::{Result, Store};
use model::job::AttemptOutcome;
use model::{AttemptRecord, JobDetail, JobId, JobSpec, JobState, JobSummary, PilotId, SubmissionId, TaskId, Time};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

statements! {
    JOB_ROWS = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1"),
        arrays concat!("SELECT ", job_columns!(), " FROM job WHERE id = ANY(?1::bigint[])");
    HEADS = "SELECT id, name, task, submitted FROM submission WHERE id = ?1",
        arrays "SELECT id, name, task, submitted FROM submission WHERE id = ANY(?1::bigint[])";
    SITES = "SELECT name, site FROM queue";
    ATTEMPTS = "SELECT a.attempt, a.pilot, COALESCE(i.node, ''), a.outcome, a.sent, a.started, a.ended, a.exit_code, \
        a.signal, a.error_class, a.message, a.wall_ms, a.cpu_ms, a.max_rss_kib FROM attempt a LEFT JOIN incarnation i \
        ON i.pilot = a.pilot AND i.incarnation = a.incarnation WHERE a.job = ?1 ORDER BY a.attempt";
    NODE = "SELECT node FROM incarnation WHERE pilot = ?1 AND incarnation = ?2";
    LOG_SIZES = "SELECT attempt, stream, size FROM job_log WHERE job = ?1";
    OUTPUT_NAMES = "SELECT name FROM job_output WHERE job = ?1 AND attempt = (SELECT MAX(attempt) FROM job_output \
        WHERE job = ?1) ORDER BY name";
}

impl Store {
    /// Everything about one job, archived or not.
    pub async fn job(&self, id: JobId) -> Result<Option<JobDetail>> {
        let shared = self.inner.shared.clone();
        let archive = self.archive_reader();
        self.read(move |connection| detail(connection, &shared, &archive, id)).await
    }

    /// What a submission asked for.
    pub async fn spec(&self, submission: SubmissionId) -> Result<Option<Arc<JobSpec>>> {
        if let Some(spec) = self.inner.shared.specs.get(submission) {
            return Ok(Some(spec));
        }
        self.read(move |connection| specs::spec(connection, submission)).await
    }

    /// The attempt whose logs are shown when none is named: the last one that was sent. None for an unknown job, 0
    /// before the first attempt.
    pub async fn last_attempt(&self, job: JobId) -> Result<Option<u32>> {
        let archive = self.archive_reader();
        self.read(move |connection| {
            Ok(match found(connection, &archive, job)? {
                Some(Thing::Row(row)) => Some(row.attempt),
                Some(Thing::Range(_)) => Some(0),
                None => None,
            })
        })
        .await
    }
}

/// Where a job is written down.
enum Thing {
    Row(Box<JobRow>),
    Range(Range),
}

fn found(connection: &mut dyn Connection, archive: &ArchiveReader, id: JobId) -> Result<Option<Thing>> {
    let rows = connection.query_many(&JOB_ROWS, &[params![id].to_vec()])?;
    if let Some(row) = rows.first() {
        return Ok(Some(Thing::Row(Box::new(JobRow::of(row)?))));
    }
    if let Some(row) = connection.query_one(&RANGE_AT, params![id])? {
        let range = Range::of(&row)?;
        if range.first <= id.0 {
            return Ok(Some(Thing::Range(range)));
        }
    }
    Ok(archive.job(connection, id)?.map(|row| Thing::Row(Box::new(row))))
}

fn detail(
    connection: &mut dyn Connection,
    shared: &Shared,
    archive: &ArchiveReader,
    id: JobId,
) -> Result<Option<JobDetail>> {
    let Some(thing) = found(connection, archive, id)? else { return Ok(None) };
    let (submission, attempts) = match &thing {
        Thing::Row(row) => (row.submission, attempts(connection, row)?),
        Thing::Range(range) => (range.submission, Vec::new()),
    };
    let Some(spec) = specs::spec(connection, submission)? else { return Ok(None) };
    let mut context = Context::load(connection, shared, [submission])?;
    let (_, mut summary) = match &thing {
        Thing::Row(row) => context.of_row(connection, row)?,
        Thing::Range(range) => context.of_range(connection, range, id)?,
    };
    if summary.exit_code.is_none() && summary.error_class.is_none() {
        // While an attempt is underway the summary tells how the one before ended.
        if let Some(before) = attempts.iter().rev().find(|attempt| attempt.outcome != AttemptOutcome::Underway) {
            summary.exit_code = before.exit_code;
            summary.error_class = before.error_class;
        }
    }
    let outputs = connection.query(&OUTPUT_NAMES, params![id])?;
    let outputs = outputs.iter().map(|row| row.text(0)).collect::<Result<_>>()?;
    Ok(Some(JobDetail { summary, spec: JobSpec::clone(&spec), attempts, outputs }))
}

fn attempts(connection: &mut dyn Connection, row: &JobRow) -> Result<Vec<AttemptRecord>> {
    let mut records =
        connection.query(&ATTEMPTS, params![row.id])?.iter().map(attempt_of).collect::<Result<Vec<_>>>()?;
    let node = connection.query_one(&NODE, params![row.pilot, row.incarnation])?;
    records.push(AttemptRecord {
        attempt: row.attempt,
        pilot: Some(row.pilot),
        node: node.map_or(Ok(String::new()), |row| row.text(0))?,
        outcome: row.outcome,
        sent: row.sent,
        started: row.started,
        ended: row.ended,
        exit_code: row.exit_code,
        signal: row.signal,
        error_class: row.error_class,
        message: row.message.clone(),
        usage: row.usage.unwrap_or_default(),
        stdout_bytes: 0,
        stderr_bytes: 0,
    });
    for size in connection.query(&LOG_SIZES, params![row.id])? {
        let attempt = size.small(0)?;
        if let Some(record) = records.iter_mut().find(|record| record.attempt == attempt) {
            let bytes = size.count(2)?;
            if size.int(1)? == 1 { record.stdout_bytes = bytes } else { record.stderr_bytes = bytes }
        }
    }
    Ok(records)
}

fn attempt_of(row: &Row) -> Result<AttemptRecord> {
    Ok(AttemptRecord {
        attempt: row.small(0)?,
        pilot: Some(PilotId(row.int(1)?)),
        node: row.text(2)?,
        outcome: codes::outcome(row.int(3)?)?,
        sent: row.time(4)?,
        started: row.opt_time(5)?,
        ended: row.opt_time(6)?,
        exit_code: row.opt_int(7)?.map(|code| code as i32),
        signal: row.opt_int(8)?.map(|signal| signal as i32),
        error_class: codes::error_class(row.opt_int(9)?)?,
        message: row.text_or_empty(10)?,
        usage: usage_of(row, 11)?.unwrap_or_default(),
        stdout_bytes: 0,
        stderr_bytes: 0,
    })
}

/// Summaries of hits in their order, each with its task.
pub(crate) fn summaries(
    connection: &mut dyn Connection,
    shared: &Shared,
    hits: &[(i64, Option<Range>)],
) -> Result<Vec<(TaskId, JobSummary)>> {
    let keys: Vec<Vec<Value>> =
        hits.iter().filter(|(_, range)| range.is_none()).map(|(id, _)| params![*id].to_vec()).collect();
    let mut rows: HashMap<i64, JobRow> = HashMap::new();
    for row in connection.query_many(&JOB_ROWS, &keys)? {
        let row = JobRow::of(&row)?;
        rows.insert(row.id.0, row);
    }
    let of_rows = rows.values().map(|row| row.submission);
    let of_ranges = hits.iter().filter_map(|(_, range)| range.as_ref().map(|range| range.submission));
    let submissions: Vec<SubmissionId> = of_rows.chain(of_ranges).collect();
    let mut context = Context::load(connection, shared, submissions)?;
    let mut found = Vec::with_capacity(hits.len());
    for (id, range) in hits {
        match (range, rows.get(id)) {
            (Some(range), _) => found.push(context.of_range(connection, range, JobId(*id))?),
            (None, Some(row)) => found.push(context.of_row(connection, row)?),
            (None, None) => {}
        }
    }
    Ok(found)
}

/// What summaries take from other tables.
struct Context<'a> {
    shared: &'a Shared,
    heads: HashMap<SubmissionId, (String, TaskId, Time)>,
    sites: BTreeMap<String, String>,
}

impl<'a> Context<'a> {
    fn load(
        connection: &mut dyn Connection,
        shared: &'a Shared,
        submissions: impl IntoIterator<Item = SubmissionId>,
    ) -> Result<Context<'a>> {
        let mut ids: Vec<SubmissionId> = submissions.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let keys: Vec<Vec<Value>> = ids.iter().map(|id| params![*id].to_vec()).collect();
        let mut heads = HashMap::new();
        for row in connection.query_many(&HEADS, &keys)? {
            heads.insert(SubmissionId(row.int(0)?), (row.text(1)?, TaskId(row.int(2)?), row.time(3)?));
        }
        let sites = connection.query(&SITES, &[])?;
        let sites = sites.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<_>>()?;
        Ok(Context { shared, heads, sites })
    }

    fn blank(
        &self,
        connection: &mut dyn Connection,
        id: JobId,
        submission: SubmissionId,
        lane: i64,
        state: JobState,
    ) -> Result<(TaskId, JobSummary)> {
        let (name, task, submitted) = self.heads.get(&submission).cloned().unwrap_or_default();
        let key = self.shared.lanes.load(connection, lane)?.key;
        let summary = JobSummary {
            id,
            name,
            user: key.user,
            group: key.group,
            site: self.sites.get(&key.queue).cloned().unwrap_or_default(),
            queue: key.queue,
            state,
            attempt: 0,
            exit_code: None,
            error_class: None,
            message: String::new(),
            pilot: None,
            submission,
            index: (id.0 - submission.0).max(0).unsigned_abs(),
            submitted,
            started: None,
            ended: None,
        };
        Ok((task, summary))
    }

    fn of_row(&mut self, connection: &mut dyn Connection, row: &JobRow) -> Result<(TaskId, JobSummary)> {
        let (task, blank) = self.blank(connection, row.id, row.submission, row.lane, row.state)?;
        let summary = JobSummary {
            attempt: row.attempt,
            exit_code: row.exit_code,
            error_class: row.error_class,
            message: row.message.clone(),
            pilot: Some(row.pilot),
            started: row.started,
            ended: row.ended,
            ..blank
        };
        Ok((task, summary))
    }

    fn of_range(&mut self, connection: &mut dyn Connection, range: &Range, id: JobId) -> Result<(TaskId, JobSummary)> {
        let (task, blank) = self.blank(connection, id, range.submission, range.lane, range.state)?;
        Ok((task, JobSummary { message: range.reason.clone(), ended: range.ended, ..blank }))
    }
}
