//! Stores and backups of earlier programs.

use super::support;
use crate::engine::postgres::Postgres;
use crate::engine::sqlite::{Purpose, Sqlite};
use crate::engine::{Connection, statements};
use crate::{CommandFilter, Location, Store, backup, migrate, store};

statements! {
    ONE_COMMAND = "INSERT INTO command (id, kind, target, verb, arguments, issuer, given, expires, state, note) \
        VALUES (1, 0, 'fab', 3, '[]', 'ann', 1, 2, 0, '')";
}

/// What the first program left behind.
fn first(connection: &mut dyn Connection) {
    migrate::run_to(connection, 1).unwrap();
    connection.execute(&ONE_COMMAND, &[]).unwrap();
}

async fn is_up_to_date(store: Store) {
    assert_eq!(store.health().await.unwrap().schema, migrate::newest());
    assert_eq!(store.commands(CommandFilter::default(), None, 10).await.unwrap().rows.len(), 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_the_first_schema_is_brought_up_to_date_on_sqlite() {
    let (config, _home) = support::sqlite();
    let Location::Directory(directory) = &config.location else { panic!("not sqlite") };
    first(&mut Sqlite::open(&directory.join(store::FILE), Purpose::Write).unwrap());
    is_up_to_date(Store::open(&config).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_the_first_schema_is_restored_on_postgresql() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().to_owned();
    let fresh = tokio::task::spawn_blocking(move || {
        let (old, _home) = support::postgres();
        let Location::Postgres(url) = &old.location else { panic!("not postgresql") };
        let mut connection = Postgres::open(url).unwrap();
        first(&mut connection);
        backup::backup_postgres(&mut connection, &path).unwrap();
        support::postgres()
    });
    let (config, _home) = fresh.await.unwrap();
    Store::restore(&config, place.path()).await.unwrap();
    is_up_to_date(Store::open(&config).await.unwrap()).await;
}
