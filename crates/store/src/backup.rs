//! Copies of everything, made while running.

use crate::archive::make_partition;
use crate::engine::postgres::{Postgres, classified};
use crate::engine::sqlite::{Purpose, Sqlite, classified as sqlite_classified};
use crate::engine::{Connection, statements};
use crate::lock::DirectoryLock;
use crate::store::{FILE, blocking};
use crate::{Error, Location, Result, Store, StoreConfig, migrate, private};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use rusqlite::backup::{Backup, StepResult};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;

/// Name of the list of contents.
const MANIFEST: &str = "backup.json";
/// What the list calls the engines.
const SQLITE: &str = "sqlite";
const POSTGRESQL: &str = "postgresql";
/// Bytes of a table that are sent at once.
const PIECE: usize = 1 << 16;

statements! {
    TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        => "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'archive_job_%' \
            ORDER BY tablename";
    PARTITIONS = "SELECT day FROM archive_day";
}

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    engine: String,
    schema: i64,
    /// Files of SQLite, or tables of PostgreSQL.
    parts: Vec<String>,
}

impl Store {
    /// Writes a consistent copy into the new directory `path`, of which nothing is left after a failure. Works while
    /// everything runs.
    pub async fn backup(&self, path: &Path) -> Result<()> {
        private::make_directory(path)?;
        let copied = self.copy_into(path.to_owned()).await;
        if copied.is_err()
            && let Err(error) = fs::remove_dir_all(path)
        {
            tracing::warn!(%error, "failed to remove half a backup");
        }
        copied
    }

    async fn copy_into(&self, path: PathBuf) -> Result<()> {
        match self.inner.directory.clone() {
            Some(directory) => {
                let files_stay = self.inner.archive_from.clone().lock_owned().await;
                // What was asked of the writer before may still change them.
                self.inner.writer.alone(|_| Ok(())).await?;
                let copy = move |connection: &mut dyn Connection| {
                    let _files_stay = files_stay;
                    backup_sqlite(connection, &directory, &path)
                };
                self.read(copy).await
            }
            None => self.read(move |connection| backup_postgres(connection, &path)).await,
        }
    }

    /// Whether the backup at `path` is whole and of the engine of `config`. Touches nothing.
    pub fn check_backup(config: &StoreConfig, path: &Path) -> Result<()> {
        let (engine, file): (_, fn(&str) -> String) = match config.location {
            Location::Directory(_) => (SQLITE, str::to_owned),
            Location::Postgres(_) => (POSTGRESQL, copy_of),
        };
        for part in read_manifest(path, engine)?.parts {
            let part = path.join(file(&part));
            File::open(&part).map_err(|source| Error::Path { path: part, source })?;
        }
        Ok(())
    }

    /// Fills the empty store at `config` from a backup of the same engine. The store must not be open.
    pub async fn restore(config: &StoreConfig, path: &Path) -> Result<()> {
        let (location, path) = (config.location.clone(), path.to_owned());
        blocking(move || match location {
            Location::Directory(directory) => restore_sqlite(&directory, &path),
            Location::Postgres(url) => restore_postgres(&url, &path),
        })
        .await
    }
}

fn backup_sqlite(connection: &mut dyn Connection, directory: &Path, path: &Path) -> Result<()> {
    let Some(source) = connection.sqlite() else { return Err(wrong_engine()) };
    copy_database(source, &path.join(FILE))?;
    let mut parts = vec![FILE.to_owned()];
    for name in archive_files(directory)? {
        let mut day = Sqlite::open(&directory.join(&name), Purpose::ExistingArchive)?;
        let Some(source) = day.sqlite() else { return Err(wrong_engine()) };
        copy_database(source, &path.join(&name))?;
        parts.push(name);
    }
    let schema = migrate::version(connection)?;
    write_manifest(path, Manifest { engine: SQLITE.to_owned(), schema, parts })
}

/// Copies all pages in one step: one read transaction, which writers do not disturb.
fn copy_database(source: &rusqlite::Connection, to: &Path) -> Result<()> {
    let broken = |error| sqlite_classified("backup", error);
    private::keep_file(to)?;
    let mut copy = rusqlite::Connection::open(to).map_err(broken)?;
    let backup = Backup::new(source, &mut copy).map_err(broken)?;
    match backup.step(-1).map_err(broken)? {
        StepResult::Done => {}
        left => return Err(Error::unavailable(format!("the copy of {} is not complete: {left:?}", to.display()))),
    }
    drop(backup);
    copy.close().map_err(|(_, error)| broken(error))
}

fn archive_files(directory: &Path) -> Result<Vec<String>> {
    let mut names = file_names(directory)?;
    names.retain(|name| name.starts_with("archive-") && name.ends_with(".db"));
    Ok(names)
}

