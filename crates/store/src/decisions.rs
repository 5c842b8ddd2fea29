//! Decisions of factories.

use crate::store::not_yet;
use crate::{Page, Result, Store};
use model::Decision;

/// Which decisions. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// Only this factory.
    pub factory: Option<String>,
    /// Only this label.
    pub label: Option<String>,
    /// Only this queue.
    pub queue: Option<String>,
}

impl Store {
    /// Stores decisions; one that says the same as its label's last is folded into it.
    pub async fn add_decisions(&self, _decisions: Vec<Decision>) -> Result<()> {
        not_yet()
    }

    /// Decisions, newest first, from below `cursor`, at most `limit`.
    pub async fn decisions(
        &self,
        _filter: DecisionFilter,
        _cursor: Option<i64>,
        _limit: u32,
    ) -> Result<Page<Decision>> {
        not_yet()
    }
}
