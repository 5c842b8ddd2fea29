//! The end of pilots.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{ErrorClass, PilotFlag, PilotId, Time};

/// How a pilot ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PilotEnd {
    /// The pilot.
    pub pilot: PilotId,
    /// Set when it ends because of an error.
    pub error_class: Option<ErrorClass>,
    /// Why, in words.
    pub message: String,
    /// The time.
    pub now: Time,
}

impl Store {
    /// The pilot says that it ends: it is exiting and what it still holds is lost. Ignored when `incarnation` is not the
    /// present one.
    pub async fn pilot_exits(&self, _end: PilotEnd, _incarnation: u32) -> Result<()> {
        not_yet()
    }

    /// The pilot is gone: done, or fault when there is an error class. What it still holds is lost. Harmless when it has
    /// ended already.
    pub async fn close_pilot(&self, _end: PilotEnd) -> Result<()> {
        not_yet()
    }

    /// Sets or clears the flag beside a pilot's state.
    pub async fn flag_pilot(&self, _pilot: PilotId, _flag: Option<PilotFlag>) -> Result<()> {
        not_yet()
    }
}
