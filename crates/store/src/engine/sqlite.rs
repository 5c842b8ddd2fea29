//! SQLite.

use super::{Connection, Engine, Row, Sql, Value};
use crate::{Error, Result, private};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags, ToSql, params_from_iter};
use std::path::Path;

/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 256;
/// Page cache of the writer in KiB.
const WRITER_CACHE_KIB: u32 = 32 * 1024;
/// Page cache of a reader in KiB.
const READER_CACHE_KIB: u32 = 8 * 1024;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The one that writes.
    Write,
    /// The one that writes where no other connection may exist, on a network file system.
    WriteAlone,
    /// One of those that read.
    Read,
    /// A file of a day of the archive, which is written seldom and never while it is read for long.
    Archive,
    /// The same where it must be there already.
    ExistingArchive,
}

/// A connection to an SQLite file.
pub(crate) struct Sqlite {
    connection: rusqlite::Connection,
}

impl Sqlite {
    /// Opens the file, which the writer makes when it is missing. It is its owner's alone, and SQLite gives the files
    /// beside it the same mode: they hold the key of all codes.
    pub(crate) fn open(path: &Path, purpose: Purpose) -> Result<Sqlite> {
        if !matches!(purpose, Purpose::Read | Purpose::ExistingArchive) {
            private::keep_file(path)?;
        }
        let flags = match purpose {
            Purpose::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Purpose::ExistingArchive => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Purpose::Write | Purpose::WriteAlone | Purpose::Archive => {
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE
            }
        };
        let connection =
            rusqlite::Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(opening)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        let mut sqlite = Sqlite { connection };
        sqlite.run(&settings(purpose))?;
        Ok(sqlite)
    }
}

fn settings(purpose: Purpose) -> String {
    let cache_kib = match purpose {
        Purpose::Write | Purpose::WriteAlone => WRITER_CACHE_KIB,
        Purpose::Read | Purpose::Archive | Purpose::ExistingArchive => READER_CACHE_KIB,
    };
    let lock = if purpose == Purpose::WriteAlone { "EXCLUSIVE" } else { "NORMAL" };
    let journal = match purpose {
        Purpose::Read | Purpose::ExistingArchive => "",
        Purpose::Archive => "PRAGMA journal_mode = DELETE;",
        Purpose::Write | Purpose::WriteAlone => "PRAGMA journal_mode = WAL;",
    };
    format!(
        "PRAGMA locking_mode = {lock}; {journal} PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; \
         PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = MEMORY;"
    )
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl Connection for Sqlite {
    fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    fn execute(&mut self, sql: &Sql, params: &[Value]) -> Result<u64> {
        let mut statement = self.connection.prepare_cached(sql.sqlite).map_err(|e| in_statement(sql, e))?;
        let rows = statement.execute(params_from_iter(params)).map_err(|e| in_statement(sql, e))?;
        Ok(rows as u64)
    }

    fn execute_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<u64> {
        let mut statement = self.connection.prepare_cached(sql.sqlite).map_err(|e| in_statement(sql, e))?;
        let mut touched = 0;
        for row in rows {
            touched += statement.execute(params_from_iter(row)).map_err(|e| in_statement(sql, e))? as u64;
        }
        Ok(touched)
    }

    fn query(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        self.collect(sql, params, &mut found).map_err(|e| in_statement(sql, e))?;
        Ok(found)
    }

    fn query_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        let mut found = Vec::new();
        for row in rows {
            self.collect(sql, row, &mut found).map_err(|e| in_statement(sql, e))?;
        }
        Ok(found)
    }

    fn run(&mut self, text: &str) -> Result<()> {
        self.connection.execute_batch(text).map_err(|e| classified("statements", e))
    }

    fn begin(&mut self) -> Result<()> {
        self.run("BEGIN IMMEDIATE")
    }

    fn begin_read(&mut self) -> Result<()> {
        self.run("BEGIN")
    }

    fn commit(&mut self) -> Result<()> {
        self.run("COMMIT")
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::warn!(%error, "rollback failed");
        }
    }

    #[cfg(test)]
    fn plan(&mut self, sql: &Sql) -> Result<String> {
        let text = format!("EXPLAIN QUERY PLAN {}", sql.sqlite);
        let mut statement = self.connection.prepare(&text).map_err(|e| in_statement(sql, e))?;
        let mut rows = statement.raw_query();
        let mut plan = Vec::new();
        while let Some(row) = rows.next().map_err(|e| in_statement(sql, e))? {
            plan.push(row.get::<_, String>(3).map_err(|e| in_statement(sql, e))?);
        }
        Ok(plan.join("\n"))
    }

    #[cfg(test)]
    fn prepare(&mut self, sql: &Sql) -> Result<()> {
        self.connection.prepare(sql.sqlite).map(|_| ()).map_err(|e| in_statement(sql, e))
    }

    fn sqlite(&mut self) -> Option<&mut rusqlite::Connection> {
        Some(&mut self.connection)
    }
}

impl Sqlite {
    fn collect(&self, sql: &Sql, params: &[Value], found: &mut Vec<Row>) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql.sqlite)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            let values = (0..columns).map(|at| row.get_ref(at).map(value_of)).collect::<rusqlite::Result<_>>()?;
            found.push(Row(values));
        }
        Ok(())
    }
}

fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Real(value) => Value::Int(value as i64),
        ValueRef::Text(value) => Value::Text(String::from_utf8_lossy(value).into_owned()),
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
    }
}

fn in_statement(sql: &Sql, error: rusqlite::Error) -> Error {
    classified(sql.name, error)
}

fn opening(error: rusqlite::Error) -> Error {
    classified("opening", error)
}

/// What an error of SQLite means for the caller.
pub(crate) fn classified(statement: &str, error: rusqlite::Error) -> Error {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => Error::Unavailable { reason },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt(reason),
        _ => Error::Engine { statement: statement.to_owned(), reason },
    }
}
