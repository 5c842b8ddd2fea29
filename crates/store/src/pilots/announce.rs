//! Announcing pilots before they are submitted.

use super::events::Noted;
use crate::commands::sends;
use crate::engine::{Value, params, statements};
use crate::tx::LabelKey;
use crate::{Result, Store};
use model::{CommandId, PilotId, PilotState, Time};

statements! {
    MARK_TEST = "UPDATE pilot SET test = ?2 WHERE id = ?1";
    ANNOUNCE = "INSERT INTO pilot (id, factory, label, queue, batch, state, announced, secret, events) \
            VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, 1)",
        arrays "INSERT INTO pilot (id, factory, label, queue, batch, state, announced, secret, events) SELECT t.id, \
            t.factory, t.label, t.queue, t.batch, 0, t.announced, t.secret, 1 FROM unnest(?1::bigint[], ?2::text[], ?3::text[], \
            ?4::text[], ?5::text[], ?6::bigint[], ?7::bytea[]) AS t (id, factory, label, queue, batch, announced, secret)";
}

/// Pilots that will be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The factory.
    pub factory: String,
    /// Its label.
    pub label: String,
    /// The queue they will serve.
    pub queue: String,
    /// Name of the batch end point.
    pub batch: String,
    /// The command that sends it as a test of its label; then it is one pilot.
    pub test: Option<CommandId>,
    /// Hash of each pilot's secret; one pilot per hash.
    pub secret_hashes: Vec<[u8; 32]>,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Writes the pilots down as announced and returns the id of the first; ids are consecutive.
    pub async fn announce(&self, announcement: Announcement) -> Result<PilotId> {
        self.write(move |tx| {
            let Announcement { factory, label, queue, batch, test, secret_hashes, now } = &announcement;
            let count = secret_hashes.len();
            let first = tx.next_ids("pilot", count as u64)?;
            let rows: Vec<Vec<Value>> = secret_hashes
                .iter()
                .zip(first..)
                .map(|(hash, id)| params![id, factory, label, queue, batch, *now, *hash].to_vec())
                .collect();
            tx.execute_many(&ANNOUNCE, &rows)?;
            if let Some(command) = test {
                sends(tx, *command, factory, PilotId(first))?;
                tx.execute(&MARK_TEST, params![first, *command])?;
            }
            let key = LabelKey { factory: factory.clone(), label: label.clone(), queue: queue.clone() };
            tx.count_label(&key, PilotState::Announced, count as i64, 0);
            tx.count_announced(&key, count as u64, *now);
            (first..).take(count).map(PilotId).for_each(|pilot| {
                tx.pilot_changed(pilot);
                tx.note(Noted::announced(pilot, *now));
            });
            Ok(PilotId(first))
        })
        .await
    }
}
