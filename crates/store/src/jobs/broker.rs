//! Moving waiting jobs between queues.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{JobId, JobSpec, JobState, SubmissionId, Time};
use std::sync::Arc;

/// Jobs that wait together.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingRange {
    /// The first.
    pub first: JobId,
    /// The last.
    pub last: JobId,
    /// Their submission.
    pub submission: SubmissionId,
    /// `defined` or `activated`.
    pub state: JobState,
    /// Their queue; empty while defined.
    pub queue: String,
    /// Why they are still defined.
    pub reason: String,
    /// When they were activated, or submitted while defined.
    pub since: Time,
    /// What they ask for.
    pub spec: Arc<JobSpec>,
}

/// Where waiting jobs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Into this queue, activated.
    Queue(String),
    /// Nowhere; they stay or become defined with this reason.
    Nowhere(String),
}

impl Store {
    /// Waiting ranges in the order of ids, from `after` on, at most `limit`; only those of `queue` when given (the
    /// empty name stands for defined ones).
    pub async fn waiting_ranges(
        &self,
        _queue: Option<String>,
        _after: Option<JobId>,
        _limit: u32,
    ) -> Result<Vec<WaitingRange>> {
        not_yet()
    }

    /// Moves those jobs of `first..=last` that still wait. Returns how many were moved.
    pub async fn move_waiting(&self, _first: JobId, _last: JobId, _to: Destination, _now: Time) -> Result<u64> {
        not_yet()
    }
}
