//! Dropping what ended long ago: whole days of the archive, and jobs that were killed before they ran.

use super::day::{self, existing, file_name};
use super::{ArchiveReader, DAY_MS, DAYS, IS_LIVE, MOVE, keys, partition_name};
use crate::engine::{Connection, Value, params, statements};
use crate::jobs::lane;
use crate::jobs::range::{self, LOCK_SPLITTING, Range, range_columns};
use crate::jobs::row::{JobRow, job_columns};
use crate::meta::{META, SET_META};
use crate::store::blocking;
use crate::tx::{Counted, Tx};
use crate::{Error, Result, Store, discarded};
use model::{JobState, Time};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Name of the note about the day that is being dropped.
const NOTE: &str = "archive_dropping";
/// The states in which jobs end without having run.
const NEVER_RAN: [JobState; 2] = [JobState::Cancelled, JobState::Closed];

statements! {
    DROP_DAY = "DELETE FROM archive_day WHERE day = ?1";
    DROPPED = "DELETE FROM meta WHERE name = ?1";
    LOG_PLACES = "SELECT location FROM job_log WHERE job = ?1 AND location IS NOT NULL",
        arrays "SELECT location FROM job_log WHERE job = ANY(?1::bigint[]) AND location IS NOT NULL";
    OUTPUT_PLACES = "SELECT location FROM job_output WHERE job = ?1",
        arrays "SELECT location FROM job_output WHERE job = ANY(?1::bigint[])";
    DROP_LOGS = "DELETE FROM job_log WHERE job = ?1", arrays "DELETE FROM job_log WHERE job = ANY(?1::bigint[])";
    DROP_LOG_CHUNKS = "DELETE FROM job_log_chunk WHERE job = ?1",
        arrays "DELETE FROM job_log_chunk WHERE job = ANY(?1::bigint[])";
    DROP_OUTPUTS = "DELETE FROM job_output WHERE job = ?1",
        arrays "DELETE FROM job_output WHERE job = ANY(?1::bigint[])";
    DROP_ATTEMPTS = "DELETE FROM attempt WHERE job = ?1", arrays "DELETE FROM attempt WHERE job = ANY(?1::bigint[])";
    DROP_SUBMISSIONS = "DELETE FROM submission WHERE id = ?1",
        arrays "DELETE FROM submission WHERE id = ANY(?1::bigint[])";
    PARTITION_NEXT = "SELECT 1" => concat!("SELECT ", job_columns!(), " FROM archive_job WHERE ended >= ?1 AND ended < ?2 \
        AND id > ?3 ORDER BY id LIMIT ?4");
    PARTITION_FORGET = "SELECT 1", arrays "DELETE FROM archive_job WHERE id = ANY(?1::bigint[])";
    ENDED_RANGES = concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?1 AND state = ?2 AND ended < ?3 \
        ORDER BY last LIMIT ?4");
    EMPTY_ARRAYS = "SELECT id FROM array_count WHERE defined = 0 AND activated = 0 AND sent = 0 AND starting = 0 \
        AND running = 0 AND holding = 0 AND transferring = 0 AND finished = 0 AND failed = 0 AND cancelled = 0 \
        AND closed = 0 ORDER BY id LIMIT ?1";
    DROP_ARRAYS = "DELETE FROM array_count WHERE id = ?1", arrays "DELETE FROM array_count WHERE id = ANY(?1::bigint[])";
}

/// The day that is being dropped, and how far that is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Dropping {
    pub(crate) day: i64,
    /// The last job that was forgotten.
    pub(crate) after: i64,
}

/// What was begun and is not finished.
pub(super) fn dropping(connection: &mut dyn Connection) -> Result<Option<Dropping>> {
    let row = connection.query_one(&META, params![NOTE])?;
    row.map(|row| serde_json::from_slice(&row.bytes(0)?).map_err(|error| Error::Corrupt(error.to_string()))).transpose()
}

