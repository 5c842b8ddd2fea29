//! Attempts whose pilot went away.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{ErrorClass, JobId, PilotId, Time};

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
        _pilots: Vec<PilotId>,
        _class: ErrorClass,
        _message: String,
        _now: Time,
    ) -> Result<Vec<LostAttempt>> {
        not_yet()
    }

    /// Gives up single attempts, such as those that a pilot never got because the answer was lost. Attempts that have
    /// ended or are not this pilot's are left alone.
    pub async fn lose_attempts(
        &self,
        _pilot: PilotId,
        _attempts: Vec<(JobId, u32)>,
        _message: String,
        _now: Time,
    ) -> Result<Vec<LostAttempt>> {
        not_yet()
    }

    /// The jobs that a pilot holds now.
    pub async fn jobs_of_pilot(&self, _pilot: PilotId) -> Result<Vec<HeldJob>> {
        not_yet()
    }

    /// All pilots that hold jobs now; for the reaper.
    pub async fn pilots_with_jobs(&self) -> Result<Vec<PilotId>> {
        not_yet()
    }
}
