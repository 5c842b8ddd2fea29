//! A job's row: its state and its current or last attempt.

use super::codes;
use crate::Result;
use crate::engine::{Row, Value, params, statements};
use crate::tx::{Counted, Tx};
use model::job::{AttemptOutcome, Usage};
use model::{ErrorClass, JobId, JobState, PilotId, SubmissionId, Time};

/// The columns of [`JobRow`] in order.
macro_rules! job_columns {
    () => {
        "id, submission, lane, state, in_array, attempt, failures, losses, outcome, pilot, incarnation, sent, started, \
         ended, exit_code, signal, error_class, wall_ms, cpu_ms, max_rss_kib, message"
    };
}

pub(crate) use job_columns;

statements! {
    JOBS_BY_ID = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1"),
        arrays concat!("SELECT ", job_columns!(), " FROM job WHERE id = ANY(?1::bigint[]) ORDER BY id FOR UPDATE");
    SAVE_JOBS = "UPDATE job SET state = ?2, failures = ?3, losses = ?4, outcome = ?5, started = ?6, ended = ?7, \
            exit_code = ?8, signal = ?9, error_class = ?10, wall_ms = ?11, cpu_ms = ?12, max_rss_kib = ?13, \
            message = ?14 WHERE id = ?1",
        arrays "UPDATE job SET state = t.state, failures = t.failures, losses = t.losses, outcome = t.outcome, \
            started = t.started, ended = t.ended, exit_code = t.exit_code, signal = t.signal, \
            error_class = t.error_class, wall_ms = t.wall_ms, cpu_ms = t.cpu_ms, max_rss_kib = t.max_rss_kib, \
            message = t.message FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], \
            ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], ?12::bigint[], \
            ?13::bigint[], ?14::text[]) AS t (id, state, failures, losses, outcome, started, ended, exit_code, signal, \
            error_class, wall_ms, cpu_ms, max_rss_kib, message) WHERE job.id = t.id";
}

/// A job that a pilot has or had.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JobRow {
    pub(crate) id: JobId,
    pub(crate) submission: SubmissionId,
    pub(crate) lane: i64,
    pub(crate) state: JobState,
    pub(crate) array: bool,
    pub(crate) attempt: u32,
    /// Attempts that count against the user's.
    pub(crate) failures: u32,
    /// Attempts that infrastructure lost.
    pub(crate) losses: u32,
    pub(crate) outcome: AttemptOutcome,
    pub(crate) pilot: PilotId,
    pub(crate) incarnation: u32,
    pub(crate) sent: Time,
    pub(crate) started: Option<Time>,
    pub(crate) ended: Option<Time>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) error_class: Option<ErrorClass>,
    /// None until the pilot's final report.
    pub(crate) usage: Option<Usage>,
    pub(crate) message: String,
}

impl JobRow {
    /// From a row with [`job_columns`].
    pub(crate) fn of(row: &Row) -> Result<JobRow> {
        Ok(JobRow {
            id: JobId(row.int(0)?),
            submission: SubmissionId(row.int(1)?),
            lane: row.int(2)?,
            state: codes::job_state(row.int(3)?)?,
            array: row.int(4)? != 0,
            attempt: row.small(5)?,
            failures: row.small(6)?,
            losses: row.small(7)?,
            outcome: codes::outcome(row.int(8)?)?,
            pilot: PilotId(row.int(9)?),
            incarnation: row.small(10)?,
            sent: row.time(11)?,
            started: row.opt_time(12)?,
            ended: row.opt_time(13)?,
            exit_code: row.opt_int(14)?.map(|code| code as i32),
            signal: row.opt_int(15)?.map(|signal| signal as i32),
            error_class: codes::error_class(row.opt_int(16)?)?,
            usage: usage_of(row, 17)?,
            message: row.text_or_empty(20)?,
        })
    }

    /// What its counters hang on.
    pub(crate) fn counted(&self) -> Counted {
        Counted { lane: self.lane, array: self.array.then_some(self.submission) }
    }

    fn values(&self) -> Vec<Value> {
        let usage = self.usage;
        params![
            self.id,
            self.state as i64,
            self.failures,
            self.losses,
            self.outcome as i64,
            self.started,
            self.ended,
            self.exit_code,
            self.signal,
            codes::error_code(self.error_class),
            usage.map(|used| used.wall_ms),
            usage.map(|used| used.cpu_ms),
            usage.map(|used| used.max_rss_kib),
            (!self.message.is_empty()).then_some(&self.message),
        ]
        .to_vec()
    }
}

/// Usage from three columns; none when the first is empty.
pub(crate) fn usage_of(row: &Row, at: usize) -> Result<Option<Usage>> {
    if row.is_null(at) {
        return Ok(None);
    }
    Ok(Some(Usage { wall_ms: row.count(at)?, cpu_ms: row.count(at + 1)?, max_rss_kib: row.count(at + 2)? }))
}

/// Rows of jobs by id, locked on PostgreSQL; unknown ids are left out.
pub(crate) fn load(tx: &mut Tx<'_>, ids: impl IntoIterator<Item = JobId>) -> Result<Vec<JobRow>> {
    let keys: Vec<Vec<Value>> = ids.into_iter().map(|id| params![id].to_vec()).collect();
    tx.query_many(&JOBS_BY_ID, &keys)?.iter().map(JobRow::of).collect()
}

/// Writes everything that may change during an attempt.
pub(crate) fn save<'a>(tx: &mut Tx<'_>, rows: impl IntoIterator<Item = &'a JobRow>) -> Result<()> {
    let values: Vec<Vec<Value>> = rows.into_iter().map(JobRow::values).collect();
    tx.execute_many(&SAVE_JOBS, &values).map(|_| ())
}
