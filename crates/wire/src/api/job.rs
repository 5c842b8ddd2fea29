//! `/jobs`: submit, list, show, count, kill, retry, logs.

pub use model::{
    AttemptOutcome, AttemptRecord, JobCounts, JobDetail, JobSummary, Killed, LogStream, Retried, Submitted, Usage,
};
use model::{ErrorClass, JobSpec, JobState, PilotId, TaskId};
use serde::{Deserialize, Serialize};

/// `POST /jobs`: one job, or an array of equal ones that differ by `PILOTAGE_ARRAY_INDEX`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// What to run.
    #[serde(flatten)]
    pub spec: JobSpec,
    /// How many, for an array; absent for a single job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array: Option<u64>,
}

/// `POST /jobs/bulk`: many submissions in one commit; all are accepted or none.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
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
    /// Only jobs that are with a pilot now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_pilot: Option<bool>,
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

/// Query of `GET /jobs/failures`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FailuresQuery {
    /// Rows wanted, 1 to [`super::PAGE_MAX`]; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of jobs.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobPage {
    /// The rows.
    pub jobs: Vec<JobSummary>,
    /// Cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// `GET /jobs/wait?ids=...&wait_s=30`: answers when no job of the set is open any more, or after `wait_s`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
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

/// `GET /jobs/{id}/logs/{stream}?...`: plain bytes. The answer's headers `pilotage-attempt`, `pilotage-next-offset` and
/// `pilotage-log-state` (`open` or `complete`) say how to go on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
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
/// Header that carries a job's token with uploads of its logs and outputs.
pub const JOB_TOKEN: &str = "pilotage-job-token";
