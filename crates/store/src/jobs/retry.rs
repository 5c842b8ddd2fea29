//! Running ended jobs again.

use super::kill::Scope;
use crate::store::not_yet;
use crate::{Result, Store};
use model::{IdSet, Retried, Time};

/// Which jobs to run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryRequest {
    /// The jobs.
    pub ids: IdSet,
    /// Whose jobs may be touched.
    pub scope: Scope,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Activates failed, cancelled and closed jobs again with all their attempts, also archived ones.
    pub async fn retry(&self, _request: RetryRequest) -> Result<Retried> {
        not_yet()
    }
}
