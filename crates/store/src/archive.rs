//! Jobs that ended long ago: one partition (PostgreSQL) or file (SQLite) for each day of end, dropped whole.

pub(crate) mod day;

use self::day::{day_name, existing, file_name, write_file};
use crate::engine::{Connection, Engine, Row, Value, params, statements};
use crate::jobs::row::{JobRow, job_columns};
use crate::store::blocking;
use crate::tx::{Counted, Tx};
use crate::{Error, Result, Store};
use model::{JobId, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

const DAY_MS: i64 = 86_400_000;
/// The number of the first state of jobs that have ended.
const FINISHED: i64 = 7;
/// Rows of jobs that one step looks at.
const LOOK: i64 = 5000;
/// Jobs that one step moves, brings back or drops.
const MOVE: usize = 1000;

/// An insert of a whole row.
macro_rules! insert {
    ($verb:literal, $table:literal, $rest:literal) => {
        concat!(
            $verb,
            " INTO ",
            $table,
            " (",
            job_columns!(),
            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
            $rest
        )
    };
}

use insert;

statements! {
    LOOK_AT = "SELECT id, state, ended FROM job WHERE id > ?1 ORDER BY id LIMIT ?2";
    ROWS_TO_MOVE = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1 AND state >= 7"),
        arrays concat!("SELECT ", job_columns!(), " FROM job WHERE id = ANY(?1::bigint[]) AND state >= 7 ORDER BY id FOR UPDATE");
    DELETE_JOBS = "DELETE FROM job WHERE id = ?1", arrays "DELETE FROM job WHERE id = ANY(?1::bigint[])";
    BRING_BACK = insert!("INSERT", "job", " ON CONFLICT (id) DO NOTHING");
    TO_PARTITION = "SELECT 1" => insert!("INSERT", "archive_job", " ON CONFLICT (ended, id) DO NOTHING");
    ADD_DAY = "INSERT INTO archive_day (day, first, last) VALUES (?1, ?2, ?3) ON CONFLICT (day) DO UPDATE SET \
            first = MIN(archive_day.first, excluded.first), last = MAX(archive_day.last, excluded.last)"
        => "INSERT INTO archive_day (day, first, last) VALUES (?1, ?2, ?3) ON CONFLICT (day) DO UPDATE SET \
            first = LEAST(archive_day.first, excluded.first), last = GREATEST(archive_day.last, excluded.last)";
    DAYS = "SELECT day, first, last FROM archive_day ORDER BY day";
    DROP_DAY = "DELETE FROM archive_day WHERE day = ?1";
    IS_LIVE = "SELECT 1 FROM job WHERE id = ?1" => "SELECT CAST(1 AS BIGINT) FROM job WHERE id = ?1";
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
    OLD_KEYS = "DELETE FROM idempotency WHERE made < ?1";
    OLD_THROUGHPUT = "DELETE FROM throughput WHERE minute < ?1";
    OLD_COMMANDS = "DELETE FROM command WHERE id IN (SELECT id FROM (SELECT id, expires FROM command ORDER BY id \
        LIMIT 1000) AS oldest WHERE expires < ?1)";
    OLD_DECISIONS = "DELETE FROM decision WHERE id IN (SELECT id FROM (SELECT id, last_time FROM decision ORDER BY id \
        LIMIT 1000) AS oldest WHERE last_time < ?1)";
    EMPTY_LANES = "DELETE FROM lane WHERE id IN (SELECT id FROM lane WHERE defined = 0 AND activated = 0 AND sent = 0 \
        AND starting = 0 AND running = 0 AND holding = 0 AND transferring = 0 AND finished = 0 AND failed = 0 \
        AND cancelled = 0 AND closed = 0 ORDER BY id LIMIT 1000) AND defined = 0 AND activated = 0 AND sent = 0 \
        AND starting = 0 AND running = 0 AND holding = 0 AND transferring = 0 AND finished = 0 AND failed = 0 \
        AND cancelled = 0 AND closed = 0";
    PARTITION_JOB = "SELECT 1" => concat!("SELECT ", job_columns!(), " FROM archive_job WHERE id = ?1");
    PARTITION_COUNTS = "SELECT 1" => "SELECT state, COUNT(*) FROM archive_job WHERE id BETWEEN ?1 AND ?2 GROUP BY state";
    PARTITION_FAILED = "SELECT 1" => concat!("SELECT ", job_columns!(), " FROM archive_job WHERE id BETWEEN ?1 AND ?2 \
        AND state >= 8 ORDER BY id LIMIT ?3");
    PARTITION_NEXT = "SELECT 1" => concat!("SELECT ", job_columns!(), " FROM archive_job WHERE ended >= ?1 AND ended < ?2 \
        AND id > ?3 ORDER BY id LIMIT ?4");
    PARTITION_DELETE = "SELECT 1" => "DELETE FROM archive_job WHERE id = ?1";
}

/// What one call of [`Store::archive`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Jobs moved.
    pub jobs: u64,
    /// There may be more to move at once.
    pub more: bool,
}

