//! The schema's versions, forward only.

use crate::engine::{Connection, Engine, params, statements};
use crate::{Error, Result};

/// One step of the schema.
struct Migration {
    number: i64,
    both: &'static str,
    postgres: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        both: include_str!("../migrations/0001_begin.sql"),
        postgres: include_str!("../migrations/0001_begin.postgres.sql"),
    },
    Migration { number: 2, both: include_str!("../migrations/0002_offered_again.sql"), postgres: "" },
    Migration { number: 3, both: include_str!("../migrations/0003_kept_no_longer.sql"), postgres: "" },
    Migration { number: 4, both: include_str!("../migrations/0004_pilot_ends.sql"), postgres: "" },
    Migration { number: 5, both: include_str!("../migrations/0005_profiles.sql"), postgres: "" },
    Migration { number: 6, both: include_str!("../migrations/0006_pilot_history.sql"), postgres: "" },
    Migration { number: 7, both: include_str!("../migrations/0007_programs.sql"), postgres: "" },
    Migration { number: 8, both: include_str!("../migrations/0008_pilot_ends_in_detail.sql"), postgres: "" },
    Migration { number: 9, both: include_str!("../migrations/0009_pilot_events.sql"), postgres: "" },
    Migration { number: 10, both: include_str!("../migrations/0010_orders.sql"), postgres: "" },
    Migration { number: 11, both: include_str!("../migrations/0011_alarms.sql"), postgres: "" },
    Migration { number: 12, both: include_str!("../migrations/0012_reported.sql"), postgres: "" },
    Migration { number: 13, both: include_str!("../migrations/0013_exclusions.sql"), postgres: "" },
    Migration { number: 14, both: include_str!("../migrations/0014_held.sql"), postgres: "" },
    Migration { number: 15, both: include_str!("../migrations/0015_admin.sql"), postgres: "" },
    Migration { number: 16, both: include_str!("../migrations/0016_configuration.sql"), postgres: "" },
    Migration { number: 17, both: include_str!("../migrations/0017_held_pilots.sql"), postgres: "" },
    Migration { number: 18, both: include_str!("../migrations/0018_first_job.sql"), postgres: "" },
];

/// Serialises servers that start together on an empty PostgreSQL database.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7102958342)";
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT PRIMARY KEY)";

statements! {
    VERSION = "SELECT COALESCE(MAX(number), 0) FROM schema_version";
    ADD_VERSION = "INSERT INTO schema_version (number) VALUES (?1)";
}

/// The newest version that this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.number).max().unwrap_or(0)
}

/// The version of the database's schema.
pub(crate) fn version(connection: &mut dyn Connection) -> Result<i64> {
    connection.query_one(&VERSION, &[])?.map_or(Ok(0), |row| row.int(0))
}

/// Brings the schema up to date in one transaction and returns its version.
pub(crate) fn run(connection: &mut dyn Connection) -> Result<i64> {
    run_to(connection, newest())
}

/// Brings the schema up to `version`, which a backup was made with.
pub(crate) fn run_to(connection: &mut dyn Connection, version: i64) -> Result<i64> {
    connection.begin()?;
    match steps(connection, version) {
        Ok(version) => connection.commit().map(|()| version),
        Err(error) => {
            connection.rollback();
            Err(error)
        }
    }
}

fn steps(connection: &mut dyn Connection, version: i64) -> Result<i64> {
    if connection.engine() == Engine::Postgres {
        connection.run(LOCK)?;
    }
    connection.run(VERSIONS)?;
    let found = self::version(connection)?;
    if found > newest() {
        return Err(Error::Newer { found, known: newest() });
    }
    for migration in MIGRATIONS.iter().filter(|migration| (found + 1..=version).contains(&migration.number)) {
        connection.run(&text(migration, connection.engine()))?;
        connection.execute(&ADD_VERSION, params![migration.number])?;
    }
    Ok(found.max(version))
}

/// Puts in what the engines write differently.
fn replace(text: &str, [key64, bytes, by_key]: [&str; 3]) -> String {
    text.replace("KEY64", key64).replace("BYTES", bytes).replace("BY_KEY", by_key)
}

fn text(migration: &Migration, engine: Engine) -> String {
    match engine {
        Engine::Sqlite => replace(migration.both, ["INTEGER PRIMARY KEY", "BLOB", "WITHOUT ROWID"]),
        Engine::Postgres => {
            format!("{}\n{}", replace(migration.both, ["BIGINT PRIMARY KEY", "BYTEA", ""]), migration.postgres)
        }
    }
}
