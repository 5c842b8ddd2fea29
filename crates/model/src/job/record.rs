//! What is known about jobs and their attempts.

use super::{JobSpec, JobState};
use crate::{ErrorClass, JobId, PilotId, SubmissionId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of one submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Submitted {
    /// The submission.
    pub submission: SubmissionId,
    /// Id of the (first) job; an array has consecutive ids.
    pub first: JobId,
    /// How many jobs.
    pub count: u64,
    /// Whether it was an array.
    pub array: bool,
    /// `activated`, or `defined` when no queue fits yet.
    pub state: JobState,
    /// The queue it was placed in; empty while defined.
    pub queue: String,
    /// Why it is still defined; empty otherwise.
    #[serde(default)]
    pub reason: String,
}

/// One job in a listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobSummary {
    /// The job.
    pub id: JobId,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub user: String,
    /// The owner's group.
    pub group: String,
    /// Its queue; empty while defined.
    pub queue: String,
    /// The queue's site.
    pub site: String,
    /// Its state.
    pub state: JobState,
    /// Number of the current or last attempt, 0 before the first.
    pub attempt: u32,
    /// Exit code of the last ended attempt.
    pub exit_code: Option<i32>,
    /// Why the last ended attempt did not end well.
    pub error_class: Option<ErrorClass>,
    /// Why it waits or failed, in words; empty when there is nothing to say.
    #[serde(default)]
    pub message: String,
    /// The pilot of the current or last attempt.
    pub pilot: Option<PilotId>,
    /// The submission it came with.
    pub submission: SubmissionId,
    /// Its index in that submission.
    pub index: u64,
    /// When it was submitted.
    pub submitted: Time,
    /// When the current or last attempt started.
    pub started: Option<Time>,
    /// When the last attempt ended.
    pub ended: Option<Time>,
}

/// What an attempt used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Usage {
    /// Wall time in milliseconds.
    pub wall_ms: u64,
    /// CPU time of the whole process tree, user and system, in milliseconds.
    pub cpu_ms: u64,
    /// Largest resident memory of the process tree in KiB.
    pub max_rss_kib: u64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttemptOutcome {
    /// It is with a pilot.
    Underway,
    /// Ended as wanted.
    Finished,
    /// Ended otherwise.
    Failed,
    /// The lease ran out; nobody knows how it ended.
    Lost,
    /// Killed on request.
    Cancelled,
}

/// One run of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AttemptRecord {
    /// 1 for the first.
    pub attempt: u32,
    /// The pilot that ran it.
    pub pilot: Option<PilotId>,
    /// The worker node.
    pub node: String,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// When a pilot took it.
    pub sent: Time,
    /// When its process started.
    pub started: Option<Time>,
    /// When it ended.
    pub ended: Option<Time>,
    /// Exit code of the payload.
    pub exit_code: Option<i32>,
    /// Signal that ended the payload.
    pub signal: Option<i32>,
    /// Why it did not end well.
    pub error_class: Option<ErrorClass>,
    /// The same in words.
    pub message: String,
    /// What it used.
    pub usage: Usage,
    /// Bytes of standard output kept.
    pub stdout_bytes: u64,
    /// Bytes of standard error kept.
    pub stderr_bytes: u64,
}

/// `GET /jobs/{id}`: everything about one job.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobDetail {
    /// As in a listing.
    #[serde(flatten)]
    pub summary: JobSummary,
    /// What was asked for.
    pub spec: JobSpec,
    /// All attempts, oldest first.
    pub attempts: Vec<AttemptRecord>,
    /// Names of the output files that the server keeps: those of the last attempt that left any.
    pub outputs: Vec<String>,
}

/// `GET /jobs/count` and `GET /jobs/wait`: jobs by state; every state is present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct JobCounts(pub BTreeMap<JobState, u64>);

impl JobCounts {
    /// Jobs in `state`.
    pub fn of(&self, state: JobState) -> u64 {
        self.0.get(&state).copied().unwrap_or_default()
    }

    /// Jobs in all states.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Jobs that have not ended.
    pub fn open(&self) -> u64 {
        self.0.iter().filter(|(state, _)| !state.is_final()).map(|(_, jobs)| jobs).sum()
    }
}

/// Answer of `POST /jobs/kill`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Killed {
    /// Cancelled at once, before any pilot had them.
    pub cancelled: u64,
    /// Cancelled in the record, their pilots were told to stop them.
    pub signalled: u64,
    /// Had ended already.
    pub ended_before: u64,
    /// Ids that no job has.
    pub unknown: u64,
}

/// Answer of `POST /jobs/retry`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Retried {
    /// Activated again.
    pub retried: u64,
    /// Not ended, or finished: left alone.
    pub left_alone: u64,
    /// Ids that no job has.
    pub unknown: u64,
}

/// Which output of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl LogStream {
    /// Both, in the order used wherever there is one of each.
    pub const ALL: [LogStream; 2] = [LogStream::Stdout, LogStream::Stderr];

    /// The name as written in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            LogStream::Stdout => "stdout",
            LogStream::Stderr => "stderr",
        }
    }
}