fn note(tx: &mut Tx<'_>, dropping: Dropping) -> Result<()> {
    let json = serde_json::to_vec(&dropping).map_err(|error| Error::Corrupt(error.to_string()))?;
    tx.execute(&SET_META, params![NOTE, json]).map(|_| ())
}

impl Store {
    /// Forgets what ended before `before`: whole days of the archive with their logs' records, jobs that never ran, and
    /// arrays of which nothing is left. Files in the object store that nothing refers to any more are discarded. Goes on
    /// where a crash or an error broke it off. Returns how many days went.
    pub async fn drop_archive(&self, before: Time, now: Time) -> Result<u64> {
        let Ok(_files_stay) = self.inner.archive_from.try_lock() else { return Ok(0) };
        let mut gone = 0;
        if let Some(begun) = self.read(dropping).await? {
            if !self.drop_day(begun, now).await? {
                return Ok(gone);
            }
            gone += 1;
        }
        let days = self.rows(&DAYS, Vec::new(), |row| row.int(0)).await?;
        for day in days.into_iter().filter(|day| (day + 1) * DAY_MS <= before.0) {
            let begun = Dropping { day, after: 0 };
            // From here on nobody finds the day any more.
            self.write(move |tx| {
                tx.execute(&DROP_DAY, params![day])?;
                note(tx, begun)
            })
            .await?;
            if !self.drop_day(begun, now).await? {
                return Ok(gone);
            }
            gone += 1;
        }
        self.drop_ranges(before).await?;
        self.write(drop_empty_arrays).await?;
        Ok(gone)
    }

    /// Goes on with a day. False when its partition is in use and is to be dropped another time.
    async fn drop_day(&self, mut dropping: Dropping, now: Time) -> Result<bool> {
        loop {
            let archive = self.archive_reader();
            match self.write(move |tx| archive.forget_some(tx, dropping, now)).await? {
                Some(last) => dropping.after = last,
                None => break,
            }
        }
        let archive = self.archive_reader();
        let day = dropping.day;
        let gone = match archive.directory {
            Some(_) => blocking(move || archive.remove_file(day)).await.map(|()| true)?,
            None => self.inner.writer.alone(move |connection| drop_partition(connection, day)).await?,
        };
        if gone {
            self.write(|tx| tx.execute(&DROPPED, params![NOTE])).await?;
        }
        Ok(gone)
    }

    async fn drop_ranges(&self, before: Time) -> Result<()> {
        let lanes = self.read(lane::all_lanes).await?;
        for (lane, state) in lanes.iter().flat_map(|counted| NEVER_RAN.map(|state| (counted, state))) {
            if lane.of(state) == 0 {
                continue;
            }
            let key = params![lane.lane.id, state as i64, before, MOVE as i64].to_vec();
            while !self.rows(&ENDED_RANGES, key.clone(), Range::of).await?.is_empty() {
                let key = key.clone();
                self.write(move |tx| drop_some_ranges(tx, &key)).await?;
            }
        }
        Ok(())
    }
}

impl ArchiveReader {
    /// Forgets some jobs of a day that is being dropped: their logs, attempts and counters. Their files in the object
    /// store are discarded. Returns the last id, if there was one.
    pub(crate) fn forget_some(&self, tx: &mut Tx<'_>, begun: Dropping, now: Time) -> Result<Option<i64>> {
        let Dropping { day, after } = begun;
        let limit = MOVE as i64;
        let rows = match &self.directory {
            None => tx.query(&PARTITION_NEXT, params![day * DAY_MS, (day + 1) * DAY_MS, after, limit])?,
            Some(directory) => match existing(directory, day)? {
                Some(mut file) => file.query(&day::DAY_NEXT, params![after, limit])?,
                None => Vec::new(),
            },
        };
        let mut rows = rows.iter().map(JobRow::of).collect::<Result<Vec<_>>>()?;
        let Some(last) = rows.last().map(|row| row.id.0) else { return Ok(None) };
        let all: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
        let live = tx.query_many(&IS_LIVE, &keys(&all))?;
        let live = live.iter().map(|row| row.int(0)).collect::<Result<HashSet<_>>>()?;
        rows.retain(|row| !live.contains(&row.id.0));
        forget(tx, &rows, now)?;
        // What is forgotten is not counted off twice: it goes, or the note says how far, in the same commit.
        if self.directory.is_none() {
            tx.execute_many(&PARTITION_FORGET, &keys(&all))?;
        }
        note(tx, Dropping { day, after: last })?;
        Ok(Some(last))
    }

