//! `/jobs`: submit, list, show, count, kill, retry, logs.

use model::{ErrorClass, JobId, JobSpec, JobState, PilotId, SubmissionId, TaskId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `POST /jobs`: one job, or an array of equal ones that differ by `PILOTAGE_ARRAY_INDEX`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubmitRequest {
    /// What to run.
    #[serde(flatten)]
    pub spec: JobSpec,
    /// How many, for an array; absent for a single job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<u64>,
}

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

/// `POST /jobs/bulk`: many submissions in one commit; all are accepted or none.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkSubmitRequest {
    /// At most [`super::BULK_MAX`].
    pub jobs: Vec<SubmitRequest>,
}

/// Answer of `POST /jobs/bulk`, in the order of the request.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BulkSubmitted {
    /// One per request.
    pub submitted: Vec<Submitted>,
}

/// `GET /jobs?...`: which jobs. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobQuery {
    /// Only this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Only these ids, such as `17-1016,2000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<String>,
    /// Only this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Only this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Only this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Only jobs whose current attempt is or was with this pilot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<PilotId>,
    /// Only this error class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// Only this exact name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only this task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// Where the last page ended: its `next`. Newest jobs come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows wanted, 1 to [`super::PAGE_MAX`]; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
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

/// A page of jobs.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobPage {
    /// The rows.
    pub jobs: Vec<JobSummary>,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
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
    /// Names of the output files that the server keeps.
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

/// `GET /jobs/wait?ids=...&wait_s=30`: answers when no job of the set is open any more, or after `wait_s`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WaitQuery {
    /// Ids such as `17-1016,2000`; absent for all jobs of the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<String>,
    /// Longest wait in seconds, at most [`super::LONG_POLL_MAX_S`].
    #[serde(default)]
    pub wait_s: u32,
}

/// `POST /jobs/kill` and `POST /jobs/retry`: which jobs.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobsRequest {
    /// Ids such as `17-1016,2000`.
    pub ids: String,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl LogStream {
    /// The name as written in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            LogStream::Stdout => "stdout",
            LogStream::Stderr => "stderr",
        }
    }
}

/// `GET /jobs/{id}/logs/{stream}?...`: plain bytes. The answer's headers `pilotage-attempt`, `pilotage-next-offset` and
/// `pilotage-log-state` (`open` or `complete`) say how to go on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Which attempt; the last when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// First byte wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Only the last bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u64>,
    /// Wait up to this many seconds for bytes after `offset`; asks the pilot to stream while it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<u32>,
}

/// Header with the attempt that a log belongs to.
pub const LOG_ATTEMPT: &str = "pilotage-attempt";
/// Header with the offset after the last byte of the answer.
pub const LOG_NEXT_OFFSET: &str = "pilotage-next-offset";
/// Header that says `open` while more may come, `complete` otherwise.
pub const LOG_STATE: &str = "pilotage-log-state";
