//! How the logs of pilots are kept at present, told by the server that has the duty to all servers.

use model::Time;
use serde::{Deserialize, Serialize};
use store::Store;

/// Name under which the store remembers it.
pub const NAME: &str = "pilot-logs";

/// What the last round found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// When that was.
    pub at: Time,
    /// Bytes of all logs as they lie in the object store.
    pub bytes: u64,
    /// Percent of the file system that were in use after it; none where there is no file system.
    pub used_percent: Option<u8>,
    /// When room was made last because there was too little.
    pub pressure: Option<Pressure>,
}

/// Logs that went because there was too little room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressure {
    /// When.
    pub at: Time,
    /// Logs that were deleted.
    pub logs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The last day of which logs were deleted; empty when none could be.
    pub day: String,
    /// Whether there is too little room still, though nothing is left that may be deleted.
    pub is_in_vain: bool,
}

/// What was told last; none when nothing was, or when another version told it.
pub async fn read(store: &Store) -> store::Result<Option<Status>> {
    Ok(store.meta(NAME).await?.and_then(|text| serde_json::from_slice(&text).ok()))
}
