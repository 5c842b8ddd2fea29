//! Queues: where jobs are brokered to and pilots serve from.

use crate::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Whether a queue takes jobs and pilots.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum QueueStatus {
    /// Brokerage uses it, factories serve it.
    #[default]
    Online,
    /// No brokerage, no pilots.
    Offline,
    /// Factories send test pilots; only jobs that name the queue are placed in it.
    Test,
    /// Brokerage avoids it; what waits in it is still served.
    BrokerOff,
}

/// One queue as configured or registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueRecord {
    /// Unique name: letters, digits, `_`, `-`, `.`; at most 64 characters.
    pub name: String,
    /// Computing centre it belongs to; defaults to the queue's name.
    #[serde(default)]
    pub site: String,
    /// Group of sites (PanDA's cloud); may be empty.
    #[serde(default)]
    pub region: String,
    /// Free words that jobs and factories select by.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// Whether it takes jobs and pilots.
    #[serde(default)]
    pub status: QueueStatus,
    /// Most cores a job may ask for; 0 means no limit.
    #[serde(default)]
    pub max_cores: u32,
    /// Most memory a job may ask for, in MiB; 0 means no limit.
    #[serde(default)]
    pub max_memory_mib: u32,
    /// Longest wall time a job may ask for, in seconds; 0 means no limit.
    #[serde(default)]
    pub max_wall_time_s: u32,
}

/// Who set the status of a queue, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusChange {
    /// The user.
    pub by: String,
    /// When.
    pub at: Time,
    /// Why, in their words; may be empty.
    pub reason: String,
}

/// Who wrote the record of a queue last, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Written {
    /// The user or factory, or what told of the queue, such as the reports of another factory.
    pub by: String,
    /// When.
    pub at: Time,
}

/// A name that cannot be used for a queue, site, factory or label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' is no name: use 1 to 64 letters, digits, '_', '-' or '.', beginning with a letter or digit")]
pub struct BadName {
    /// The refused text, cut to 80 characters.
    pub name: String,
}

/// Accepts names of queues, sites, factories and labels; they become parts of paths and URLs.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let fits = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if begins && fits { Ok(()) } else { Err(BadName { name: name.chars().take(80).collect() }) }
}

impl QueueRecord {
    /// A queue with this name, its site of the same name, online and without limits.
    pub fn named(name: impl Into<String>) -> QueueRecord {
        let name = name.into();
        QueueRecord { site: name.clone(), name, ..QueueRecord::default() }
    }
}

impl QueueStatus {
    /// All values.
    pub const ALL: [QueueStatus; 4] =
        [QueueStatus::Online, QueueStatus::Offline, QueueStatus::Test, QueueStatus::BrokerOff];

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            QueueStatus::Online => "online",
            QueueStatus::Offline => "offline",
            QueueStatus::Test => "test",
            QueueStatus::BrokerOff => "brokeroff",
        }
    }
}

impl fmt::Display for QueueStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for QueueStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<QueueStatus, String> {
        QueueStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| format!("'{text}' is no queue status; use online, offline, test or brokeroff"))
    }
}
