//! `/factories`.

use model::PilotState;
pub use model::{CredentialInfo, FactoryHeartbeat, FactorySummary, LabelInfo, MonitorInfo, Reported, SourceInfo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /factories?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FactoryQuery {
    /// Also those of other software, and their labels, that were not heard for ten days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<bool>,
}

/// `GET /factories`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactoryList {
    /// By name.
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
