//! Telling everybody what a commit changed: this process by a broadcast, other servers by PostgreSQL's NOTIFY.

use crate::engine::{Connection, Engine, params, statements};
use crate::{ChangeSet, Error, Result};
use futures_util::future::poll_fn;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_postgres::{AsyncMessage, NoTls};

/// Change sets that a slow receiver may lag behind.
pub(crate) const CHANGES_MAX: usize = 1024;
/// PostgreSQL takes payloads below 8000 bytes.
const PAYLOAD_MAX: usize = 7900;
/// Pause before listening again after the connection broke.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

statements! {
    NOTIFY = "SELECT 1 WHERE ?1 IS NULL"
        => "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_notify('pilotage', ?1)) AS sent";
}

/// What other servers are told.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The server that tells.
    from: String,
    /// What changed.
    changes: ChangeSet,
}

/// Where changes go.
#[derive(Clone)]
pub(crate) struct Outbox {
    changes: broadcast::Sender<Arc<ChangeSet>>,
    server: String,
}

impl Outbox {
    pub(crate) fn new(changes: broadcast::Sender<Arc<ChangeSet>>, server: String) -> Outbox {
        Outbox { changes, server }
    }

    /// Tells this process.
    pub(crate) fn publish(&self, changes: ChangeSet) {
        if !changes.is_empty() {
            // Nobody listening is fine.
            let _ = self.changes.send(Arc::new(changes));
        }
    }

    /// Tells other servers, inside the transaction, so that they hear of it when it is committed.
    pub(crate) fn announce(connection: &mut dyn Connection, outbox: &Outbox, changes: &ChangeSet) -> Result<()> {
        if connection.engine() == Engine::Sqlite || changes.is_empty() {
            return Ok(());
        }
        let text = |changes: ChangeSet| {
            let note = Note { from: outbox.server.clone(), changes };
            serde_json::to_string(&note).map_err(|error| Error::Corrupt(error.to_string()))
        };
        let full = text(changes.clone())?;
        let payload = if full.len() <= PAYLOAD_MAX { full } else { text(ChangeSet::everything())? };
        connection.query(&NOTIFY, params![payload]).map(|_| ())
    }

    fn heard(&self, payload: &str) {
        match serde_json::from_str::<Note>(payload) {
            Ok(note) if note.from == self.server => {}
            Ok(note) => self.publish(note.changes),
            Err(_) => self.publish(ChangeSet::everything()),
        }
    }
}

/// Listens to other servers until aborted.
pub(crate) async fn listen(url: String, outbox: Outbox) {
    loop {
        if let Err(error) = listen_once(&url, &outbox).await {
            tracing::warn!(%error, "cannot hear other servers on the database");
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
        outbox.publish(ChangeSet::everything());
    }
}

async fn listen_once(url: &str, outbox: &Outbox) -> std::result::Result<(), tokio_postgres::Error> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let (told, mut notes) = tokio::sync::mpsc::channel::<String>(CHANGES_MAX);
    let driver = async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(note) = message?
                && told.send(note.payload().to_owned()).await.is_err()
            {
                break;
            }
        }
        Ok::<(), tokio_postgres::Error>(())
    };
    let hearing = async {
        client.batch_execute("LISTEN pilotage").await?;
        while let Some(payload) = notes.recv().await {
            outbox.heard(&payload);
        }
        Ok::<(), tokio_postgres::Error>(())
    };
    futures_util::future::try_join(driver, hearing).await.map(|_| ())
}
