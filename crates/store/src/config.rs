//! Where a store is and how it is used.

use crate::{Error, Result};
use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

/// The most operations that wait for the writer before callers get [`Error::Busy`].
pub const WRITE_QUEUE_MAX: usize = 4096;
/// Connections that read at the same time.
pub const READERS: usize = 3;

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// SQLite files in this directory: `pilotage.db` and `archive-YYYY-MM-DD.db`.
    Directory(PathBuf),
    /// A PostgreSQL database, `postgres://user@host:port/database`.
    Postgres(String),
}

/// Why a text is no URL of a PostgreSQL database; `None` when it is one. Tells nothing of a password in it.
pub fn bad_url(text: &str) -> Option<String> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Some("is no database; write it as postgres://USER@HOST/DATABASE".to_owned());
    }
    let read: std::result::Result<tokio_postgres::Config, _> = text.parse();
    read.err().map(|error| error.source().map_or_else(|| error.to_string(), ToString::to_string))
}

/// How often a job is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptPolicy {
    /// Wait before the second attempt; doubled for each further one (see [`model::backoff`]).
    pub first_backoff: Duration,
    /// Attempts that infrastructure may lose before the job has failed.
    pub losses_max: u32,
}

/// Everything a store needs to know at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// Where the data is.
    pub location: Location,
    /// How often a job is tried.
    pub attempts: AttemptPolicy,
    /// Connections that read at the same time, at least 1.
    pub readers: usize,
    /// The most operations that wait for the writer.
    pub write_queue: usize,
}

impl Default for AttemptPolicy {
    fn default() -> AttemptPolicy {
        AttemptPolicy { first_backoff: Duration::from_secs(5), losses_max: 20 }
    }
}

impl StoreConfig {
    /// SQLite in `directory`, which is made when it is missing.
    pub fn directory(directory: impl Into<PathBuf>) -> StoreConfig {
        StoreConfig::at(Location::Directory(directory.into()))
    }

    /// PostgreSQL at `url`.
    pub fn postgres(url: impl Into<String>) -> StoreConfig {
        StoreConfig::at(Location::Postgres(url.into()))
    }

    /// A `postgres://` or `postgresql://` URL, or else a directory.
    pub fn parse(text: &str) -> Result<StoreConfig> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(StoreConfig::postgres(text));
        }
        match text.split_once("://") {
            Some((scheme, _)) => Err(Error::Invalid(format!(
                "'{scheme}://' is no kind of store; give postgres://user@host/database or a directory"
            ))),
            None => Ok(StoreConfig::directory(text)),
        }
    }

    fn at(location: Location) -> StoreConfig {
        let attempts = AttemptPolicy::default();
        StoreConfig { location, attempts, readers: READERS, write_queue: WRITE_QUEUE_MAX }
    }
}
