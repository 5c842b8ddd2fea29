//! Jobs that ended long ago: one partition (PostgreSQL) or file (SQLite) for each day of end, dropped whole.

pub(crate) mod copies;
pub(crate) mod day;
pub(crate) mod forget;
pub(crate) mod size;

use self::day::{day_name, existing, write_file};
use crate::engine::{Connection, Row, Value, params, statements};
use crate::jobs::row::{JobRow, job_columns};
use crate::tx::Tx;
use crate::{Result, Store};
use model::{JobId, Time};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

pub(crate) const DAY_MS: i64 = 86_400_000;
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
    IS_LIVE = "SELECT id FROM job WHERE id = ?1", arrays "SELECT id FROM job WHERE id = ANY(?1::bigint[])";
    PARTITION_JOB = "SELECT 1" => concat!("SELECT ", job_columns!(), " FROM archive_job WHERE id = ?1");
    PARTITION_COUNTS = "SELECT 1" => "SELECT state, COUNT(*) FROM archive_job WHERE id BETWEEN ?1 AND ?2 GROUP BY state";
    PARTITION_FAILED = "SELECT 1" => concat!("SELECT ", job_columns!(), " FROM archive_job WHERE id BETWEEN ?1 AND ?2 \
        AND state >= 8 ORDER BY id LIMIT ?3");
    PARTITION_TAKE = "SELECT 1", arrays "DELETE FROM archive_job WHERE id = ANY(?1::bigint[]) RETURNING id";
    PARTITION_IS_THERE = "SELECT 1" => "SELECT CAST(1 AS BIGINT) WHERE to_regclass(?1) IS NOT NULL";
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
        // A backup copies the files of the archive one after the other and must find them as they were.
        let Ok(mut from) = self.inner.archive_from.try_lock() else { return Ok(Archived::default()) };
        self.delete_copies().await?;
        let dropping = self.read(forget::dropping).await?.map(|dropping| dropping.day);
        let looked =
            self.rows(&LOOK_AT, params![*from, LOOK].to_vec(), |row| Ok((row.int(0)?, row.int(1)?, row.opt_int(2)?)));
        let looked = looked.await?;
        let ended: Vec<(i64, i64)> = looked
            .iter()
            .filter(|(_, state, _)| *state >= FINISHED)
            .filter_map(|(id, _, ended)| ended.filter(|at| *at < before.0).map(|at| (*id, at)))
            .filter(|(_, ended)| Some(day_of(*ended)) != dropping)
            .collect();
        for chunk in ended.chunks(MOVE) {
            // Noted before anything lies in a file, so that copies left by a crash are found.
            let (noted, archive) = (chunk.to_vec(), self.archive_reader());
            self.write(move |tx| archive.note(tx, &noted)).await?;
            let (ids, archive) = (chunk.iter().map(|(id, _)| *id).collect::<Vec<_>>(), self.archive_reader());
            self.write(move |tx| archive.take_in(tx, &ids)).await?;
        }
        let more = looked.len() as i64 == LOOK;
        *from = looked.last().filter(|_| more).map_or(0, |(id, _, _)| *id);
        Ok(Archived { jobs: ended.len() as u64, more })
    }

    /// Brings archived jobs that did not finish back among the others.
    pub(crate) async fn unarchive(&self, first: i64, last: i64) -> Result<()> {
        let mut from = first;
        while from <= last {
            let archive = self.archive_reader();
            let found = self.read(move |connection| archive.failed(connection, from, last)).await?;
            let Some(highest) = found.iter().map(|row| row.id).max() else { break };
            let (more, archive) = (found.len() >= MOVE, self.archive_reader());
            self.write(move |tx| archive.bring_back(tx, &found)).await?;
            from = if more { highest + 1 } else { last + 1 };
        }
        // What is left in the files while a backup copies them is deleted by the next pass of the archive.
        match self.inner.archive_from.try_lock() {
            Ok(_files_stay) => self.delete_copies().await,
            Err(_) => Ok(()),
        }
    }

    /// Deletes jobs that live from the files of the archive, where a move between the two left them.
    async fn delete_copies(&self) -> Result<()> {
        let Some(directory) = self.inner.directory.clone() else { return Ok(()) };
        if self.read(copies::noted).await?.is_empty() {
            return Ok(());
        }
        self.inner.writer.alone(move |connection| copies::delete(connection, &directory)).await
    }

    pub(crate) fn archive_reader(&self) -> ArchiveReader {
        ArchiveReader { directory: self.inner.directory.clone() }
    }
}

/// An archived row as it is stored.
pub(crate) struct Stored {
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

