//! Logs and outputs of jobs: chunks while they grow, a place in the object store afterwards.

use crate::engine::{Connection, Row, Value, params, statements};
use crate::jobs::row::{self, JobRow, job_columns};
use crate::jobs::verdict;
use crate::tx::Tx;
use crate::{Error, LogName, Result, Store, discarded};
use model::job::LogStream;
use model::{JobId, Time};

statements! {
    JOB_ROW = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1");
    LOG = "SELECT size, complete, location FROM job_log WHERE job = ?1 AND attempt = ?2 AND stream = ?3";
    LOG_INLINE = "SELECT inline FROM job_log WHERE job = ?1 AND attempt = ?2 AND stream = ?3";
    SET_LOG = "INSERT INTO job_log (job, attempt, stream, size, complete) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (job, attempt, stream) DO UPDATE SET size = excluded.size, complete = excluded.complete";
    ADD_CHUNK = "INSERT INTO job_log_chunk (job, attempt, stream, start, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
    CHUNKS = "SELECT start, bytes FROM job_log_chunk WHERE job = ?1 AND attempt = ?2 AND stream = ?3 AND start >= ?4 \
        ORDER BY start LIMIT ?5";
    CHUNK_BEFORE = "SELECT start FROM job_log_chunk WHERE job = ?1 AND attempt = ?2 AND stream = ?3 AND start <= ?4 \
        ORDER BY start DESC LIMIT 1";
    DROP_CHUNKS = "DELETE FROM job_log_chunk WHERE job = ?1 AND attempt = ?2 AND stream = ?3";
    MOVE_LOG = "UPDATE job_log SET size = ?4, complete = 1, location = ?5, inline = NULL WHERE job = ?1 AND attempt = ?2 \
        AND stream = ?3 AND location IS NULL";
    LARGE_LOGS = "SELECT job, attempt, stream, size FROM job_log WHERE complete = 1 AND location IS NULL \
        AND inline IS NULL AND size > 65536 ORDER BY job LIMIT ?1";
    OUTPUT_PLACE = "SELECT location FROM job_output WHERE job = ?1 AND attempt = ?2 AND name = ?3";
    ADD_OUTPUT = "INSERT INTO job_output (job, attempt, name, location, size, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
        ON CONFLICT (job, attempt, name) DO UPDATE SET location = excluded.location, size = excluded.size, \
        made = excluded.made";
    OUTPUTS = "SELECT job, attempt, name, location, size FROM job_output WHERE job = ?1 ORDER BY attempt DESC, name";
}

/// Complete logs of more bytes belong into the object store.
pub const LOG_KEPT_MAX: u64 = 64 << 10;
/// Chunks that are read at once.
const CHUNKS_AT_ONCE: i64 = 64;

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
    /// Adds to a log of an attempt that is not over ([`crate::Error::AttemptOver`]).
    pub async fn append_log(&self, append: LogAppend) -> Result<LogPosition> {
        self.write(move |tx| add_to_log(tx, &append)).await
    }

    /// Reads the bytes of a log, all that are there up to `max`; an unknown log is empty and open.
    pub async fn read_log(&self, log: LogName, from: LogFrom, max: u64) -> Result<LogSlice> {
        self.read(move |connection| {
            let position = position(connection, log)?.unwrap_or_default();
            let offset = match from {
                LogFrom::Offset(offset) => offset,
                LogFrom::Tail(bytes) => position.size.saturating_sub(bytes),
            };
            if position.location.is_some() || offset >= position.size {
                return Ok(LogSlice { offset, bytes: Vec::new(), position });
            }
            let bytes = bytes_from(connection, log, offset, max)?;
            Ok(LogSlice { offset, bytes, position })
        })
        .await
    }

    /// How far a log is; none when nothing was ever written.
    pub async fn log_position(&self, log: LogName) -> Result<Option<LogPosition>> {
        self.read(move |connection| position(connection, log)).await
    }

    /// Complete logs of more than [`LOG_KEPT_MAX`] bytes that have not been moved, with their sizes; at most `limit`.
    pub async fn large_logs(&self, limit: u32) -> Result<Vec<(LogName, u64)>> {
        self.rows(&LARGE_LOGS, params![limit].to_vec(), |row| {
            let log = LogName { job: JobId(row.int(0)?), attempt: row.small(1)?, stream: stream_of(row.int(2)?)? };
            Ok((log, row.count(3)?))
        })
        .await
    }

    /// Replaces a log's chunks by a place in the object store that holds all its bytes. One that has a place already, or
    /// that is kept no longer, stays as it is.
    pub async fn log_moved(&self, log: LogName, location: String, bytes: u64) -> Result<()> {
        self.write(move |tx| {
            let (job, attempt, stream) = key(log);
            if tx.execute(&MOVE_LOG, params![job, attempt, stream, bytes, &location])? > 0 {
                discarded::take_out(tx, std::slice::from_ref(&location))?;
                tx.execute(&DROP_CHUNKS, params![job, attempt, stream])?;
                tx.changes().logs.insert(log);
            }
            Ok(())
        })
        .await
    }

    /// Refuses an attempt to which nothing can be added any more: its pilot told how it ended, or a newer one was sent.
    pub async fn takes_output(&self, job: JobId, attempt: u32) -> Result<()> {
        self.read(move |connection| {
            let row = connection.query_one(&JOB_ROW, params![job])?.map(|row| JobRow::of(&row)).transpose()?;
            verdict::check_takes_output(row.as_ref(), job, attempt)
        })
        .await
    }

    /// Writes down an output file of an attempt that is not over; one of the same name is discarded.
    pub async fn add_output(&self, output: JobOutput, now: Time) -> Result<()> {
        self.write(move |tx| {
            let JobOutput { job, attempt, name, location, bytes } = &output;
            check_takes_output(tx, *job, *attempt)?;
            if let Some(row) = tx.query_one(&OUTPUT_PLACE, params![*job, *attempt, name])? {
                discarded::discard(tx, &[row.text(0)?], now)?;
            }
            discarded::take_out(tx, std::slice::from_ref(location))?;
            tx.execute(&ADD_OUTPUT, params![*job, *attempt, name, location, *bytes, now])?;
            tx.job_changed(*job);
            Ok(())
        })
        .await
    }

    /// Output files of a job, of its last attempt that has any, by name.
    pub async fn outputs(&self, job: JobId) -> Result<Vec<JobOutput>> {
        let mut all = self.rows(&OUTPUTS, params![job].to_vec(), output_of).await?;
        let last = all.first().map(|output| output.attempt);
        all.retain(|output| Some(output.attempt) == last);
        Ok(all)
    }
}

