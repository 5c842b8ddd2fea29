//! Jobs that may lie in a day's file and in the database at the same time (SQLite).
//!
//! The two files have no commit in common. A job on its way between them is therefore noted in the database before it is
//! copied; whatever breaks off in between, what is noted and lives in the database is deleted from the day's file later.

use super::day::{DAY_DELETE, exists, write_file};
use super::{IS_LIVE, keys};
use crate::engine::{Connection, params, statements};
use crate::meta::{META, SET_META};
use crate::tx::Tx;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Name of the note.
const NOTE: &str = "archive_copies";

statements! {
    DROP_NOTE = "DELETE FROM meta WHERE name = ?1";
}

/// Ids by day.
pub(super) type Copies = BTreeMap<i64, BTreeSet<i64>>;

/// What is noted.
pub(super) fn noted(connection: &mut dyn Connection) -> Result<Copies> {
    match connection.query_one(&META, params![NOTE])? {
        Some(row) => serde_json::from_slice(&row.bytes(0)?).map_err(|error| Error::Corrupt(error.to_string())),
        None => Ok(Copies::new()),
    }
}

/// Notes jobs given as (day, id).
pub(super) fn note(tx: &mut Tx<'_>, jobs: impl IntoIterator<Item = (i64, i64)>) -> Result<()> {
    let mut copies = noted(tx.connection())?;
    for (day, id) in jobs {
        copies.entry(day).or_default().insert(id);
    }
    write(tx, &copies)
}

/// Keeps those jobs that are noted, and notes them no more.
pub(super) fn settle<T>(tx: &mut Tx<'_>, mut jobs: Vec<T>, place: fn(&T) -> (i64, i64)) -> Result<Vec<T>> {
    let mut copies = noted(tx.connection())?;
    jobs.retain(|job| {
        let (day, id) = place(job);
        copies.get_mut(&day).is_some_and(|ids| ids.remove(&id))
    });
    write(tx, &copies)?;
    Ok(jobs)
}

fn write(tx: &mut Tx<'_>, copies: &Copies) -> Result<()> {
    if copies.values().all(BTreeSet::is_empty) {
        return tx.execute(&DROP_NOTE, params![NOTE]).map(|_| ());
    }
    let json = serde_json::to_vec(copies).map_err(|error| Error::Corrupt(error.to_string()))?;
    tx.execute(&SET_META, params![NOTE, json]).map(|_| ())
}

/// Deletes what is noted and lives from the files. Runs between group commits, so that only what is committed counts.
pub(crate) fn delete(connection: &mut dyn Connection, directory: &Path) -> Result<()> {
    let copies = noted(connection)?;
    for (day, ids) in copies {
        let ids: Vec<i64> = ids.into_iter().collect();
        let live = connection.query_many(&IS_LIVE, &keys(&ids))?;
        let live = live.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
        if !live.is_empty() && exists(directory, day)? {
            write_file(directory, day, &DAY_DELETE, &keys(&live))?;
        }
    }
    connection.execute(&DROP_NOTE, params![NOTE]).map(|_| ())
}
