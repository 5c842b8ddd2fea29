//! `/programs`: pilots and wrappers that nodes download.

pub use model::ProgramInfo;
use serde::{Deserialize, Serialize};

/// `PUT /programs/{name}/{version}?...`
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProgramUpload {
    /// SHA-256 of the content in hexadecimal digits; another content is refused.
    pub sha256: String,
}

/// `GET /programs`
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProgramList {
    /// By name, the oldest version of each first.
    pub programs: Vec<ProgramInfo>,
}
