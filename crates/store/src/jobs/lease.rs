//! Leases: pilots take activated jobs.

use super::claim::claim;
use super::range::Range;
use super::requeue::end_backoffs;
use super::{codes, report, specs};
use crate::engine::{Value, params, statements};
use crate::tx::{PilotJobs, Tx};
use crate::{Error, Result, Store};
use model::{
    JobId, JobReport, JobSpec, JobState, Offer, PilotFlag, PilotId, RefusedReport, SubmissionId, TaskId, Time,
};
use std::collections::BTreeSet;
use std::sync::Arc;

statements! {
    /// Locked, so that no other server ends the pilot before it holds what it takes.
    PILOT_NOW = "SELECT state, flag, incarnation FROM pilot WHERE id = ?1"
        => "SELECT state, flag, incarnation FROM pilot WHERE id = ?1 FOR NO KEY UPDATE";
    FIRST_ATTEMPTS = "INSERT INTO job (id, submission, lane, state, in_array, attempt, failures, losses, outcome, pilot, \
            incarnation, sent) VALUES (?1, ?2, ?3, 2, ?4, 1, 0, 0, 0, ?5, ?6, ?7)",
        arrays "INSERT INTO job (id, submission, lane, state, in_array, attempt, failures, losses, outcome, pilot, \
            incarnation, sent) SELECT t.id, t.submission, t.lane, 2, t.in_array, 1, 0, 0, 0, t.pilot, t.incarnation, t.sent \
            FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[], \
            ?7::bigint[]) AS t (id, submission, lane, in_array, pilot, incarnation, sent)";
    KEEP_ATTEMPT = "INSERT INTO attempt (job, attempt, outcome, pilot, incarnation, sent, started, ended, exit_code, \
        signal, error_class, wall_ms, cpu_ms, max_rss_kib, message) SELECT id, attempt, outcome, pilot, incarnation, sent, \
        started, ended, exit_code, signal, error_class, wall_ms, cpu_ms, max_rss_kib, message FROM job WHERE id = ?1";
    NEXT_ATTEMPT = "UPDATE job SET state = 2, lane = ?2, attempt = attempt + 1, outcome = 0, pilot = ?3, \
        incarnation = ?4, sent = ?5, started = NULL, ended = NULL, exit_code = NULL, signal = NULL, error_class = NULL, \
        wall_ms = NULL, cpu_ms = NULL, max_rss_kib = NULL, message = NULL WHERE id = ?1";
}

/// Which jobs may be leased, beside the queue and what the pilot offers. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaseFilter {
    /// Only this user's.
    pub user: Option<String>,
    /// Only this group's.
    pub group: Option<String>,
    /// Only of this task.
    pub task: Option<TaskId>,
    /// Only with one of these source labels; empty for any.
    pub source_labels: Vec<String>,
}

/// Reports of a pilot and its wish for jobs, in one commit.
#[derive(Clone, Debug, Default)]
pub struct LeaseCall {
    /// The pilot.
    pub pilot: PilotId,
    /// Its incarnation.
    pub incarnation: u32,
    /// The queue it serves.
    pub queue: String,
    /// All that the pilot has; no job that it cannot hold is leased.
    pub offer: Offer,
    /// Jobs are taken while the slots that they need fit into this many; 0 only reports.
    pub max_slots: u32,
    /// At most this many jobs.
    pub max_jobs: u32,
    /// Which jobs.
    pub filter: LeaseFilter,
    /// What happened since its last call; applied first.
    pub reports: Vec<JobReport>,
    /// The time.
    pub now: Time,
}

/// One leased job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasedJob {
    /// The job.
    pub id: JobId,
    /// The attempt that this lease is.
    pub attempt: u32,
    /// Index in its submission.
    pub index: u64,
    /// Its submission; the spec is in [`Leases::specs`].
    pub submission: SubmissionId,
}

/// The spec of a submission of which jobs were leased.
#[derive(Clone, Debug, PartialEq)]
pub struct LeasedSpec {
    /// The submission.
    pub submission: SubmissionId,
    /// What to run.
    pub spec: Arc<JobSpec>,
}

