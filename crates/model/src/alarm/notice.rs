//! What receivers are told.

use super::record::Alarm;
use serde::{Deserialize, Serialize};

/// Why they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// The alarm has opened.
    Opened,
    /// It has become worse.
    Worse,
    /// It is still open, and nobody looks after it.
    Again,
    /// It is over.
    Cleared,
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Why.
    pub occasion: Occasion,
    /// The alarm as it is then.
    pub alarm: Alarm,
}

impl Occasion {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Occasion::Opened => "new",
            Occasion::Worse => "worse",
            Occasion::Again => "still open",
            Occasion::Cleared => "over",
        }
    }
}
