//! Factories as they describe themselves.

use crate::Time;
use serde::{Deserialize, Serialize};

/// One label as its factory describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LabelInfo {
    /// The label.
    pub name: String,
    /// The queue it serves.
    pub queue: String,
    /// Name of the batch end point.
    pub batch: String,
    /// Kind of batch system, such as `local` or `slurm`.
    pub system: String,
    /// The scheduler chain, step names in order.
    pub chain: Vec<String>,
    /// What is wrong with it at present; empty when nothing is.
    #[serde(default)]
    pub trouble: String,
}

/// One source of labels as its factory describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SourceInfo {
    /// The source.
    pub name: String,
    /// The files and URLs it reads.
    pub from: String,
    /// When what is in use was read; none when nothing is.
    pub read: Option<Time>,
    /// Its labels.
    pub labels: u64,
    /// Its queues that became no label.
    pub excluded: u64,
    /// Why what it gives now is not used; empty when it is.
    #[serde(default)]
    pub trouble: String,
}

/// `PUT /factories/{name}`: heartbeat with everything worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactoryHeartbeat {
    /// Version of the program.
    pub version: String,
    /// Host it runs on.
    pub host: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started: Time,
    /// Seconds between two cycles.
    pub cycle_s: u32,
    /// Its labels.
    pub labels: Vec<LabelInfo>,
    /// Whether it is draining.
    #[serde(default)]
    pub draining: bool,
    /// Where further labels come from. Left out when empty, for servers that do not know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceInfo>,
    /// Why its configuration, as it stands now, is not in use; empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trouble: String,
}

/// One factory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactorySummary {
    /// Its name.
    pub name: String,
    /// What it said last.
    #[serde(flatten)]
    pub said: FactoryHeartbeat,
    /// When it said it.
    pub last_heard: Time,
}