    fn remove_file(&self, day: i64) -> Result<()> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let path = directory.join(file_name(day)?);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::Path { path, source }),
            _ => Ok(()),
        }
    }
}

/// Drops the partition of a day. False when somebody reads the archive: who waits for that lets everybody else wait.
fn drop_partition(connection: &mut dyn Connection, day: i64) -> Result<bool> {
    let name = partition_name(day)?;
    connection.begin()?;
    let dropped = connection.run(&format!("SET LOCAL lock_timeout = '100ms'; DROP TABLE IF EXISTS {name}"));
    match dropped.and_then(|()| connection.commit()) {
        Ok(()) => Ok(true),
        Err(error) => {
            connection.rollback();
            if matches!(error, Error::Collision) { Ok(false) } else { Err(error) }
        }
    }
}

fn forget(tx: &mut Tx<'_>, rows: &[JobRow], now: Time) -> Result<()> {
    let ids: Vec<Vec<Value>> = rows.iter().map(|row| params![row.id].to_vec()).collect();
    let mut places = Vec::new();
    for sql in [&LOG_PLACES, &OUTPUT_PLACES] {
        for row in tx.query_many(sql, &ids)? {
            places.push(row.text(0)?);
        }
    }
    discarded::discard(tx, &places, now)?;
    for sql in [&DROP_LOGS, &DROP_LOG_CHUNKS, &DROP_OUTPUTS, &DROP_ATTEMPTS] {
        tx.execute_many(sql, &ids)?;
    }
    rows.iter().for_each(|row| tx.count_gone(row.counted(), row.state, 1));
    drop_single(tx, rows.iter().map(|row| row.counted()).zip(rows.iter().map(|row| row.id.0)))
}

/// Drops the submissions of jobs that are no part of an array: they are those jobs.
fn drop_single(tx: &mut Tx<'_>, jobs: impl Iterator<Item = (Counted, i64)>) -> Result<()> {
    let single: Vec<i64> = jobs.filter(|(counted, _)| counted.array.is_none()).map(|(_, id)| id).collect();
    tx.execute_many(&DROP_SUBMISSIONS, &keys(&single)).map(|_| ())
}

fn drop_some_ranges(tx: &mut Tx<'_>, key: &[Value]) -> Result<()> {
    tx.query(&LOCK_SPLITTING, &[])?;
    let ranges = tx.query(&ENDED_RANGES, key)?.iter().map(Range::of).collect::<Result<Vec<_>>>()?;
    ranges.iter().for_each(|range| tx.count_gone(range.counted(), range.state, range.jobs()));
    drop_single(tx, ranges.iter().map(|range| (range.counted(), range.last)))?;
    range::delete(tx, ranges.iter().map(|range| range.last))
}

/// Drops arrays of which no job is left. Those that this commit counts in are not looked at: what it counts is written
/// at its end.
fn drop_empty_arrays(tx: &mut Tx<'_>) -> Result<()> {
    let empty = tx.query(&EMPTY_ARRAYS, params![MOVE as i64])?;
    let mut empty = empty.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
    empty.retain(|array| !tx.counts_in_array(*array));
    tx.execute_many(&DROP_ARRAYS, &keys(&empty))?;
    tx.execute_many(&DROP_SUBMISSIONS, &keys(&empty)).map(|_| ())
}
