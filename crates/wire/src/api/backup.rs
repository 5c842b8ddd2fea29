//! `/backup`.

use serde::{Deserialize, Serialize};

/// `POST /backup`: copies store, logs and outputs of the working server.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// Absolute path of a new directory on the server's machine.
    pub to: String,
}

/// Answer of `POST /backup`, when the copy is complete.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BackedUp {
    /// The directory.
    pub path: String,
}
