//! PostgreSQL databases of one run each.

use anyhow::{Context, Result};
use tokio_postgres::NoTls;

/// The variable with the URL of a PostgreSQL that may be written to.
pub const VARIABLE: &str = "PILOTAGE_TEST_POSTGRES";

/// A database that is dropped by [`Database::remove`].
pub struct Database {
    /// Its URL.
    pub url: String,
    name: String,
    server: String,
}

impl Database {
    /// Makes an empty one on the server that [`VARIABLE`] names.
    pub async fn create() -> Result<Database> {
        let server = std::env::var(VARIABLE).with_context(|| format!("{VARIABLE} is not set; run cargo xtask load"))?;
        let name = format!("load_{}_{}", std::process::id(), jiff::Timestamp::now().as_nanosecond());
        execute(&server, &format!("create database {name}")).await?;
        let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
        Ok(Database { url: format!("{base}/{name}"), name, server })
    }

    /// Drops it.
    pub async fn remove(self) -> Result<()> {
        execute(&self.server, &format!("drop database {} with (force)", self.name)).await
    }
}

async fn execute(url: &str, statement: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("cannot reach PostgreSQL")?;
    let driver = tokio::spawn(connection);
    client.batch_execute(statement).await.with_context(|| format!("failed to {statement}"))?;
    drop(client);
    driver.await??;
    Ok(())
}