/// Answer to a [`LeaseCall`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leases {
    /// The jobs; may be none.
    pub jobs: Vec<LeasedJob>,
    /// Each spec once.
    pub specs: Vec<LeasedSpec>,
    /// Slots that the jobs need together.
    pub slots: u32,
    /// Reports that were not applied; all others were.
    pub refused: Vec<RefusedReport>,
    /// The pilot should take no more: it is told to drain, has ended, or is an older incarnation.
    pub drain: bool,
}

impl Store {
    /// Applies the reports, then leases jobs, in one commit. Fair share chooses among groups and users, then the lowest
    /// rank goes first. Never waits for jobs to come.
    pub async fn lease_and_report(&self, call: LeaseCall) -> Result<Leases> {
        self.write(move |tx| lease_and_report(tx, &call)).await
    }
}

fn lease_and_report(tx: &mut Tx<'_>, call: &LeaseCall) -> Result<Leases> {
    let takes_no_more = takes_no_more(tx, call)?;
    let refused = report::apply(tx, &call.reports, call.now)?;
    let mut leases = Leases { refused, drain: takes_no_more, ..Leases::default() };
    if takes_no_more || call.max_slots == 0 {
        return Ok(leases);
    }
    end_backoffs(tx, call.now)?;
    let (taken, slots) = claim(tx, call)?;
    leases.slots = slots;
    write_attempts(tx, call, &taken)?;
    leases.jobs = taken.iter().flat_map(jobs_of).collect();
    let submissions: BTreeSet<SubmissionId> = taken.iter().map(|range| range.submission).collect();
    let submissions: Vec<SubmissionId> = submissions.into_iter().collect();
    let found = specs::specs(tx, &submissions)?;
    leases.specs = found.into_iter().map(|(submission, spec)| LeasedSpec { submission, spec }).collect();
    Ok(leases)
}

fn takes_no_more(tx: &mut Tx<'_>, call: &LeaseCall) -> Result<bool> {
    let row = tx.query_one(&PILOT_NOW, params![call.pilot])?;
    let row = row.ok_or_else(|| Error::not_found(format!("pilot {}", call.pilot)))?;
    let state = codes::pilot_state(row.int(0)?)?;
    let retiring = row.opt_int(1)? == Some(PilotFlag::Retiring as i64);
    Ok(retiring || state.is_final() || state == model::PilotState::Exiting || row.small(2)? != call.incarnation)
}

fn write_attempts(tx: &mut Tx<'_>, call: &LeaseCall, taken: &[Range]) -> Result<()> {
    let (first, further): (Vec<&Range>, Vec<&Range>) = taken.iter().partition(|range| range.attempt == 0);
    let rows: Vec<Vec<Value>> = first.iter().flat_map(|range| first_attempts(call, range)).collect();
    tx.execute_many(&FIRST_ATTEMPTS, &rows)?;
    let keys: Vec<Vec<Value>> = further.iter().map(|range| params![range.last].to_vec()).collect();
    tx.execute_many(&KEEP_ATTEMPT, &keys)?;
    let rows: Vec<Vec<Value>> = further.iter().map(|range| next_attempt(call, range)).collect();
    tx.execute_many(&NEXT_ATTEMPT, &rows)?;
    for range in taken {
        tx.count_move(range.counted(), JobState::Activated, JobState::Sent, range.jobs());
        tx.count_pilot_jobs(call.pilot, PilotJobs::taken(range.jobs() as i64, call.now));
        tx.jobs_changed(JobId(range.first), JobId(range.last));
    }
    Ok(())
}

fn first_attempts<'a>(call: &'a LeaseCall, range: &'a Range) -> impl Iterator<Item = Vec<Value>> + 'a {
    (range.first..=range.last).map(|id| {
        params![id, range.submission, range.lane, range.array, call.pilot, call.incarnation, call.now].to_vec()
    })
}

fn next_attempt(call: &LeaseCall, range: &Range) -> Vec<Value> {
    params![range.last, range.lane, call.pilot, call.incarnation, call.now].to_vec()
}

fn jobs_of(range: &Range) -> impl Iterator<Item = LeasedJob> + '_ {
    (range.first..=range.last).map(|id| LeasedJob {
        id: JobId(id),
        attempt: range.attempt + 1,
        index: (id - range.submission.0).max(0).unsigned_abs(),
        submission: range.submission,
    })
}