/// The way to archived jobs.
#[derive(Clone)]
pub(crate) struct ArchiveReader {
    directory: Option<PathBuf>,
}

impl Store {
    /// Moves up to a few thousand jobs that ended before `before` into the archive of their day of end. Goes on where
    /// the last call stopped and begins again at the end.
    pub async fn archive(&self, before: Time) -> Result<Archived> {
        let from = self.inner.archive_from.load(Ordering::Relaxed);
        let looked =
            self.rows(&LOOK_AT, params![from, LOOK].to_vec(), |row| Ok((row.int(0)?, row.int(1)?, row.opt_int(2)?)));
        let looked = looked.await?;
        let ended: Vec<(i64, i64)> = looked
            .iter()
            .filter(|(_, state, _)| *state >= FINISHED)
            .filter_map(|(id, _, ended)| ended.filter(|at| *at < before.0).map(|at| (*id, at)))
            .collect();
        for chunk in ended.chunks(MOVE) {
            // The days are known before anything lies in them, so that a copy left by a crash is found.
            let days = days_of(chunk);
            self.write(move |tx| days.iter().try_for_each(|(day, ids)| add_day(tx, *day, *ids))).await?;
            let (ids, archive) = (chunk.iter().map(|(id, _)| *id).collect::<Vec<_>>(), self.archive_reader());
            self.write(move |tx| archive.take_in(tx, &ids)).await?;
        }
        let more = looked.len() as i64 == LOOK;
        let next = looked.last().filter(|_| more).map_or(0, |(id, _, _)| *id);
        self.inner.archive_from.store(next, Ordering::Relaxed);
        Ok(Archived { jobs: ended.len() as u64, more })
    }

    /// Drops whole days of the archive that ended before `before`, with their logs' records. Returns the object store
    /// locations that nothing refers to any more.
    pub async fn drop_archive(&self, before: Time) -> Result<Vec<String>> {
        let days = self.rows(&DAYS, Vec::new(), |row| row.int(0)).await?;
        let mut places = Vec::new();
        for day in days.into_iter().filter(|day| (day + 1) * DAY_MS <= before.0) {
            let mut after = 0;
            loop {
                let archive = self.archive_reader();
                let (last, found) = self.write(move |tx| archive.forget_some(tx, day, after)).await?;
                places.extend(found);
                match last {
                    Some(last) => after = last,
                    None => break,
                }
            }
            let archive = self.archive_reader();
            self.write(move |tx| {
                tx.execute(&DROP_DAY, params![day])?;
                archive.drop_partition(tx, day)
            })
            .await?;
            let archive = self.archive_reader();
            blocking(move || archive.remove_file(day)).await?;
        }
        Ok(places)
    }

    /// Deletes what is of no use any more: idempotency keys after a day, throughput after two hours, commands a week
    /// after their expiry, decisions after thirty days, lanes without any job.
    pub async fn prune(&self, now: Time) -> Result<u64> {
        self.write(move |tx| {
            let keys = tx.execute(&OLD_KEYS, params![now.0 - DAY_MS])?;
            let minutes = tx.execute(&OLD_THROUGHPUT, params![now.0.div_euclid(60_000) - 120])?;
            let commands = tx.execute(&OLD_COMMANDS, params![now.0 - 7 * DAY_MS])?;
            let decisions = tx.execute(&OLD_DECISIONS, params![now.0 - 30 * DAY_MS])?;
            let lanes = tx.execute(&EMPTY_LANES, &[])?;
            Ok(keys + minutes + commands + decisions + lanes)
        })
        .await
    }

