//! Tokens and sessions that were looked up a moment ago.

use super::{Identity, unauthorized};
use crate::hub::locked;
use crate::{ApiError, AppState, now};
use model::Time;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;
use store::TokenOwner;

/// How long what was looked up is trusted; another server's revocation takes this long at most.
const TRUSTED: Duration = Duration::from_secs(5);
/// The most tokens, and the most sessions, that are remembered.
const ENTRIES_MAX: usize = 10_000;

/// The most sessions that are held because they cannot be written down.
const UNWRITTEN_MAX: usize = 1_000;

type Hash = [u8; 32];

/// What was looked up a moment ago, by hash.
#[derive(Default)]
pub struct TokenCache {
    owners: Mutex<HashMap<Hash, (Time, TokenOwner)>>,
    /// Tokens of sessions.
    sessions: Mutex<HashMap<Hash, (Time, Hash)>>,
    /// Tokens of the sessions that could not be written down, with their ends.
    unwritten: Mutex<HashMap<Hash, (Time, Hash)>>,
    /// When tokens were used last, by number, as long as that is not written down.
    used: Mutex<BTreeMap<i64, Time>>,
}

impl TokenCache {
    /// Whom the token with this hash stands for.
    pub(super) async fn identity(&self, hash: Hash, state: &AppState) -> Result<Identity, ApiError> {
        let now = now();
        let owner = match remembered(&self.owners, &hash, now) {
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

    /// Whom the session with this hash stands for.
    pub(super) async fn of_session(&self, session: Hash, state: &AppState) -> Result<Identity, ApiError> {
        let now = now();
        let unwritten = locked(&self.unwritten).get(&session).filter(|(ends, _)| *ends > now).map(|(_, token)| *token);
        let token = match unwritten.or_else(|| remembered(&self.sessions, &session, now)) {
            Some(token) => token,
            None => self.token_of(session, state, now).await?,
        };
        self.identity(token, state).await
    }

    /// Holds a session that cannot be written down until it ends or the server stops. When there are too many, the one that
    /// ends first goes.
    pub(super) fn hold_session(&self, session: Hash, token: Hash, ends: Time) {
        let mut unwritten = locked(&self.unwritten);
        if unwritten.len() >= UNWRITTEN_MAX
            && let Some(first) = unwritten.iter().min_by_key(|(_, (ends, _))| *ends).map(|(session, _)| *session)
        {
            unwritten.remove(&first);
        }
        unwritten.insert(session, (ends, token));
    }

    /// Ends a session that is held here. Returns whether there was one.
    pub(super) fn drop_session(&self, session: &Hash) -> bool {
        locked(&self.unwritten).remove(session).is_some()
    }

    /// Forgets all of them, after a revocation or the end of a session.
    pub fn clear(&self) {
        locked(&self.owners).clear();
        locked(&self.sessions).clear();
    }

    /// When tokens were used last, of those of which that is not written down yet.
    pub fn used(&self) -> BTreeMap<i64, Time> {
        locked(&self.used).clone()
    }

    /// Forgets what was written down, except of tokens that were used again since.
    pub fn written_down(&self, written: &BTreeMap<i64, Time>) {
        locked(&self.used).retain(|token, at| written.get(token) != Some(at));
    }

    async fn look_up(&self, hash: Hash, state: &AppState, now: Time) -> Result<TokenOwner, ApiError> {
        let Some(owner) = state.store.token_owner(hash).await? else {
            return Err(unauthorized("bad-credential", "the token is unknown or was revoked"));
        };
        remember(&self.owners, hash, (now, owner.clone()));
        let mut used = locked(&self.used);
        // The use of one that does not fit is told by its next look-up.
        if used.len() < ENTRIES_MAX {
            used.insert(owner.id, now);
        }
        Ok(owner)
    }

    async fn token_of(&self, session: Hash, state: &AppState, now: Time) -> Result<Hash, ApiError> {
        let token = state.store.session(session, now).await?.and_then(|token| token.try_into().ok());
        let Some(token) = token else {
            return Err(unauthorized("ended-session", "the session has ended; log in again"));
        };
        remember(&self.sessions, session, (now, token));
        Ok(token)
    }
}

fn remembered<T: Clone>(entries: &Mutex<HashMap<Hash, (Time, T)>>, hash: &Hash, now: Time) -> Option<T> {
    let entries = locked(entries);
    let (time, value) = entries.get(hash)?;
    (now.since(*time) < TRUSTED).then(|| value.clone())
}

fn remember<T>(entries: &Mutex<HashMap<Hash, (Time, T)>>, hash: Hash, entry: (Time, T)) {
    let mut entries = locked(entries);
    if entries.len() >= ENTRIES_MAX {
        entries.clear();
    }
    entries.insert(hash, entry);
}
