//! Factories.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{FactoryHeartbeat, FactorySummary, Time};

impl Store {
    /// Writes down what a factory says about itself.
    pub async fn factory_says(&self, _name: String, _said: FactoryHeartbeat, _now: Time) -> Result<()> {
        not_yet()
    }

    /// All factories by name.
    pub async fn factories(&self) -> Result<Vec<FactorySummary>> {
        not_yet()
    }
}
