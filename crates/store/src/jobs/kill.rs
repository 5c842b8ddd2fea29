//! Killing jobs.

use super::lane::{self, LaneCache, LaneKey};
use super::portion::portion;
use super::range::{self, Cut, Range};
use super::row::{self, JobRow, job_columns};
use crate::commands::{self, NewCommand};
use crate::engine::{Connection, params, statements};
use crate::tx::{PilotJobs, Tx};
use crate::{Error, Result, Store};
use model::job::AttemptOutcome;
use model::{ErrorClass, IdSet, JobEvent, JobId, JobState, Killed, Target, Time, Verb};
use std::time::Duration;

/// How long a pilot may take to fetch the command; its heartbeat stops the job anyway.
const COMMAND_LIFE: Duration = Duration::from_secs(600);

statements! {
    OPEN_ROWS = concat!("SELECT ", job_columns!(), " FROM job WHERE state < 7 AND id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3")
        => concat!("SELECT ", job_columns!(), " FROM job WHERE state < 7 AND id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3 \
            FOR UPDATE");
    OTHERS_SUBMISSION = "SELECT id FROM submission WHERE id BETWEEN ?1 AND ?2 AND usr <> ?3 AND (?4 = '' OR grp <> ?4) \
        ORDER BY id LIMIT 1";
    COVERING = "SELECT id, last FROM submission WHERE id <= ?1 ORDER BY id DESC LIMIT 1";
    LANES_OF_JOBS = "SELECT lane, MIN(id) FROM job WHERE id BETWEEN ?1 AND ?2 GROUP BY lane \
        UNION ALL SELECT lane, MIN(first) FROM job_range WHERE last >= ?1 AND first <= ?2 GROUP BY lane";
    KNOWN = "SELECT COALESCE(SUM(MIN(last, ?2) - MAX(id, ?1) + 1), 0) FROM submission WHERE id BETWEEN ?3 AND ?2"
        => "SELECT CAST(COALESCE(SUM(LEAST(last, ?2) - GREATEST(id, ?1) + 1), 0) AS BIGINT) FROM submission \
            WHERE id BETWEEN ?3 AND ?2";
}

/// Whose jobs may be touched. A call that touches others is refused as a whole with [`crate::Error::Forbidden`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Anybody's.
    All,
    /// This user's.
    User(String),
    /// This user's, and those of this group.
    Group {
        /// The user.
        user: String,
        /// The group.
        group: String,
    },
    /// This user's, and all in these queues (a site admin's).
    Queues {
        /// The user.
        user: String,
        /// Queues of the admin's sites.
        queues: Vec<String>,
    },
}

/// Which jobs to kill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillRequest {
    /// The jobs.
    pub ids: IdSet,
    /// Whose jobs may be touched.
    pub scope: Scope,
    /// Who asks, for the record of commands.
    pub issuer: String,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Cancels jobs in the record; for each one that a pilot holds, a `kill` command to that job is queued for it.
    pub async fn kill(&self, request: KillRequest) -> Result<Killed> {
        let known = self.known(&request.ids, &request.scope).await?;
        let mut killed = Killed { unknown: request.ids.len().saturating_sub(known), ..Killed::default() };
        for interval in request.ids.ranges() {
            let (mut from, last) = (*interval.start(), *interval.end());
            while from <= last {
                let step = request.clone();
                let done = self.write(move |tx| kill_some(tx, &step, from, last)).await?;
                killed.cancelled += done.cancelled;
                killed.signalled += done.signalled;
                from = done.last + 1;
            }
        }
        killed.ended_before = known.saturating_sub(killed.cancelled + killed.signalled);
        Ok(killed)
    }

    /// How many of the ids are jobs; refuses the set when it touches jobs outside of the scope.
    pub(crate) async fn known(&self, ids: &IdSet, scope: &Scope) -> Result<u64> {
        let (ids, scope) = (ids.clone(), scope.clone());
        let shared = self.inner.shared.clone();
        self.read(move |connection| {
            let lanes = &shared.lanes;
            let mut known = 0;
            for interval in ids.ranges() {
                let (first, last) = (*interval.start(), *interval.end());
                let from = begin(connection, first)?;
                let sum = connection.query_one(&KNOWN, params![first, last, from])?;
                known += sum.map_or(Ok(0), |row| row.count(0))?;
                scope.check_lanes(connection, lanes, first, last)?;
                if let Some((user, group)) = scope.owner() {
                    let other = connection.query_one(&OTHERS_SUBMISSION, params![from, last, user, group])?;
                    if let Some(row) = other {
                        return Err(Error::Forbidden { what: format!("job {}", row.int(0)?.max(first)) });
                    }
                }
            }
            Ok(known)
        })
        .await
    }
}

/// Where the submission begins that the job is in; the job's own id when there is none.
fn begin(connection: &mut dyn Connection, job: i64) -> Result<i64> {
    match connection.query_one(&COVERING, params![job])? {
        Some(row) if row.int(1)? >= job => row.int(0),
        _ => Ok(job),
    }
}

