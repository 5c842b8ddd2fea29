//! The files of the archive on SQLite: one for each day, with one table.

use super::insert;
use crate::engine::sqlite::{Purpose, Sqlite};
use crate::engine::{Connection, Sql, Value, statements};
use crate::jobs::row::job_columns;
use crate::{Error, Result};
use std::path::Path;

statements! {
    DAY_ADD = insert!("INSERT OR REPLACE", "job", "");
    DAY_JOB = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1");
    DAY_COUNTS = "SELECT state, COUNT(*) FROM job WHERE id BETWEEN ?1 AND ?2 GROUP BY state";
    DAY_FAILED = concat!("SELECT ", job_columns!(), " FROM job WHERE id BETWEEN ?1 AND ?2 AND state >= 8 ORDER BY id \
        LIMIT ?3");
    DAY_NEXT = concat!("SELECT ", job_columns!(), " FROM job WHERE id > ?1 ORDER BY id LIMIT ?2");
    DAY_DELETE = "DELETE FROM job WHERE id = ?1";
}

/// The schema of a day's file.
pub(crate) const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, submission, lane, state, in_array, \
    attempt, failures, losses, outcome, pilot, incarnation, sent, started, ended, exit_code, signal, error_class, \
    wall_ms, cpu_ms, max_rss_kib, message)";

/// A day as it is written in names.
pub(super) fn day_name(day: i64) -> Result<String> {
    let begin = jiff::Timestamp::from_millisecond(day * super::DAY_MS).map_err(|e| Error::Corrupt(e.to_string()))?;
    Ok(begin.strftime("%Y-%m-%d").to_string())
}

/// The name of a day's file.
pub(crate) fn file_name(day: i64) -> Result<String> {
    Ok(format!("archive-{}.db", day_name(day)?))
}

/// Whether there is a file of a day.
pub(super) fn exists(directory: &Path, day: i64) -> Result<bool> {
    Ok(directory.join(file_name(day)?).exists())
}

/// The file of a day, if there is one. Not opened for reading only: a commit that was broken off is rolled back first,
/// by whoever comes next.
pub(super) fn existing(directory: &Path, day: i64) -> Result<Option<Sqlite>> {
    let path = directory.join(file_name(day)?);
    if exists(directory, day)? { Sqlite::open(&path, Purpose::ExistingArchive).map(Some) } else { Ok(None) }
}

/// Runs a statement for all rows in one commit of a day's file, which is made when it is missing.
pub(super) fn write_file(directory: &Path, day: i64, sql: &Sql, rows: &[Vec<Value>]) -> Result<()> {
    let mut file = Sqlite::open(&directory.join(file_name(day)?), Purpose::Archive)?;
    file.run(SCHEMA)?;
    file.begin()?;
    match file.execute_many(sql, rows) {
        Ok(_) => file.commit(),
        Err(error) => {
            file.rollback();
            Err(error)
        }
    }
}
