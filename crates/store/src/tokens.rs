//! Tokens, stored as hashes.

use crate::engine::value::to_json;
use crate::engine::{Row, Value, params, statements};
use crate::{Error, Result, Store};
use model::{Role, Time, TokenInfo};
use std::collections::BTreeMap;

statements! {
    ADD_TOKEN = "INSERT INTO token (id, hash, usr, grp, role, sites, note, made, expires) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (hash) DO NOTHING";
    TOKEN_BY_HASH = "SELECT id, usr, grp, role, sites, expires FROM token WHERE hash = ?1 AND revoked = 0";
    TOKENS = "SELECT id, usr, grp, role, sites, expires, note, made, last_used FROM token WHERE revoked = 0 \
        AND (expires IS NULL OR expires > ?1) ORDER BY id";
    TOKEN_USED = "UPDATE token SET last_used = ?2 WHERE id = ?1 AND (last_used IS NULL OR last_used < ?2)";
    REVOKE = "UPDATE token SET revoked = 1 WHERE id = ?1 AND revoked = 0";
}

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
    /// Sites that a site admin may act on, or whose PanDA pilots use it.
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
    /// Sites that a site admin may act on, or whose PanDA pilots use it.
    pub sites: Vec<String>,
    /// When it ends.
    pub expires: Option<Time>,
}

impl Store {
    /// Keeps a token and returns its number; none when it is known already, which a revoked one stays.
    pub async fn add_token(&self, token: NewTokenRow) -> Result<Option<i64>> {
        let sites = to_json(&token.sites)?;
        self.write(move |tx| {
            let id = tx.next_ids("token", 1)?;
            let role = token.role.as_str();
            let kept = tx.execute(
                &ADD_TOKEN,
                params![id, token.hash, &token.user, &token.group, role, &sites, &token.note, token.now, token.expires],
            )?;
            Ok((kept > 0).then_some(id))
        })
        .await
    }

    /// Whom the token with this hash stands for; none when it is unknown or revoked. Expiry is the caller's to check.
    pub async fn token_owner(&self, hash: [u8; 32]) -> Result<Option<TokenOwner>> {
        Ok(self.rows(&TOKEN_BY_HASH, params![hash].to_vec(), owner_of).await?.into_iter().next())
    }

    /// All tokens that are neither revoked nor expired.
    pub async fn tokens(&self, now: Time) -> Result<Vec<TokenInfo>> {
        self.rows(&TOKENS, params![now].to_vec(), |row| {
            let owner = owner_of(row)?;
            Ok(TokenInfo {
                id: owner.id,
                user: owner.user,
                group: owner.group,
                role: owner.role,
                sites: owner.sites,
                note: row.text(6)?,
                created: row.time(7)?,
                expires: owner.expires,
                last_used: row.opt_time(8)?,
            })
        })
        .await
    }

    /// Writes down when tokens were used last, by their numbers.
    pub async fn tokens_used(&self, used: BTreeMap<i64, Time>) -> Result<()> {
        let rows: Vec<Vec<Value>> = used.into_iter().map(|(id, at)| params![id, at].to_vec()).collect();
        self.write(move |tx| tx.execute_many(&TOKEN_USED, &rows).map(|_| ())).await
    }

    /// Revokes a token. Returns whether there was one.
    pub async fn revoke_token(&self, id: i64) -> Result<bool> {
        self.write(move |tx| Ok(tx.execute(&REVOKE, params![id])? > 0)).await
    }
}

fn owner_of(row: &Row) -> Result<TokenOwner> {
    Ok(TokenOwner {
        id: row.int(0)?,
        user: row.text(1)?,
        group: row.text(2)?,
        role: row.text(3)?.parse::<Role>().map_err(Error::Corrupt)?,
        sites: row.json(4)?,
        expires: row.opt_time(5)?,
    })
}
