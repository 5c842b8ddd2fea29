//! `renew.*`: when a credential is made anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a credential is made anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Renewal {
    /// With so much of its life left, in percent.
    pub at_percent: f64,
    /// Seconds until it is tried again after a failure; each further one doubles them, up to 16 times as many.
    pub retry_s: f64,
    /// Seconds after which an attempt is given up.
    pub timeout_s: f64,
}

impl Default for Renewal {
    fn default() -> Renewal {
        Renewal { at_percent: 60.0, retry_s: 60.0, timeout_s: 120.0 }
    }
}

impl Renewal {
    /// Time after which an attempt is given up.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.timeout_s).unwrap_or(Duration::from_secs(120))
    }

    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if !(0.1..=99.9).contains(&self.at_percent) {
            found.push(("renew.at_percent", format!("{} is not between 0.1 and 99.9", self.at_percent)));
        }
        for (key, value) in [("renew.retry_s", self.retry_s), ("renew.timeout_s", self.timeout_s)] {
            if !(0.1..=86_400.0).contains(&value) {
                found.push((key, format!("{value} is not between 0.1 and 86400 seconds")));
            }
        }
        found
    }
}
