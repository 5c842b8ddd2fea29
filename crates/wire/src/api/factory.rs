//! `/factories`.

use model::PilotState;
pub use model::{CredentialInfo, FactoryHeartbeat, FactorySummary, LabelInfo, MonitorInfo, SourceInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /factories`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactoryList {
    /// All by name.
    pub factories: Vec<FactorySummary>,
}

/// `GET /factories/{name}/pilots`: counters, so that nothing is scanned.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactoryPilots {
    /// One per label and queue it served.
    pub labels: Vec<LabelPilots>,
}

/// All pilots that a label ever had, by the state they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LabelPilots {
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// Pilots by state; states without any are left out.
    pub pilots: BTreeMap<PilotState, u64>,
}