    /// Brings archived jobs that did not finish back among the others.
    pub(crate) async fn unarchive(&self, first: i64, last: i64) -> Result<()> {
        let mut from = first;
        while from <= last {
            let archive = self.archive_reader();
            let found = self.read(move |connection| archive.failed(connection, from, last)).await?;
            let Some(highest) = found.iter().map(|row| row.id).max() else { return Ok(()) };
            let (more, archive) = (found.len() >= MOVE, self.archive_reader());
            self.write(move |tx| archive.bring_back(tx, &found)).await?;
            from = if more { highest + 1 } else { last + 1 };
        }
        Ok(())
    }

    pub(crate) fn archive_reader(&self) -> ArchiveReader {
        ArchiveReader { directory: self.inner.directory.clone() }
    }
}

/// An archived row as it is stored.
struct Stored {
    id: i64,
    day: i64,
    values: Vec<Value>,
}

impl ArchiveReader {
    /// An archived job.
    pub(crate) fn job(&self, connection: &mut dyn Connection, id: JobId) -> Result<Option<JobRow>> {
        let Some(directory) = &self.directory else {
            return connection.query_one(&PARTITION_JOB, params![id])?.map(|row| JobRow::of(&row)).transpose();
        };
        for day in days(connection, id.0, id.0)? {
            if let Some(mut file) = existing(directory, day)?
                && let Some(row) = (&mut file as &mut dyn Connection).query_one(&day::DAY_JOB, params![id])?
            {
                return JobRow::of(&row).map(Some);
            }
        }
        Ok(None)
    }

    /// Archived jobs by state, as rows of state and count.
    pub(crate) fn counts(&self, connection: &mut dyn Connection, first: i64, last: i64) -> Result<Vec<Row>> {
        let Some(directory) = &self.directory else {
            return connection.query(&PARTITION_COUNTS, params![first, last]);
        };
        let mut found = Vec::new();
        for day in days(connection, first, last)? {
            if let Some(mut file) = existing(directory, day)? {
                found.extend(file.query(&day::DAY_COUNTS, params![first, last])?);
            }
        }
        Ok(found)
    }

    fn failed(&self, connection: &mut dyn Connection, first: i64, last: i64) -> Result<Vec<Stored>> {
        let limit = MOVE as i64;
        let mut rows = Vec::new();
        match &self.directory {
            None => rows = connection.query(&PARTITION_FAILED, params![first, last, limit])?,
            Some(directory) => {
                for day in days(connection, first, last)? {
                    if let Some(mut file) = existing(directory, day)? {
                        rows.extend(file.query(&day::DAY_FAILED, params![first, last, limit])?);
                    }
                }
            }
        }
        let mut found = rows.into_iter().map(stored).collect::<Result<Vec<_>>>()?;
        found.sort_by_key(|row| row.id);
        found.truncate(MOVE);
        Ok(found)
    }

    /// Copies jobs into the archive, then deletes them: a crash in between leaves a copy that is written again.
    pub(crate) fn take_in(&self, tx: &mut Tx<'_>, ids: &[i64]) -> Result<()> {
        let rows = tx.query_many(&ROWS_TO_MOVE, &keys(ids))?;
        let mut by_day: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
        for row in rows {
            let row = stored(row)?;
            by_day.entry(row.day).or_default().push(row);
        }
        for (day, rows) in by_day {
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            let values: Vec<Vec<Value>> = rows.into_iter().map(|row| row.values).collect();
            match &self.directory {
                Some(directory) => write_file(directory, day, &day::DAY_ADD, &values)?,
                None => {
                    tx.connection().run(&partition(day))?;
                    tx.execute_many(&TO_PARTITION, &values)?;
                }
            }
            tx.execute_many(&DELETE_JOBS, &keys(&ids))?;
        }
        Ok(())
    }

    fn bring_back(&self, tx: &mut Tx<'_>, rows: &[Stored]) -> Result<()> {
        let values: Vec<Vec<Value>> = rows.iter().map(|row| row.values.clone()).collect();
        tx.execute_many(&BRING_BACK, &values)?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let Some(directory) = &self.directory else {
            return tx.execute_many(&PARTITION_DELETE, &keys(&ids)).map(|_| ());
        };
        let days: BTreeSet<i64> = rows.iter().map(|row| row.day).collect();
        for day in days {
            let of_day: Vec<i64> = rows.iter().filter(|row| row.day == day).map(|row| row.id).collect();
            write_file(directory, day, &day::DAY_DELETE, &keys(&of_day))?;
        }
        Ok(())
    }

