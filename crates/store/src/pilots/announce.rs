//! Announcing pilots before they are submitted.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{PilotId, Time};

/// Pilots that will be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The factory.
    pub factory: String,
    /// Its label.
    pub label: String,
    /// The queue they will serve.
    pub queue: String,
    /// Name of the batch end point.
    pub batch: String,
    /// Hash of each pilot's secret; one pilot per hash.
    pub secret_hashes: Vec<[u8; 32]>,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Writes the pilots down as announced and returns the id of the first; ids are consecutive.
    pub async fn announce(&self, _announcement: Announcement) -> Result<PilotId> {
        not_yet()
    }
}
