//! How much room the store takes.

use super::DAYS;
use super::day::file_name;
use crate::engine::statements;
use crate::store::blocking;
use crate::{Error, Result, Store};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

statements! {
    SIZE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        => "SELECT pg_database_size(current_database())";
}

impl Store {
    /// Bytes of the database with the archive of jobs, without what SQLite has yet to write into its file.
    pub async fn bytes(&self) -> Result<u64> {
        let database = self.rows(&SIZE, Vec::new(), |row| row.count(0)).await?.into_iter().sum();
        let Some(directory) = self.inner.directory.clone() else { return Ok(database) };
        let days = self.rows(&DAYS, Vec::new(), |row| row.int(0)).await?;
        blocking(move || days.into_iter().try_fold(database, |sum, day| Ok(sum + bytes_of_day(&directory, day)?))).await
    }
}

/// A day that was dropped a moment ago takes no room.
fn bytes_of_day(directory: &Path, day: i64) -> Result<u64> {
    let path = directory.join(file_name(day)?);
    match fs::metadata(&path) {
        Ok(file) => Ok(file.len()),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(0),
        Err(source) => Err(Error::Path { path, source }),
    }
}
