//! Telling everybody what a commit changed: this process by a broadcast, other servers by PostgreSQL's NOTIFY.

use crate::engine::postgres::{self, classified};
use crate::engine::{Connection, Engine, params, statements};
use crate::{ChangeSet, Error, Result};
use futures_util::future::{poll_fn, try_join3};
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
/// How often the connection is asked whether it still lives, and how long its answer may take.
const ASK_EVERY: Duration = Duration::from_secs(5);

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

/// The text for other servers. When it would be too long it names no jobs and pilots, and when that is still too long
/// it says nothing but that something changed, which lets everybody look at everything.
fn told(server: &str, changes: ChangeSet) -> Result<String> {
    let text = |changes: ChangeSet| {
        let note = Note { from: server.to_owned(), changes };
        serde_json::to_string(&note).map_err(|error| Error::Corrupt(error.to_string()))
    };
    let full = text(changes.clone())?;
    if full.len() <= PAYLOAD_MAX {
        return Ok(full);
    }
    let unnamed = text(changes.unnamed())?;
    if unnamed.len() <= PAYLOAD_MAX { Ok(unnamed) } else { text(ChangeSet::everything()) }
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
        let payload = told(&outbox.server, changes.clone())?;
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
    }
}

async fn listen_once(url: &str, outbox: &Outbox) -> Result<()> {
    let broken = |error| classified("listen", error);
    let (client, mut connection) = postgres::config(url)?.connect(NoTls).await.map_err(broken)?;
    let (told, mut notes) = tokio::sync::mpsc::channel::<String>(CHANGES_MAX);
    let driver = async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(note) = message.map_err(broken)?
                && told.send(note.payload().to_owned()).await.is_err()
            {
                break;
            }
        }
        Err(Error::unavailable("the connection has ended"))
    };
    let asking = async {
        client.batch_execute("LISTEN pilotage").await.map_err(broken)?;
        // Only from now on is everything heard.
        outbox.publish(ChangeSet::everything());
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            let asked = tokio::time::timeout(ASK_EVERY, client.batch_execute("SELECT 1")).await;
            asked.map_err(|_| Error::unavailable("the connection is silent"))?.map_err(broken)?;
        }
    };
    let hearing = async {
        while let Some(payload) = notes.recv().await {
            outbox.heard(&payload);
        }
        Ok(())
    };
    try_join3(driver, asking, hearing).await.map(|((), (), ())| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{JobId, PilotId};

    #[test]
    fn what_is_too_long_to_tell_is_told_with_less_detail() {
        let many = |count: i64| ChangeSet {
            activated: ["q".to_owned()].into(),
            jobs: (1_000_000..1_000_000 + count).map(JobId).collect(),
            pilots: [PilotId(7)].into(),
            ..ChangeSet::default()
        };
        let heard = |changes| {
            let payload = told("me", changes).unwrap();
            assert!(payload.len() <= PAYLOAD_MAX);
            serde_json::from_str::<Note>(&payload).unwrap().changes
        };
        assert_eq!(heard(many(10)), many(10));
        let shorter = heard(many(990));
        assert!(shorter.all_jobs && shorter.all_pilots && !shorter.everything);
        assert!(shorter.has_activated("q") && !shorter.has_activated("other"));
        let queues = (0..1000).map(|n| format!("a-queue-with-a-name-{n}")).collect();
        assert!(heard(ChangeSet { activated: queues, ..many(1) }).everything);
    }
}
