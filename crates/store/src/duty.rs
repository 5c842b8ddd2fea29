//! Duties that one server at a time does.

use crate::store::not_yet;
use crate::{Result, Store};
use model::Time;

impl Store {
    /// Takes or renews the duty `name` for this store's process until `until`. Returns whether this process has it now.
    pub async fn try_duty(&self, _name: &str, _now: Time, _until: Time) -> Result<bool> {
        not_yet()
    }

    /// Gives the duty back at once.
    pub async fn release_duty(&self, _name: &str) -> Result<()> {
        not_yet()
    }
}
