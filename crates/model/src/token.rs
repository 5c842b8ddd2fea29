//! Tokens as they are listed: never the token itself.

use crate::{Role, Time};
use serde::{Deserialize, Serialize};

/// One token in a listing, without the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenInfo {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub user: String,
    /// Group of the user.
    pub group: String,
    /// What it allows.
    pub role: Role,
    /// Sites that a site admin may act on, or whose PanDA pilots use it.
    pub sites: Vec<String>,
    /// What it is for.
    pub note: String,
    /// When it was made.
    pub created: Time,
    /// When it ends.
    pub expires: Option<Time>,
    /// When it was used last; none when it has not been.
    #[serde(default)]
    pub last_used: Option<Time>,
}