fn key(log: LogName) -> (JobId, u32, i64) {
    (log.job, log.attempt, stream_code(log.stream))
}

fn check_takes_output(tx: &mut Tx<'_>, job: JobId, attempt: u32) -> Result<()> {
    let row = row::load(tx, [job])?.into_iter().next();
    verdict::check_takes_output(row.as_ref(), job, attempt)
}

fn add_to_log(tx: &mut Tx<'_>, append: &LogAppend) -> Result<LogPosition> {
    let (job, attempt, stream) = key(append.log);
    check_takes_output(tx, job, attempt)?;
    let before = position(tx.connection(), append.log)?.unwrap_or_default();
    if before.location.is_some() || before.complete {
        return Ok(before);
    }
    let known = before.size.saturating_sub(append.offset);
    if append.offset > before.size {
        let size = before.size;
        return Err(Error::Conflict(format!("the log has {size} bytes, the chunk begins at {}", append.offset)));
    }
    let new = append.bytes.get(usize::try_from(known).unwrap_or(usize::MAX)..).unwrap_or_default();
    let size = before.size + new.len() as u64;
    if !new.is_empty() {
        tx.execute(&ADD_CHUNK, params![job, attempt, stream, before.size, new.to_vec()])?;
    }
    tx.execute(&SET_LOG, params![job, attempt, stream, size, append.complete])?;
    tx.changes().logs.insert(append.log);
    Ok(LogPosition { size, complete: append.complete, location: None })
}

fn position(connection: &mut dyn Connection, log: LogName) -> Result<Option<LogPosition>> {
    let (job, attempt, stream) = key(log);
    let row = connection.query_one(&LOG, params![job, attempt, stream])?;
    row.map(|row| {
        let location = if row.is_null(2) { None } else { Some(row.text(2)?) };
        Ok(LogPosition { size: row.count(0)?, complete: row.int(1)? != 0, location })
    })
    .transpose()
}

fn bytes_from(connection: &mut dyn Connection, log: LogName, offset: u64, max: u64) -> Result<Vec<u8>> {
    let (job, attempt, stream) = key(log);
    let inline = connection.query_one(&LOG_INLINE, params![job, attempt, stream])?;
    if let Some(Row(values)) = &inline
        && let Some(Value::Bytes(bytes)) = values.first()
    {
        return Ok(cut(bytes, offset, max).to_vec());
    }
    let begin = connection.query_one(&CHUNK_BEFORE, params![job, attempt, stream, offset])?;
    let mut begin = begin.map_or(Ok(0), |row| row.count(0))?;
    let mut found = Vec::new();
    loop {
        let rows = connection.query(&CHUNKS, params![job, attempt, stream, begin, CHUNKS_AT_ONCE])?;
        for row in &rows {
            let (start, bytes) = (row.count(0)?, row.bytes(1)?);
            found.extend_from_slice(cut(&bytes, offset.max(start) - start, max - found.len() as u64));
            begin = start + 1;
        }
        if (rows.len() as i64) < CHUNKS_AT_ONCE || found.len() as u64 >= max {
            return Ok(found);
        }
    }
}

fn cut(bytes: &[u8], from: u64, max: u64) -> &[u8] {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
    let to = from.saturating_add(usize::try_from(max).unwrap_or(usize::MAX)).min(bytes.len());
    &bytes[from..to]
}

fn output_of(row: &Row) -> Result<JobOutput> {
    Ok(JobOutput {
        job: JobId(row.int(0)?),
        attempt: row.small(1)?,
        name: row.text(2)?,
        location: row.text(3)?,
        bytes: row.count(4)?,
    })
}

fn stream_of(code: i64) -> Result<LogStream> {
    let known = [LogStream::Stdout, LogStream::Stderr].into_iter().find(|stream| stream_code(*stream) == code);
    known.ok_or_else(|| Error::Corrupt(format!("{code} is no output of a job")))
}

/// The number by which a stream is stored.
pub(crate) fn stream_code(stream: LogStream) -> i64 {
    match stream {
        LogStream::Stdout => 1,
        LogStream::Stderr => 2,
    }
}