    /// Forgets some jobs of a day that is about to be dropped: their logs, attempts and counters. Returns the last id,
    /// if there was one, and the places in the object store.
    fn forget_some(&self, tx: &mut Tx<'_>, day: i64, after: i64) -> Result<(Option<i64>, Vec<String>)> {
        let limit = MOVE as i64;
        let rows = match &self.directory {
            None => tx.query(&PARTITION_NEXT, params![day * DAY_MS, (day + 1) * DAY_MS, after, limit])?,
            Some(directory) => match existing(directory, day)? {
                Some(mut file) => file.query(&day::DAY_NEXT, params![after, limit])?,
                None => Vec::new(),
            },
        };
        let rows = rows.iter().map(JobRow::of).collect::<Result<Vec<_>>>()?;
        let ids: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
        let mut places = Vec::new();
        for sql in [&LOG_PLACES, &OUTPUT_PLACES] {
            for row in tx.query_many(sql, &keys(&ids))? {
                places.push(row.text(0)?);
            }
        }
        for sql in [&DROP_LOGS, &DROP_LOG_CHUNKS, &DROP_OUTPUTS, &DROP_ATTEMPTS] {
            tx.execute_many(sql, &keys(&ids))?;
        }
        uncount(tx, &rows)?;
        // Deleted as they are forgotten, so that a crash in between uncounts nothing twice; the rest goes as a whole.
        match &self.directory {
            None => tx.execute_many(&PARTITION_DELETE, &keys(&ids)).map(|_| ())?,
            Some(directory) if !ids.is_empty() => write_file(directory, day, &day::DAY_DELETE, &keys(&ids))?,
            Some(_) => {}
        }
        Ok((ids.last().copied(), places))
    }

    fn drop_partition(&self, tx: &mut Tx<'_>, day: i64) -> Result<()> {
        if tx.engine() == Engine::Postgres {
            tx.connection().run(&format!("DROP TABLE IF EXISTS archive_job_{}", day_name(day)?.replace('-', "_")))?;
        }
        Ok(())
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

/// Days of jobs given as (id, end), with the lowest and highest id of each.
pub(crate) fn days_of(jobs: &[(i64, i64)]) -> BTreeMap<i64, (i64, i64)> {
    let mut days = BTreeMap::new();
    for (id, ended) in jobs {
        let ends = days.entry(ended.div_euclid(DAY_MS)).or_insert((*id, *id));
        *ends = (ends.0.min(*id), ends.1.max(*id));
    }
    days
}

/// Notes that ids of this range may lie in the archive of a day.
pub(crate) fn add_day(tx: &mut Tx<'_>, day: i64, (first, last): (i64, i64)) -> Result<()> {
    tx.execute(&ADD_DAY, params![day, first, last]).map(|_| ())
}

fn uncount(tx: &mut Tx<'_>, rows: &[JobRow]) -> Result<()> {
    let mut single = Vec::new();
    for row in rows {
        if tx.query_one(&IS_LIVE, params![row.id])?.is_some() {
            continue;
        }
        // An array keeps its own counters: they tell what became of it, and go with its submission.
        tx.count_gone(Counted { lane: row.lane, array: None }, row.state, 1);
        if !row.array {
            single.push(row.submission.0);
        }
    }
    tx.execute_many(&DROP_SUBMISSIONS, &keys(&single)).map(|_| ())
}

fn keys(ids: &[i64]) -> Vec<Vec<Value>> {
    ids.iter().map(|id| params![*id].to_vec()).collect()
}

fn stored(row: Row) -> Result<Stored> {
    let ended = row.opt_int(13)?.unwrap_or_default();
    Ok(Stored { id: row.int(0)?, day: ended.div_euclid(DAY_MS), values: row.0 })
}

/// Days of the archive that may hold ids of `first..=last`.
fn days(connection: &mut dyn Connection, first: i64, last: i64) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    for row in connection.query(&DAYS, &[])? {
        if row.int(1)? <= last && row.int(2)? >= first {
            found.push(row.int(0)?);
        }
    }
    Ok(found)
}

pub(crate) fn partition(day: i64) -> String {
    let name = day_name(day).unwrap_or_default().replace('-', "_");
    format!(
        "CREATE TABLE IF NOT EXISTS archive_job_{name} PARTITION OF archive_job FOR VALUES FROM ({}) TO ({})",
        day * DAY_MS,
        (day + 1) * DAY_MS
    )
}
