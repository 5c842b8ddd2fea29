//! `/labels`.

pub use model::LabelStatus;
use serde::{Deserialize, Serialize};

/// `GET /labels?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LabelQuery {
    /// Only this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Only this queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
}

/// Labels by factory and name.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LabelList {
    /// Those that are configured, and those that have pilots.
    pub labels: Vec<LabelStatus>,
}
