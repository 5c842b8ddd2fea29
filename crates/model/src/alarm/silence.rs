//! Silences: nobody is told of what matches, for a time.

use super::matcher::Matcher;
use super::record::Alarm;
use crate::{SilenceId, Time};
use serde::{Deserialize, Serialize};

/// One silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Silence {
    /// Its id.
    pub id: SilenceId,
    /// What it silences.
    pub of: Matcher,
    /// Who silenced it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub made: Time,
    /// Until when.
    pub until: Time,
}

impl Silence {
    /// Whether it silences the alarm now.
    pub fn covers(&self, alarm: &Alarm, now: Time) -> bool {
        now < self.until && self.of.matches(alarm.rule, &alarm.subject)
    }
}
