//! `system = "local"`.

use crate::ssh::SshConfig;
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
    /// The login node on which they run, when it is not this machine; `dir` is then a path of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh: Option<SshConfig>,
    /// Seconds between two looks at a login node.
    pub poll_s: f64,
    /// Seconds after which what is done on a login node is given up.
    pub timeout_s: f64,
}

impl Default for LocalConfig {
    fn default() -> LocalConfig {
        LocalConfig { dir: PathBuf::new(), slots: 1, grace_s: 15.0, ssh: None, poll_s: 30.0, timeout_s: 60.0 }
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
        for (key, value) in [("poll_s", self.poll_s), ("timeout_s", self.timeout_s)] {
            if !(0.01..=3600.0).contains(&value) {
                found.push((key.to_owned(), format!("{value} is not between 0.01 and 3600 seconds")));
            }
        }
        found.extend(self.ssh.iter().flat_map(|ssh| ssh.problems(&self.dir)));
        found
    }
}
