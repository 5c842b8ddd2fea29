//! Counts of jobs, read from counters.

use crate::store::not_yet;
use crate::{Result, Store};
use model::brokerage::Candidate;
use model::{Demand, IdSet, JobCounts, SubmissionId};
use std::collections::BTreeMap;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountScope {
    /// All jobs.
    All,
    /// Jobs of one queue.
    Queue(String),
    /// Jobs of one user.
    User(String),
    /// Jobs of one group.
    Group(String),
    /// These jobs.
    Ids(IdSet),
    /// Jobs of one submission.
    Submission(SubmissionId),
}

impl Store {
    /// Jobs by state; every state is present. Ids that no job has are not counted.
    pub async fn counts(&self, _scope: CountScope) -> Result<JobCounts> {
        not_yet()
    }

    /// Jobs by state of every queue; those without a queue are under the empty name.
    pub async fn counts_by_queue(&self) -> Result<BTreeMap<String, JobCounts>> {
        not_yet()
    }

    /// Demand of one queue, or of all. Idle slots are left 0: only the server knows them.
    pub async fn demand(&self, _queue: Option<String>) -> Result<Vec<Demand>> {
        not_yet()
    }

    /// All queues with what brokerage needs to know.
    pub async fn candidates(&self, _now: model::Time) -> Result<Vec<Candidate>> {
        not_yet()
    }
}
