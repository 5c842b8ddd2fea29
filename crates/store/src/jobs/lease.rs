//! Leases: pilots take activated jobs.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{JobId, JobReport, JobSpec, PilotId, RefusedReport, Shape, SubmissionId, TaskId, Time};
use std::sync::Arc;

/// Which jobs may be leased, beside the queue and the slot. Everything given must hold.
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
    /// What each free slot offers.
    pub slot: Shape,
    /// At most this many jobs; 0 only reports.
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
    /// Reports that were not applied; all others were.
    pub refused: Vec<RefusedReport>,
    /// The pilot should take no more: it is told to drain, has ended, or is an older incarnation.
    pub drain: bool,
}

impl Store {
    /// Applies the reports, then leases jobs, in one commit. Fair share chooses among groups and users, then the lowest
    /// rank goes first. Never waits for jobs to come.
    pub async fn lease_and_report(&self, _call: LeaseCall) -> Result<Leases> {
        not_yet()
    }

    /// Ends the back-off of all jobs whose time has come and says when the next one ends. To be called every second or
    /// so; leases do it too.
    pub async fn activate_due(&self, _now: Time) -> Result<Option<Time>> {
        not_yet()
    }
}
