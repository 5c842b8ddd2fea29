//! `[monitor.NAME]`: APF monitors that are told of labels and pilots, beside the factory's own server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// An APF monitor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MonitorSection {
    /// Base URL of its interface, such as `http://apfmon.example/api`.
    pub url: String,
    /// Mail address of those who run the factory, which it shows.
    #[serde(default)]
    pub mail: String,
    /// Base URL of the pilots' logs, which it links to; where the server shows them when empty.
    #[serde(default)]
    pub log_url: String,
    /// File with the certificates (PEM) of the authorities to trust with https; the system's when empty.
    #[serde(default)]
    pub authorities: PathBuf,
    /// Longest time for one answer in seconds.
    #[serde(default = "ten_seconds")]
    pub timeout_s: f64,
    /// Seconds between two messages of one label.
    #[serde(default = "five_minutes")]
    pub message_s: f64,
    /// The most events of pilots that wait for it on disk; beyond it the oldest are dropped.
    #[serde(default = "hundred_thousand")]
    pub spool_max: u64,
}

impl MonitorSection {
    /// Longest time for one answer.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.timeout_s).unwrap_or(Duration::from_secs(10))
    }

    /// Time between two messages of one label.
    pub fn message(&self) -> Duration {
        Duration::try_from_secs_f64(self.message_s).unwrap_or(Duration::from_secs(300))
    }

    /// What is wrong with it: keys below `monitor.NAME` and words.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (key, url, needed) in [("url", &self.url, true), ("log_url", &self.log_url, false)] {
            if (needed || !url.is_empty()) && !url.starts_with("http://") && !url.starts_with("https://") {
                found.push((key, format!("'{url}' is no http:// or https:// URL")));
            } else if url.split('/').nth(2).is_some_and(|host| host.contains('@')) {
                found.push((key, "a URL with a password in it is not accepted".to_owned()));
            } else if url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"') {
                found.push((key, "has a blank or a quote in it".to_owned()));
            }
        }
        for (key, value, least) in [("timeout_s", self.timeout_s, 0.01), ("message_s", self.message_s, 0.0)] {
            if !(least..=86_400.0).contains(&value) {
                found.push((key, format!("{value} is not between {least} and 86400 seconds")));
            }
        }
        if !(1..=10_000_000).contains(&self.spool_max) {
            found.push(("spool_max", format!("{} is not between 1 and 10000000 events", self.spool_max)));
        }
        found
    }
}

fn ten_seconds() -> f64 {
    10.0
}

fn five_minutes() -> f64 {
    300.0
}

fn hundred_thousand() -> u64 {
    100_000
}
