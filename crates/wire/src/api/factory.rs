//! `/factories`.

pub use model::{FactoryHeartbeat, FactorySummary, LabelInfo, SourceInfo};
use serde::{Deserialize, Serialize};

/// `GET /factories`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactoryList {
    /// All by name.
    pub factories: Vec<FactorySummary>,
}
