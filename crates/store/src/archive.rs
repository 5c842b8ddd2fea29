//! Jobs that ended long ago.

use crate::store::not_yet;
use crate::{Result, Store};
use model::Time;

/// What one call of [`Store::archive`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Jobs moved.
    pub jobs: u64,
    /// There may be more to move at once.
    pub more: bool,
}

impl Store {
    /// Moves up to a few thousand jobs that ended before `before` into the archive of their day of end.
    pub async fn archive(&self, _before: Time) -> Result<Archived> {
        not_yet()
    }

    /// Drops whole days of the archive that ended before `before`, with their logs' records. Returns the object store
    /// locations that nothing refers to any more.
    pub async fn drop_archive(&self, _before: Time) -> Result<Vec<String>> {
        not_yet()
    }

    /// Deletes what is of no use any more: idempotency keys, ended commands, throughput and decisions older than a
    /// bound each.
    pub async fn prune(&self, _now: Time) -> Result<u64> {
        not_yet()
    }
}
