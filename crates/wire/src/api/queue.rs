//! `/queues`, `/sites`, `/tags`, `/demand`.

use super::JobCounts;
use model::{Demand, PilotState, QueueRecord, QueueStatus, StatusChange, Written};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One queue with its counts.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueSummary {
    /// As registered.
    #[serde(flatten)]
    pub queue: QueueRecord,
    /// Its jobs by state.
    pub jobs: JobCounts,
    /// Its live pilots by state.
    pub pilots: BTreeMap<PilotState, u64>,
    /// Slots of its live pilots without a job.
    pub idle_slots: u64,
    /// Who last set its status, if anybody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_set: Option<StatusChange>,
    /// Who wrote its record last; none when that was before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
}

/// `GET /queues`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueList {
    /// All queues by name.
    pub queues: Vec<QueueSummary>,
}

/// `PUT /queues/{name}/status`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQueueStatus {
    /// The new status.
    pub status: QueueStatus,
    /// Why, for the audit.
    #[serde(default)]
    pub reason: String,
}

/// One site or tag with its queues.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueGroup {
    /// The site or tag.
    pub name: String,
    /// Names of its queues.
    pub queues: Vec<String>,
    /// Their jobs by state.
    pub jobs: JobCounts,
}

/// `GET /sites` and `GET /tags`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct QueueGroupList {
    /// All by name.
    pub groups: Vec<QueueGroup>,
}

/// `GET /demand?queue=NAME`; all queues when absent.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DemandList {
    /// One per queue.
    pub demand: Vec<Demand>,
}
