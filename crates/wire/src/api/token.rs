//! `/tokens` and `/whoami`.

use model::Role;
pub use model::TokenInfo;
use serde::{Deserialize, Serialize};

/// `POST /tokens`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Whose it is; jobs submitted with it belong to this user. For a factory, the factory's name.
    pub user: String,
    /// Group of the user; may be empty.
    #[serde(default)]
    pub group: String,
    /// What it allows.
    pub role: Role,
    /// Sites that a site admin may act on, or whose PanDA pilots use it.
    #[serde(default)]
    pub sites: Vec<String>,
    /// Seconds until it expires; no end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_s: Option<u64>,
    /// What it is for, for people.
    #[serde(default)]
    pub note: String,
}

/// Answer of `POST /tokens`: the only time the token itself is seen.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewToken {
    /// Its number, for listing and revoking.
    pub id: i64,
    /// The token.
    pub token: String,
}

/// `GET /tokens`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenList {
    /// All tokens that are valid.
    pub tokens: Vec<TokenInfo>,
}

/// `GET /whoami`: who the server takes the caller for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Identity {
    /// User, or name of a factory, or number of a pilot.
    pub user: String,
    /// Group; may be empty.
    pub group: String,
    /// Role.
    pub role: Role,
    /// Sites that a site admin may act on, or whose PanDA pilots use it.
    #[serde(default)]
    pub sites: Vec<String>,
}
