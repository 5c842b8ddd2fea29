//! The store as its users see it.

use crate::{ChangeSet, Error, Result, StoreConfig};
use std::sync::Arc;
use tokio::sync::broadcast;

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// `sqlite` or `postgresql`.
    pub engine: &'static str,
    /// Version of the schema.
    pub schema: i64,
    /// Operations that wait for the writer.
    pub write_queue: usize,
    /// Group commits since the start.
    pub commits: u64,
    /// Operations committed since the start.
    pub operations: u64,
    /// Bytes of the database.
    pub bytes: u64,
}

/// Everything that is remembered.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) changes: broadcast::Sender<Arc<ChangeSet>>,
}

impl Store {
    /// Opens the store, makes it when it is missing, and brings its schema up to date.
    pub async fn open(_config: &StoreConfig) -> Result<Store> {
        not_yet()
    }

    /// Hears of every commit, also of other servers' on the same PostgreSQL database. A receiver that lags behind
    /// should look at everything.
    pub fn changes(&self) -> broadcast::Receiver<Arc<ChangeSet>> {
        self.inner.changes.subscribe()
    }

    /// Whether the store can be read and written now.
    pub async fn health(&self) -> Result<Health> {
        not_yet()
    }

    /// Writes what waits, then closes all connections. Further calls fail as unavailable.
    pub async fn close(&self) {}
}

pub(crate) fn not_yet<T>() -> Result<T> {
    Err(Error::unavailable("this version of the store only has its interface"))
}