impl Scope {
    /// User and group to whom submissions are limited; a site admin's jobs are checked by their queues instead.
    fn owner(&self) -> Option<(&str, &str)> {
        match self {
            Scope::All | Scope::Queues { .. } => None,
            Scope::User(user) => Some((user, "")),
            Scope::Group { user, group } => Some((user, group)),
        }
    }

    /// Refuses jobs of which one lies in another queue than those of a site admin.
    fn check_lanes(&self, connection: &mut dyn Connection, lanes: &LaneCache, first: i64, last: i64) -> Result<()> {
        if let Scope::Queues { .. } = self {
            for row in connection.query(&LANES_OF_JOBS, params![first, last])? {
                let lane = lanes.load(connection, row.int(0)?)?;
                self.check_key(&lane.key, row.int(1)?.max(first))?;
            }
        }
        Ok(())
    }

    /// Refuses a job that lies in another queue than those of a site admin: it may have moved since all were checked.
    pub(crate) fn check_lane(&self, tx: &mut Tx<'_>, lane: i64, job: i64) -> Result<()> {
        if let Scope::Queues { .. } = self {
            let key = lane::lane(tx, lane)?.key;
            self.check_key(&key, job)?;
        }
        Ok(())
    }

    fn check_key(&self, key: &LaneKey, job: i64) -> Result<()> {
        let Scope::Queues { user, queues } = self else { return Ok(()) };
        if key.user == *user || queues.contains(&key.queue) {
            return Ok(());
        }
        Err(Error::Forbidden { what: format!("job {job}") })
    }
}

/// What one operation of a kill did.
pub(crate) struct Step {
    cancelled: u64,
    signalled: u64,
    /// The last id that was looked at.
    last: i64,
}

/// Kills what is found from `first` on.
pub(crate) fn kill_some(tx: &mut Tx<'_>, request: &KillRequest, first: i64, last: i64) -> Result<Step> {
    let found = portion(tx, (first, last), JobState::is_waiting, &OPEN_ROWS, &request.scope)?;
    let cancelled = cancel_waiting(tx, &found.ranges, first, found.last, request.now)?;
    let (again, signalled) = cancel_rows(tx, found.rows, request)?;
    Ok(Step { cancelled: cancelled + again, signalled, last: found.last })
}

/// Cancels jobs that never ran; those that wait for a further attempt only lose their place, their rows follow.
fn cancel_waiting(tx: &mut Tx<'_>, ranges: &[Range], first: i64, last: i64, now: Time) -> Result<u64> {
    let cuts: Vec<Cut> = ranges.iter().filter_map(|range| range.cut(first, last)).collect();
    let mut changed = Vec::new();
    for part in cuts.iter().map(|cut| &cut.part).filter(|part| part.attempt == 0) {
        let state = part.state.next(JobEvent::Cancel).unwrap_or(JobState::Cancelled);
        changed.push(Range { state, ended: Some(now), not_before: Time(0), reason: String::new(), ..part.clone() });
    }
    range::replace(tx, &cuts, &changed)?;
    for (part, end) in cuts.iter().map(|cut| &cut.part).filter(|part| part.attempt == 0).zip(&changed) {
        tx.count_move(part.counted(), part.state, end.state, part.jobs());
        tx.jobs_changed(JobId(part.first), JobId(part.last));
    }
    Ok(changed.iter().map(Range::jobs).sum())
}

/// Cancels jobs with rows: (those that waited for a further attempt, those that a pilot was told to stop).
fn cancel_rows(tx: &mut Tx<'_>, mut rows: Vec<JobRow>, request: &KillRequest) -> Result<(u64, u64)> {
    let (mut waited, mut held) = (Vec::new(), 0);
    for row in &mut rows {
        let from = row.state;
        row.state = from.next(JobEvent::Cancel).unwrap_or(JobState::Cancelled);
        tx.count_move(row.counted(), from, row.state, 1);
        tx.job_changed(row.id);
        if from.is_with_pilot() {
            held += 1;
            row.outcome = AttemptOutcome::Cancelled;
            row.error_class = Some(ErrorClass::Killed);
            row.message = format!("killed by {}", request.issuer);
            row.ended = Some(request.now);
            tx.count_pilot_jobs(row.pilot, PilotJobs::gone());
            commands::queue(tx, &kill_command(row, request), Some(row.pilot))?;
        } else {
            waited.push(row.id.0);
        }
    }
    row::save(tx, &rows)?;
    let cancelled = waited.len() as u64;
    // Another server may have let some of them wait again after the ranges were looked at.
    range::delete(tx, waited)?;
    Ok((cancelled, held))
}

fn kill_command(row: &JobRow, request: &KillRequest) -> NewCommand {
    NewCommand {
        target: Target::Job(row.id),
        verb: Verb::Kill,
        arguments: vec![row.attempt.to_string()],
        issuer: request.issuer.clone(),
        expires: request.now + COMMAND_LIFE,
        now: request.now,
    }
}
