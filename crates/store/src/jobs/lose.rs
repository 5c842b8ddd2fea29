//! Attempts whose pilot went away.

use super::requeue::again_or_failed;
use super::row::{self, JobRow, job_columns};
use crate::engine::{Row, Value, params, statements};
use crate::tx::{PilotJobs, Tx};
use crate::{Result, Store};
use model::job::AttemptOutcome;
use model::{ErrorClass, JobId, JobState, PilotId, Time};

statements! {
    HELD_ROWS = concat!("SELECT ", job_columns!(), " FROM job WHERE pilot = ?1 AND state BETWEEN 2 AND 6"),
        arrays concat!("SELECT ", job_columns!(), " FROM job WHERE pilot = ANY(?1::bigint[]) AND state BETWEEN 2 AND 6 \
            ORDER BY id FOR UPDATE");
    HELD = "SELECT id, attempt, sent FROM job WHERE pilot = ?1 AND state BETWEEN 2 AND 6 ORDER BY id";
    HOLDERS = "SELECT DISTINCT pilot FROM job WHERE state BETWEEN 2 AND 6";
}

/// A job that a pilot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldJob {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// When the pilot took it.
    pub sent: Time,
}

/// An attempt that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostAttempt {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// Whether the job is activated again; otherwise it has failed.
    pub requeued: bool,
}

impl Store {
    /// Gives up all attempts of these pilots: their leases ran out. The pilots themselves stay as they are.
    pub async fn lose_pilots(
        &self,
        pilots: Vec<PilotId>,
        class: ErrorClass,
        message: String,
        now: Time,
    ) -> Result<Vec<LostAttempt>> {
        self.write(move |tx| lose_all_of(tx, &pilots, class, &message, now)).await
    }

    /// Gives up single attempts, such as those that a pilot never got because the answer was lost. Attempts that have
    /// ended or are not this pilot's are left alone.
    pub async fn lose_attempts(
        &self,
        pilot: PilotId,
        attempts: Vec<(JobId, u32)>,
        message: String,
        now: Time,
    ) -> Result<Vec<LostAttempt>> {
        self.write(move |tx| {
            let rows = row::load(tx, attempts.iter().map(|(job, _)| *job))?;
            let held = |row: &JobRow| row.pilot == pilot && attempts.contains(&(row.id, row.attempt));
            let rows = rows.into_iter().filter(|row| row.state.is_with_pilot() && held(row)).collect();
            give_up(tx, rows, ErrorClass::Lost, &message, now)
        })
        .await
    }

    /// The jobs that a pilot holds now.
    pub async fn jobs_of_pilot(&self, pilot: PilotId) -> Result<Vec<HeldJob>> {
        self.rows(&HELD, params![pilot].to_vec(), |row| {
            Ok(HeldJob { job: JobId(row.int(0)?), attempt: row.small(1)?, sent: row.time(2)? })
        })
        .await
    }

    /// All pilots that hold jobs now; for the reaper.
    pub async fn pilots_with_jobs(&self) -> Result<Vec<PilotId>> {
        self.rows(&HOLDERS, Vec::new(), |row: &Row| row.int(0).map(PilotId)).await
    }
}

/// Gives up everything that these pilots hold.
pub(crate) fn lose_all_of(
    tx: &mut Tx<'_>,
    pilots: &[PilotId],
    class: ErrorClass,
    message: &str,
    now: Time,
) -> Result<Vec<LostAttempt>> {
    let keys: Vec<Vec<Value>> = pilots.iter().map(|pilot| params![*pilot].to_vec()).collect();
    let rows = tx.query_many(&HELD_ROWS, &keys)?.iter().map(JobRow::of).collect::<Result<Vec<_>>>()?;
    give_up(tx, rows, class, message, now)
}

fn give_up(
    tx: &mut Tx<'_>,
    mut rows: Vec<JobRow>,
    class: ErrorClass,
    message: &str,
    now: Time,
) -> Result<Vec<LostAttempt>> {
    for row in &mut rows {
        row.outcome = AttemptOutcome::Lost;
        row.losses += 1;
        row.error_class = Some(class);
        row.message = message.to_owned();
        row.ended = Some(now);
        tx.count_pilot_jobs(row.pilot, PilotJobs::gone());
        again_or_failed(tx, row, now)?;
        tx.job_changed(row.id);
    }
    row::save(tx, &rows)?;
    Ok(rows.iter().map(lost).collect())
}

fn lost(row: &JobRow) -> LostAttempt {
    LostAttempt { job: row.id, attempt: row.attempt, requeued: row.state == JobState::Activated }
}
