//! Tokens, stored as hashes.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{Role, Time, TokenInfo};

/// A token to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTokenRow {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// Whose it is.
    pub user: String,
    /// Group of the user.
    pub group: String,
    /// What it allows.
    pub role: Role,
    /// Sites that a site admin may act on.
    pub sites: Vec<String>,
    /// What it is for.
    pub note: String,
    /// When it ends.
    pub expires: Option<Time>,
    /// The time.
    pub now: Time,
}

/// Whom a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    /// The token's number.
    pub id: i64,
    /// Whose it is.
    pub user: String,
    /// Group of the user.
    pub group: String,
    /// What it allows.
    pub role: Role,
    /// Sites that a site admin may act on.
    pub sites: Vec<String>,
    /// When it ends.
    pub expires: Option<Time>,
}

impl Store {
    /// Keeps a token and returns its number.
    pub async fn add_token(&self, _token: NewTokenRow) -> Result<i64> {
        not_yet()
    }

    /// Whom the token with this hash stands for; none when it is unknown or revoked. Expiry is the caller's to check.
    pub async fn token_owner(&self, _hash: [u8; 32]) -> Result<Option<TokenOwner>> {
        not_yet()
    }

    /// All tokens that are neither revoked nor expired.
    pub async fn tokens(&self, _now: Time) -> Result<Vec<TokenInfo>> {
        not_yet()
    }

    /// Revokes a token. Returns whether there was one.
    pub async fn revoke_token(&self, _id: i64) -> Result<bool> {
        not_yet()
    }
}
