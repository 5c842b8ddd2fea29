//! Listings of jobs.

use crate::store::not_yet;
use crate::{Page, Result, Store};
use model::{ErrorClass, IdSet, JobDetail, JobId, JobSpec, JobState, JobSummary, PilotId, SubmissionId, TaskId};
use std::sync::Arc;

/// Which jobs. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only this state.
    pub state: Option<JobState>,
    /// Only these.
    pub ids: Option<IdSet>,
    /// Only in this queue.
    pub queue: Option<String>,
    /// Only in queues of this site.
    pub site: Option<String>,
    /// Only this user's.
    pub user: Option<String>,
    /// Only this group's.
    pub group: Option<String>,
    /// Only jobs whose current or last attempt is with this pilot.
    pub pilot: Option<PilotId>,
    /// Only with this error class.
    pub error_class: Option<ErrorClass>,
    /// Only with exactly this name.
    pub name: Option<String>,
    /// Only of this task.
    pub task: Option<TaskId>,
    /// Only of this submission.
    pub submission: Option<SubmissionId>,
}

impl Store {
    /// Jobs, newest first, from below `cursor` (the `next` of the last page), at most `limit`.
    pub async fn jobs(&self, _filter: JobFilter, _cursor: Option<i64>, _limit: u32) -> Result<Page<JobSummary>> {
        not_yet()
    }

    /// Everything about one job, archived or not.
    pub async fn job(&self, _id: JobId) -> Result<Option<JobDetail>> {
        not_yet()
    }

    /// What a submission asked for.
    pub async fn spec(&self, _submission: SubmissionId) -> Result<Option<Arc<JobSpec>>> {
        not_yet()
    }
}
