//! `/factories`.

use model::{ConfigSection, PilotState};
pub use model::{
    Configuration, CredentialInfo, FactoryHeartbeat, FactorySummary, LabelInfo, MonitorInfo, Reported, SourceInfo,
};
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

/// `PUT /factories/{name}/configuration`: what the configuration of a factory consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationOutline {
    /// Differs when anything in it does.
    pub digest: String,
    /// Why it was read, such as `its start`.
    pub cause: String,
    /// Digests of its sections, by their names.
    pub sections: BTreeMap<String, String>,
    /// Sections that are not told, as there are too many.
    #[serde(default)]
    pub left_out: u64,
}

/// The answer: what the server does not know yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WantedSections {
    /// Names of the sections that are to be told.
    pub wanted: Vec<String>,
}

/// The most sections of one [`ConfigurationSections`].
pub const SECTIONS_PER_CALL_MAX: usize = 500;

/// `PUT /factories/{name}/configuration/sections`: the text of sections that the server wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationSections {
    /// That of the outline. When another outline was told since, the call is refused.
    pub digest: String,
    /// At most [`SECTIONS_PER_CALL_MAX`].
    pub sections: Vec<ConfigSection>,
    /// No more of them come.
    pub last: bool,
}

/// `GET /factories/{name}/configuration?...`
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConfigurationQuery {
    /// The section and the changes of this label; those of the factory when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The most changes of the answer: 50, at most 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Why no configuration is given: the factory has told none.
pub const NO_CONFIGURATION: &str = "no-configuration";
