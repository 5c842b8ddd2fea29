//! Tokens that were looked up a moment ago.

use super::{Identity, unauthorized};
use crate::hub::locked;
use crate::{ApiError, AppState, now};
use model::Time;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use store::TokenOwner;

/// How long a looked-up token is trusted; another server's revocation takes this long at most.
const TRUSTED: Duration = Duration::from_secs(5);
/// The most tokens that are remembered.
const TOKENS_MAX: usize = 10_000;

/// Tokens that were looked up a moment ago, by hash.
#[derive(Default)]
pub struct TokenCache(Mutex<HashMap<[u8; 32], (Time, TokenOwner)>>);

impl TokenCache {
    /// Whom the token with this hash stands for.
    pub(super) async fn identity(&self, hash: [u8; 32], state: &AppState) -> Result<Identity, ApiError> {
        let now = now();
        let owner = match self.remembered(&hash, now) {
            Some(owner) => owner,
            None => self.look_up(hash, state, now).await?,
        };
        if let Some(expires) = owner.expires.filter(|expires| *expires <= now) {
            let detail = format!("the token of '{}' has expired at {expires}", owner.user);
            return Err(unauthorized("expired-credential", detail));
        }
        let TokenOwner { user, group, role, sites, .. } = owner;
        Ok(Identity { user, group, role, sites, pilot: None })
    }

    /// Forgets all of them, after a revocation.
    pub fn clear(&self) {
        locked(&self.0).clear();
    }

    fn remembered(&self, hash: &[u8; 32], now: Time) -> Option<TokenOwner> {
        let tokens = locked(&self.0);
        let (time, owner) = tokens.get(hash)?;
        (now.since(*time) < TRUSTED).then(|| owner.clone())
    }

    async fn look_up(&self, hash: [u8; 32], state: &AppState, now: Time) -> Result<TokenOwner, ApiError> {
        let Some(owner) = state.store.token_owner(hash).await? else {
            return Err(unauthorized("bad-credential", "the token is unknown or was revoked"));
        };
        let mut tokens = locked(&self.0);
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(hash, (now, owner.clone()));
        Ok(owner)
    }
}