fn file_names(directory: &Path) -> Result<Vec<String>> {
    let broken = |source| Error::Path { path: directory.to_owned(), source };
    let entries = fs::read_dir(directory).map_err(broken)?;
    let names = entries.map(|entry| Ok(entry.map_err(broken)?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn restore_sqlite(directory: &Path, path: &Path) -> Result<()> {
    let manifest = read_manifest(path, SQLITE)?;
    private::ensure_directory(directory)?;
    let _lock = DirectoryLock::take(directory)?;
    if let Some(name) = leftover(directory)? {
        return Err(Error::Conflict(format!("{} holds {name} of another store already", directory.display())));
    }
    for part in manifest.parts.iter().rev() {
        let plain = Path::new(part).file_name().is_some_and(|name| name == part.as_str());
        if !plain {
            return Err(Error::Invalid(format!("'{part}' is no file of a backup")));
        }
        private::copy_file(&path.join(part), &directory.join(part))?;
    }
    Sqlite::open(&directory.join(FILE), Purpose::Write).map(|_| ())
}

/// A file of a database: pages of another one must never be taken for parts of that which is restored.
fn leftover(directory: &Path) -> Result<Option<String>> {
    let names = file_names(directory)?;
    let is_part = |name: &String| [".db", ".db-wal", ".db-shm", ".db-journal"].iter().any(|end| name.ends_with(end));
    Ok(names.into_iter().find(is_part))
}

pub(crate) fn backup_postgres(connection: &mut dyn Connection, path: &Path) -> Result<()> {
    let tables = connection.query(&TABLES, &[])?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
    let Some(postgres) = connection.postgres() else { return Err(wrong_engine()) };
    for table in &tables {
        copy_out(postgres, table, &path.join(copy_of(table)))?;
    }
    let schema = migrate::version(connection)?;
    write_manifest(path, Manifest { engine: POSTGRESQL.to_owned(), schema, parts: tables })
}

/// File of a table of PostgreSQL.
fn copy_of(table: &str) -> String {
    format!("{table}.copy")
}

/// Inside of a read transaction all tables are of the same moment.
fn copy_out(postgres: &mut Postgres, table: &str, path: &Path) -> Result<()> {
    let broken = |source| Error::Path { path: path.to_owned(), source };
    let mut file = File::create(path).map_err(broken)?;
    let (runtime, client) = postgres.parts()?;
    runtime.block_on(async {
        let text = format!("COPY (SELECT * FROM {table}) TO STDOUT");
        let mut rows = pin!(client.copy_out(&text).await.map_err(|e| classified("copy", e))?);
        while let Some(piece) = rows.next().await {
            let piece = piece.map_err(|e| classified("copy", e))?;
            file.write_all(&piece).map_err(broken)?;
        }
        file.sync_all().map_err(broken)
    })
}

fn restore_postgres(url: &str, path: &Path) -> Result<()> {
    let manifest = read_manifest(path, POSTGRESQL)?;
    let mut postgres = Postgres::open(url)?;
    if !postgres.query(&TABLES, &[])?.is_empty() {
        return Err(Error::Conflict("the database is not empty".to_owned()));
    }
    // The tables have the columns of their time; what came later is added afterwards.
    migrate::run_to(&mut postgres, manifest.schema)?;
    postgres.begin()?;
    let filled = fill(&mut postgres, &manifest, path);
    match filled {
        Ok(()) => postgres.commit()?,
        Err(error) => {
            postgres.rollback();
            return Err(error);
        }
    }
    migrate::run(&mut postgres).map(|_| ())
}

fn fill(postgres: &mut Postgres, manifest: &Manifest, path: &Path) -> Result<()> {
    postgres.run("DELETE FROM sequence")?;
    let known = postgres.query(&TABLES, &[])?.iter().map(|row| row.text(0)).collect::<Result<Vec<_>>>()?;
    // Days first: the jobs of the archive need their partitions.
    let (days, others): (Vec<_>, Vec<_>) = manifest.parts.iter().partition(|table| *table == "archive_day");
    for table in days.into_iter().chain(others).filter(|table| *table != "schema_version") {
        if !known.contains(table) {
            return Err(Error::Invalid(format!("'{table}' is no table of the store")));
        }
        copy_in(postgres, table, &path.join(copy_of(table)))?;
        if table == "archive_day" {
            for row in postgres.query(&PARTITIONS, &[])? {
                make_partition(postgres, row.int(0)?)?;
            }
        }
    }
    Ok(())
}

fn copy_in(postgres: &mut Postgres, table: &str, path: &Path) -> Result<()> {
    let broken = |source| Error::Path { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(broken)?;
    let (runtime, client) = postgres.parts()?;
    runtime.block_on(async {
        let sink = client.copy_in(&format!("COPY {table} FROM STDIN")).await;
        let mut sink = pin!(sink.map_err(|e| classified("copy", e))?);
        let mut piece = vec![0; PIECE];
        loop {
            let bytes = file.read(&mut piece).map_err(broken)?;
            if bytes == 0 {
                break;
            }
            let send = Bytes::copy_from_slice(&piece[..bytes]);
            sink.send(send).await.map_err(|e| classified("copy", e))?;
        }
        sink.finish().await.map_err(|e| classified("copy", e)).map(|_| ())
    })
}

fn write_manifest(path: &Path, manifest: Manifest) -> Result<()> {
    let text = crate::engine::value::to_json(&manifest)?;
    let path: PathBuf = path.join(MANIFEST);
    fs::write(&path, text).map_err(|source| Error::Path { path, source })
}

fn read_manifest(path: &Path, engine: &str) -> Result<Manifest> {
    let file = path.join(MANIFEST);
    let text = fs::read_to_string(&file).map_err(|source| Error::Path { path: file.clone(), source })?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| Error::Invalid(format!("{} is no list of a backup: {error}", file.display())))?;
    if manifest.engine != engine {
        let found = &manifest.engine;
        return Err(Error::Invalid(format!("the backup is of {found}, the store is of {engine}")));
    }
    if manifest.schema > migrate::newest() {
        return Err(Error::Newer { found: manifest.schema, known: migrate::newest() });
    }
    Ok(manifest)
}

fn wrong_engine() -> Error {
    Error::unavailable("the connection is of another engine")
}
