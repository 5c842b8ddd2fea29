//! PostgreSQL, driven from a blocking thread through a runtime of its own.

use super::{Connection, Engine, Row, Sql, Value};
use crate::{Error, Result};
use bytes::BytesMut;
use futures_util::future::try_join_all;
use std::collections::HashMap;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, NoTls, Statement};

/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Settings of every session. Every statement is written for its indexes, but tables grow from nothing faster than they are analysed, and a plan
/// made for an empty table reads all of a full one: measured, a seventh of the speed.
///
/// When this host dies, others wait for the rows that it locked: PostgreSQL gives up on it by these timeouts, not only
/// after the two hours of the system's default.
const SETTINGS: &str = "SET jit = off; SET client_min_messages = warning; SET lock_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET tcp_user_timeout = '30s'; SET tcp_keepalives_idle = '10s'; \
     SET tcp_keepalives_interval = '5s'; SET tcp_keepalives_count = 4; \
     SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
/// When this host notices that the database's host died: silence before the first question, pause between questions,
/// and how many stay without an answer.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 4;
/// The longest time that what was sent stays unacknowledged.
const USER_TIMEOUT: Duration = Duration::from_secs(30);

type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// A connection to PostgreSQL that connects again by itself between transactions.
pub(crate) struct Postgres {
    url: String,
    runtime: Option<Runtime>,
    client: Option<Client>,
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    /// Connects.
    pub(crate) fn open(url: &str) -> Result<Postgres> {
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|e| Error::unavailable(e.to_string()))?;
        let mut postgres =
            Postgres { url: url.to_owned(), runtime: Some(runtime), client: None, statements: HashMap::new() };
        postgres.connect()?;
        Ok(postgres)
    }

    fn connect(&mut self) -> Result<()> {
        self.statements.clear();
        self.client = None;
        let url = self.url.clone();
        let client = self.runtime()?.block_on(async move { connected(config(&url)?).await })?;
        self.client = Some(client);
        Ok(())
    }

    /// Connects again when the connection is gone.
    fn revive(&mut self) -> Result<()> {
        match &self.client {
            Some(client) if !client.is_closed() => Ok(()),
            _ => self.connect(),
        }
    }

    /// Begins a transaction. A connection that broke while nobody used it is noticed here, where nothing is lost yet.
    fn begin_with(&mut self, text: &str) -> Result<()> {
        self.revive()?;
        match self.run(text) {
            Err(Error::Unavailable { .. }) => {
                self.connect()?;
                self.run(text)
            }
            begun => begun,
        }
    }

    /// The runtime and the client, for what needs more than [`Connection`].
    pub(crate) fn parts(&self) -> Result<(&Runtime, &Client)> {
        Ok((self.runtime()?, self.client()?))
    }

    fn runtime(&self) -> Result<&Runtime> {
        self.runtime.as_ref().ok_or_else(|| Error::unavailable("the connection is closed"))
    }

    fn client(&self) -> Result<&Client> {
        self.client.as_ref().ok_or_else(|| Error::unavailable("the connection is closed"))
    }

    fn prepared(&mut self, sql: &Sql) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql.postgres) {
            return Ok(statement.clone());
        }
        let text = sql.postgres.replace('?', "$");
        let (runtime, client) = self.parts()?;
        let statement = runtime.block_on(client.prepare(&text)).map_err(|e| classified(sql.name, e))?;
        self.statements.insert(sql.postgres, statement.clone());
        Ok(statement)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A store may be dropped inside of an async task, where waiting for the runtime would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The configuration in a URL, with what every connection needs beside it.
pub(crate) fn config(url: &str) -> Result<Config> {
    let mut config: Config = url.parse().map_err(|error| bad_url(&error))?;
    config
        .connect_timeout(CONNECT_TIMEOUT)
        .application_name("pilotage")
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(USER_TIMEOUT);
    Ok(config)
}

async fn connected(config: Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await.map_err(|e| classified("connect", e))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection to postgresql ended");
        }
    });
    client.batch_execute(SETTINGS).await.map_err(|e| classified("settings", e))?;
    Ok(client)
}

/// The URL of the store is no URL of PostgreSQL.
pub(crate) fn bad_url(error: &tokio_postgres::Error) -> Error {
    Error::Invalid(format!("the URL of the PostgreSQL database cannot be used: {}", chain(error)))
}

impl Connection for Postgres {
    fn engine(&self) -> Engine {
        Engine::Postgres
    }

    fn execute(&mut self, sql: &Sql, params: &[Value]) -> Result<u64> {
        let statement = self.prepared(sql)?;
        let (runtime, client) = self.parts()?;
        runtime.block_on(client.execute_raw(&statement, params)).map_err(|e| classified(sql.name, e))
    }

