//! Logs and outputs of jobs: chunks while they grow, a place in the object store afterwards.

use crate::store::not_yet;
use crate::{LogName, Result, Store};
use model::job::LogStream;
use model::{JobId, Time};

/// Bytes to be added to a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogAppend {
    /// Which log.
    pub log: LogName,
    /// Offset of the first byte. What overlaps is ignored; a gap is refused with [`crate::Error::Conflict`].
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Nothing follows.
    pub complete: bool,
    /// The time.
    pub now: Time,
}

/// How far a log is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPosition {
    /// Bytes so far.
    pub size: u64,
    /// Nothing follows.
    pub complete: bool,
    /// Where the whole log is in the object store; then the store has no chunks.
    pub location: Option<String>,
}

/// Where to begin reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFrom {
    /// At this byte.
    Offset(u64),
    /// This many bytes before the end.
    Tail(u64),
}

/// A piece of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSlice {
    /// Offset of the first byte.
    pub offset: u64,
    /// The bytes; empty when the log is in the object store or has none after the offset.
    pub bytes: Vec<u8>,
    /// How far the log is.
    pub position: LogPosition,
}

/// An output file that the server keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobOutput {
    /// The job.
    pub job: JobId,
    /// The attempt that made it.
    pub attempt: u32,
    /// Its name.
    pub name: String,
    /// Where it is in the object store.
    pub location: String,
    /// Its size.
    pub bytes: u64,
}

impl Store {
    /// Adds to a log.
    pub async fn append_log(&self, _append: LogAppend) -> Result<LogPosition> {
        not_yet()
    }

    /// Reads at most `max` bytes of a log; an unknown log is empty and open.
    pub async fn read_log(&self, _log: LogName, _from: LogFrom, _max: u64) -> Result<LogSlice> {
        not_yet()
    }

    /// How far a log is; none when nothing was ever written.
    pub async fn log_position(&self, _log: LogName) -> Result<Option<LogPosition>> {
        not_yet()
    }

    /// Replaces a log's chunks by a place in the object store that holds all its bytes.
    pub async fn log_moved(&self, _log: LogName, _location: String, _bytes: u64) -> Result<()> {
        not_yet()
    }

    /// The attempt whose logs are shown when none is named: the last one that was sent. None for an unknown job, 0
    /// before the first attempt.
    pub async fn last_attempt(&self, _job: JobId) -> Result<Option<u32>> {
        not_yet()
    }

    /// Writes down an output file, replacing one of the same attempt and name.
    pub async fn add_output(&self, _output: JobOutput, _now: Time) -> Result<()> {
        not_yet()
    }

    /// Output files of a job, of its last attempt that has any, by name.
    pub async fn outputs(&self, _job: JobId) -> Result<Vec<JobOutput>> {
        not_yet()
    }
}

/// The number by which a stream is stored.
pub(crate) fn stream_code(stream: LogStream) -> i64 {
    match stream {
        LogStream::Stdout => 1,
        LogStream::Stderr => 2,
    }
}
