//! Listings and counts of pilots.

use crate::store::not_yet;
use crate::{Page, Result, Store};
use model::{PilotId, PilotState, PilotSummary};

/// Which pilots. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PilotFilter {
    /// Only this state.
    pub state: Option<PilotState>,
    /// Only pilots that are not done or fault.
    pub live: bool,
    /// Only this queue.
    pub queue: Option<String>,
    /// Only this factory.
    pub factory: Option<String>,
    /// Only this label.
    pub label: Option<String>,
}

/// How many pilots of a label are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelCount {
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// The state.
    pub state: PilotState,
    /// How many.
    pub pilots: u64,
    /// Their slots together.
    pub slots: u64,
}

impl Store {
    /// Pilots, newest first, from below `cursor`, at most `limit`.
    pub async fn pilots(&self, _filter: PilotFilter, _cursor: Option<i64>, _limit: u32) -> Result<Page<PilotSummary>> {
        not_yet()
    }

    /// One pilot.
    pub async fn pilot(&self, _id: PilotId) -> Result<Option<PilotSummary>> {
        not_yet()
    }

    /// All pilots that are not done or fault, of one factory or of all, by id.
    pub async fn live_pilots(&self, _factory: Option<String>) -> Result<Vec<PilotSummary>> {
        not_yet()
    }

    /// Pilots by label and state, from counters.
    pub async fn pilot_counts(&self) -> Result<Vec<LabelCount>> {
        not_yet()
    }
}
