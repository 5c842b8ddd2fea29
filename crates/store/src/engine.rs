//! The two database engines behind one small synchronous interface.

pub(crate) mod postgres;
pub(crate) mod sqlite;
pub(crate) mod statement;
pub(crate) mod value;

pub(crate) use statement::{Sql, statements};
pub(crate) use value::{Row, Value, params};

use crate::Result;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// One connection to a database. Every method may block.
pub(crate) trait Connection: Send {
    /// Which engine it is.
    fn engine(&self) -> Engine;

    /// Runs a statement and returns how many rows it touched.
    fn execute(&mut self, sql: &Sql, params: &[Value]) -> Result<u64>;

    /// Runs a statement once for each row of parameters, in order; stops at the first failure.
    fn execute_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<u64>;

    /// Runs a statement and returns its rows.
    fn query(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>>;

    /// Runs a query once for each row of parameters and returns all rows.
    fn query_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<Row>>;

    /// Runs statements without parameters, separated by semicolons.
    fn run(&mut self, text: &str) -> Result<()>;

    /// Begins a transaction that writes.
    fn begin(&mut self) -> Result<()>;

    /// Begins a transaction that reads one consistent state.
    fn begin_read(&mut self) -> Result<()>;

    /// Commits.
    fn commit(&mut self) -> Result<()>;

    /// Rolls back; harmless without a transaction.
    fn rollback(&mut self);

    /// The query plan of a statement, for tests.
    #[cfg(test)]
    fn plan(&mut self, sql: &Sql) -> Result<String>;

    /// Prepares a statement, for tests.
    #[cfg(test)]
    fn prepare(&mut self, sql: &Sql) -> Result<()>;

    /// The SQLite connection below, where there is one.
    fn sqlite(&mut self) -> Option<&mut rusqlite::Connection> {
        None
    }

    /// The PostgreSQL connection below, where there is one.
    fn postgres(&mut self) -> Option<&mut postgres::Postgres> {
        None
    }
}

impl dyn Connection + '_ {
    /// The first row of a query.
    pub(crate) fn query_one(&mut self, sql: &Sql, params: &[Value]) -> Result<Option<Row>> {
        Ok(self.query(sql, params)?.into_iter().next())
    }
}

impl Engine {
    /// The engine's name as shown to people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgresql",
        }
    }
}
