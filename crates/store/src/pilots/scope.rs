//! Scopes of the history of pilots: what is counted together. Their ids are short, for there are many counts.

use crate::Result;
use crate::engine::{Value, params, statements};
use crate::tx::{LabelKey, Tx};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::RwLock;

statements! {
    FIND_SCOPE = "SELECT id FROM pilot_scope WHERE kind = ?1 AND factory = ?2 AND label = ?3 AND queue = ?4";
    ADD_SCOPE = "INSERT INTO pilot_scope (id, kind, factory, label, queue) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT DO NOTHING";
}

/// The most scopes that are remembered.
const SCOPES_MAX: usize = 20_000;

/// A scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ScopeKey {
    All,
    Factory(String),
    Label(LabelKey),
}

impl ScopeKey {
    /// The scopes in which a pilot of a label is counted.
    pub(crate) fn of(label: &LabelKey) -> [ScopeKey; 3] {
        [ScopeKey::All, ScopeKey::Factory(label.factory.clone()), ScopeKey::Label(label.clone())]
    }

    /// What tells it apart: kind, factory, label, queue.
    fn values(&self) -> Vec<Value> {
        match self {
            ScopeKey::All => params![0_i64, "", "", ""].to_vec(),
            ScopeKey::Factory(factory) => params![1_i64, factory, "", ""].to_vec(),
            ScopeKey::Label(LabelKey { factory, label, queue }) => params![2_i64, factory, label, queue].to_vec(),
        }
    }
}

/// Scopes that were seen; their rows never change. Forgotten all at once when there are too many.
#[derive(Default)]
pub(crate) struct ScopeCache(RwLock<BTreeMap<ScopeKey, i64>>);

impl ScopeCache {
    fn get(&self, key: &ScopeKey) -> Option<i64> {
        self.0.read().ok()?.get(key).copied()
    }

    /// Remembers some.
    pub(crate) fn keep(&self, scopes: Vec<(ScopeKey, i64)>) {
        if scopes.is_empty() {
            return;
        }
        if let Ok(mut seen) = self.0.write() {
            if seen.len() >= SCOPES_MAX {
                seen.clear();
            }
            seen.extend(scopes);
        }
    }
}

/// The ids of all scopes in which pilots of these labels are counted; those that are missing are made.
pub(crate) fn ids(tx: &mut Tx<'_>, labels: &[&LabelKey]) -> Result<BTreeMap<ScopeKey, i64>> {
    let keys: BTreeSet<ScopeKey> = labels.iter().flat_map(|label| ScopeKey::of(label)).collect();
    keys.into_iter().map(|key| id(tx, &key).map(|id| (key, id))).collect()
}

fn id(tx: &mut Tx<'_>, key: &ScopeKey) -> Result<i64> {
    if let Some(id) = tx.scopes().get(key) {
        return Ok(id);
    }
    let id = match find(tx, key)? {
        Some(id) => id,
        None => add(tx, key)?,
    };
    tx.learned().add_scope(key.clone(), id);
    Ok(id)
}

fn add(tx: &mut Tx<'_>, key: &ScopeKey) -> Result<i64> {
    let id = tx.next_ids("scope", 1)?;
    let values: Vec<Value> = std::iter::once(Value::from(id)).chain(key.values()).collect();
    tx.execute(&ADD_SCOPE, &values)?;
    // Another server may have made it at the same moment.
    Ok(find(tx, key)?.unwrap_or(id))
}

fn find(tx: &mut Tx<'_>, key: &ScopeKey) -> Result<Option<i64>> {
    tx.query_one(&FIND_SCOPE, &key.values())?.map(|row| row.int(0)).transpose()
}
