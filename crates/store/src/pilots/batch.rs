//! What batch systems say about pilots.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{BatchUpdate, PilotId, Time};

/// An update that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRefusal {
    /// The pilot.
    pub pilot: PilotId,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Applies updates of one factory's pilots in one commit. An update that makes no sense in a pilot's state, or names
    /// a pilot that is not the factory's, is returned and never disturbs its neighbours. A pilot that ends loses
    /// what it holds.
    pub async fn batch_updates(
        &self,
        _factory: String,
        _updates: Vec<BatchUpdate>,
        _now: Time,
    ) -> Result<Vec<BatchRefusal>> {
        not_yet()
    }
}
