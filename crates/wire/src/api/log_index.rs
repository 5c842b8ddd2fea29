//! `/logs/.../index.json`: what lies in a folder of pilots' logs.

use model::Time;
use serde::{Deserialize, Serialize};

/// `GET /logs/[FACTORY/[DATE/[LABEL/]]]index.json?...`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogIndexQuery {
    /// Only what comes after this name.
    pub after: Option<String>,
    /// The most rows, 1 to 1000.
    pub limit: Option<u32>,
}

/// What lies in one folder: folders, or logs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogIndex {
    /// Names of factories and labels in their order, of days the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// Logs by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogEntry>,
    /// What `after` has to be for the rows that follow; none when these are the last.
    pub next: Option<String>,
}

/// One log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LogEntry {
    /// Batch id and `.out`, `.err` or `.log`.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// The bytes that it takes in the object store, fewer when it is compressed.
    pub stored_bytes: u64,
    /// When it arrived.
    pub arrived: Time,
}