    fn execute_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        let statement = self.prepared(sql)?;
        let (runtime, client) = self.parts()?;
        if sql.arrays {
            let columns = columns_of(rows);
            return runtime.block_on(client.execute_raw(&statement, columns)).map_err(|e| classified(sql.name, e));
        }
        let all = rows.iter().map(|row| client.execute_raw(&statement, row));
        let touched = runtime.block_on(try_join_all(all)).map_err(|e| classified(sql.name, e))?;
        Ok(touched.into_iter().sum())
    }

    fn query(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepared(sql)?;
        let (runtime, client) = self.parts()?;
        let refs: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = runtime.block_on(client.query(&statement, &refs)).map_err(|e| classified(sql.name, e))?;
        rows.iter().map(row_of).collect()
    }

    fn query_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        if !sql.arrays {
            return rows.iter().try_fold(Vec::new(), |mut found, row| {
                found.extend(self.query(sql, row)?);
                Ok(found)
            });
        }
        let statement = self.prepared(sql)?;
        let (runtime, client) = self.parts()?;
        let columns = columns_of(rows);
        let refs: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        let found = runtime.block_on(client.query(&statement, &refs)).map_err(|e| classified(sql.name, e))?;
        found.iter().map(row_of).collect()
    }

    fn run(&mut self, text: &str) -> Result<()> {
        let (runtime, client) = self.parts()?;
        runtime.block_on(client.batch_execute(text)).map_err(|e| classified("statements", e))
    }

    fn begin(&mut self) -> Result<()> {
        self.begin_with("BEGIN")
    }

    fn begin_read(&mut self) -> Result<()> {
        self.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn commit(&mut self) -> Result<()> {
        self.run("COMMIT")
    }

    fn rollback(&mut self) {
        if let Err(error) = self.run("ROLLBACK") {
            tracing::debug!(%error, "rollback failed; the connection will be made again");
            self.client = None;
        }
    }

    #[cfg(test)]
    fn plan(&mut self, sql: &Sql) -> Result<String> {
        let text = sql.postgres.replace('?', "$");
        self.run(&format!("SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL; PREPARE explained AS {text}"))?;
        self.statements.clear();
        let (runtime, client) = self.parts()?;
        let count = (1..20).take_while(|n| text.contains(&format!("${n}"))).count();
        let nulls = vec!["NULL"; count].join(", ");
        let call = if count == 0 { "explained".to_owned() } else { format!("explained({nulls})") };
        let rows = runtime
            .block_on(client.query(&format!("EXPLAIN (COSTS OFF) EXECUTE {call}"), &[]))
            .map_err(|e| classified(sql.name, e))?;
        Ok(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n"))
    }

    #[cfg(test)]
    fn prepare(&mut self, sql: &Sql) -> Result<()> {
        self.prepared(sql).map(|_| ())
    }

    fn postgres(&mut self) -> Option<&mut Postgres> {
        Some(self)
    }
}

/// One column of many rows, bound as an array.
#[derive(Debug)]
struct Column<'a>(Vec<&'a Value>);

fn columns_of(rows: &[Vec<Value>]) -> Vec<Column<'_>> {
    let width = rows.first().map_or(0, Vec::len);
    (0..width).map(|at| Column(rows.iter().filter_map(|row| row.get(at)).collect())).collect()
}

impl ToSql for Column<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, BoxError> {
        self.0.to_sql(ty, out)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Array(_))
    }

    to_sql_checked!();
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, BoxError> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Value::Int(value) => value.to_sql(ty, out),
            Value::Text(value) => value.to_sql(ty, out),
            Value::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::TEXT, Type::VARCHAR, Type::BYTEA].contains(ty)
    }

    to_sql_checked!();
}

fn row_of(row: &tokio_postgres::Row) -> Result<Row> {
    (0..row.len()).map(|at| value_of(row, at)).collect::<Result<_>>().map(Row)
}

fn value_of(row: &tokio_postgres::Row, at: usize) -> Result<Value> {
    let ty = row.columns()[at].type_();
    let value = match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(at).map(Value::from),
        Type::INT4 => row.try_get::<_, Option<i32>>(at).map(Value::from),
        Type::TEXT | Type::VARCHAR | Type::NAME => row.try_get::<_, Option<String>>(at).map(Value::from),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at).map(Value::from),
        Type::BOOL => row.try_get::<_, Option<bool>>(at).map(Value::from),
        _ => return Err(Error::Corrupt(format!("column {at} has the unexpected type {ty}"))),
    };
    value.map_err(|error| Error::Corrupt(error.to_string()))
}

/// What an error of PostgreSQL means for the caller.
pub(crate) fn classified(statement: &str, error: tokio_postgres::Error) -> Error {
    let Some(code) = error.code() else {
        return Error::Unavailable { reason: chain(&error) };
    };
    match *code {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED | SqlState::LOCK_NOT_AVAILABLE => {
            Error::Collision
        }
        SqlState::DISK_FULL => Error::Full,
        _ if is_outage(code.code()) => Error::Unavailable { reason: chain(&error) },
        _ => Error::Engine { statement: statement.to_owned(), reason: chain(&error) },
    }
}

/// Classes 08 (connection), 28 (authorization), 3D (no such database), 53 (resources), 57P (shutdown), 58 (system);
/// 25006 is a read-only server, 25P03 a session that was silent inside of a transaction.
fn is_outage(code: &str) -> bool {
    ["08", "28", "3D", "53", "57P", "58", "25006", "25P03"].iter().any(|class| code.starts_with(class))
}

/// The error and what caused it: the outer text of tokio-postgres says only "db error".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