    pub(crate) fn failed(&self, connection: &mut dyn Connection, first: i64, last: i64) -> Result<Vec<Stored>> {
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

    /// Notes where jobs, given as (id, end), will lie.
    pub(crate) fn note(&self, tx: &mut Tx<'_>, jobs: &[(i64, i64)]) -> Result<()> {
        for (day, (first, last)) in days_of(jobs) {
            tx.execute(&ADD_DAY, params![day, first, last])?;
        }
        match self.directory {
            Some(_) => copies::note(tx, jobs.iter().map(|(id, ended)| (day_of(*ended), *id))),
            None => Ok(()),
        }
    }

    /// Copies jobs that were noted into the archive, then deletes them.
    pub(crate) fn take_in(&self, tx: &mut Tx<'_>, ids: &[i64]) -> Result<()> {
        let rows = tx.query_many(&ROWS_TO_MOVE, &keys(ids))?.into_iter().map(stored);
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let rows = match self.directory {
            Some(_) => copies::settle(tx, rows, |row| (row.day, row.id))?,
            None => rows,
        };
        let mut by_day: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
        rows.into_iter().for_each(|row| by_day.entry(row.day).or_default().push(row));
        for (day, rows) in by_day {
            let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
            let values: Vec<Vec<Value>> = rows.into_iter().map(|row| row.values).collect();
            match &self.directory {
                // Beside the transaction, and repeatable: a copy that it does not confirm stays noted.
                Some(directory) => write_file(directory, day, &day::DAY_ADD, &values)?,
                None => {
                    make_partition(tx.connection(), day)?;
                    tx.execute_many(&TO_PARTITION, &values)?;
                }
            }
            tx.execute_many(&DELETE_JOBS, &keys(&ids))?;
        }
        Ok(())
    }

    /// Puts archived rows back, but for those of days that are being dropped. On SQLite their copies stay in the files,
    /// noted, until this is committed.
    pub(crate) fn bring_back(&self, tx: &mut Tx<'_>, rows: &[Stored]) -> Result<()> {
        let there = self.still_there(tx, rows)?;
        let rows: Vec<&Stored> = rows.iter().filter(|row| there.contains(&row.id)).collect();
        let values: Vec<Vec<Value>> = rows.iter().map(|row| row.values.clone()).collect();
        tx.execute_many(&BRING_BACK, &values)?;
        match self.directory {
            Some(_) => copies::note(tx, rows.iter().map(|row| (row.day, row.id))),
            None => Ok(()),
        }
    }

    fn still_there(&self, tx: &mut Tx<'_>, rows: &[Stored]) -> Result<HashSet<i64>> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        if self.directory.is_none() {
            return tx.take_many(&PARTITION_TAKE, &keys(&ids))?.iter().map(|row| row.int(0)).collect();
        }
        let days = tx.query(&DAYS, &[])?.iter().map(|row| row.int(0)).collect::<Result<BTreeSet<_>>>()?;
        Ok(rows.iter().filter(|row| days.contains(&row.day)).map(|row| row.id).collect())
    }
}

/// Days of jobs given as (id, end), with the lowest and highest id of each.
fn days_of(jobs: &[(i64, i64)]) -> BTreeMap<i64, (i64, i64)> {
    let mut days = BTreeMap::new();
    for (id, ended) in jobs {
        let ends = days.entry(day_of(*ended)).or_insert((*id, *id));
        *ends = (ends.0.min(*id), ends.1.max(*id));
    }
    days
}

fn day_of(ended: i64) -> i64 {
    ended.div_euclid(DAY_MS)
}

pub(crate) fn keys(ids: &[i64]) -> Vec<Vec<Value>> {
    ids.iter().map(|id| params![*id].to_vec()).collect()
}

fn stored(row: Row) -> Result<Stored> {
    let ended = row.opt_int(13)?.unwrap_or_default();
    Ok(Stored { id: row.int(0)?, day: day_of(ended), values: row.0 })
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

fn partition_name(day: i64) -> Result<String> {
    Ok(format!("archive_job_{}", day_name(day)?.replace('-', "_")))
}

/// Makes the partition of a day when it is missing. Attached, not made as a partition: that would wait for everybody who
/// reads the archive, such as a backup, and let everybody wait behind it.
pub(crate) fn make_partition(connection: &mut dyn Connection, day: i64) -> Result<()> {
    let name = partition_name(day)?;
    if connection.query_one(&PARTITION_IS_THERE, params![&name])?.is_some() {
        return Ok(());
    }
    connection.run(&format!(
        "CREATE TABLE {name} (LIKE archive_job INCLUDING ALL); \
         ALTER TABLE archive_job ATTACH PARTITION {name} FOR VALUES FROM ({}) TO ({})",
        day * DAY_MS,
        (day + 1) * DAY_MS
    ))
}
