//! Submissions: one row for what is asked for, one for the range of jobs that wait.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{JobSpec, Submitted, Time};

/// One submission: a job, or an array of equal ones.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJobs {
    /// What to run; checked, with user and group filled in.
    pub spec: JobSpec,
    /// How many, for an array; none for a single job.
    pub array: Option<u64>,
    /// The queue that brokerage chose; none leaves the jobs defined.
    pub queue: Option<String>,
    /// Why there is no queue; empty when there is one.
    pub reason: String,
}

/// Submissions that are accepted together or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct SubmitCall {
    /// Who submits; idempotency keys are a user's own.
    pub user: String,
    /// The same key again gets the first answer again. Kept for a day.
    pub idempotency_key: Option<String>,
    /// The submissions.
    pub jobs: Vec<NewJobs>,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Accepts submissions in one commit; the answers are in the order of the request.
    pub async fn submit(&self, _call: SubmitCall) -> Result<Vec<Submitted>> {
        not_yet()
    }
}
