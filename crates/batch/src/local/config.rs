//! `system = "local"`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Processes of this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// Directory for the state and output of each pilot; below the factory's when not set.
    pub dir: PathBuf,
    /// The most pilots at once. More is "full", not an error.
    pub slots: u64,
    /// Seconds between TERM and KILL when a pilot is removed.
    pub grace_s: f64,
}

impl Default for LocalConfig {
    fn default() -> LocalConfig {
        LocalConfig { dir: PathBuf::new(), slots: 1, grace_s: 15.0 }
    }
}

impl LocalConfig {
    /// What is wrong with it.
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if self.slots == 0 {
            found.push(("slots".to_owned(), "0 would never run a pilot; use 1 or more".to_owned()));
        }
        if !(0.0..=3600.0).contains(&self.grace_s) {
            found.push(("grace_s".to_owned(), format!("{} is not between 0 and 3600 seconds", self.grace_s)));
        }
        found
    }
}
