//! Messages about alarms that are to be sent: written in the commit that changes the alarms, taken out when they were sent.

use super::add_events;
use crate::engine::value::to_json;
use crate::engine::{Row, Value, params, statements};
use crate::tx::Tx;
use crate::{Result, Store};
use model::alarm::{AlarmEvent, AlarmEventKind, Notice};
use model::{AlarmId, Time};
use std::collections::BTreeSet;

/// The most messages that are taken at once.
const TAKE_MAX: i64 = 100;

statements! {
    ADD_MESSAGE = "INSERT INTO alarm_message (id, receiver, made, due, tries, notices) VALUES (?1, ?2, ?3, ?3, 0, ?4)";
    DUE_MESSAGES = "SELECT id, receiver, made, tries, notices FROM alarm_message WHERE due <= ?1 ORDER BY due LIMIT ?2";
    PUT_OFF = "UPDATE alarm_message SET due = ?2, tries = tries + 1 WHERE id = ?1";
    DROP_MESSAGE = "DELETE FROM alarm_message WHERE id = ?1";
}

/// What one receiver is to be told at once.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// Name of the receiver.
    pub receiver: String,
    /// What there is to tell.
    pub notices: Vec<Notice>,
}

/// A message that is not sent yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its number, which never changes: receivers know a repetition by it.
    pub id: i64,
    /// Name of the receiver.
    pub receiver: String,
    /// When it was written.
    pub made: Time,
    /// How often it was tried in vain.
    pub tries: u64,
    /// What there is to tell.
    pub notices: Vec<Notice>,
}

pub(super) fn add(tx: &mut Tx<'_>, messages: &[NewMessage], now: Time) -> Result<()> {
    let first = if messages.is_empty() { 0 } else { tx.next_ids("alarm_message", messages.len() as u64)? };
    let row = |(i, message): (usize, &NewMessage)| {
        Ok(params![first + i as i64, &message.receiver, now, to_json(&message.notices)?].to_vec())
    };
    let rows = messages.iter().enumerate().map(row).collect::<Result<Vec<Vec<Value>>>>()?;
    tx.execute_many(&ADD_MESSAGE, &rows).map(|_| ())
}

impl Store {
    /// Messages that are due, the oldest first.
    pub async fn due_messages(&self, now: Time) -> Result<Vec<Message>> {
        self.rows(&DUE_MESSAGES, params![now, TAKE_MAX].to_vec(), |row: &Row| {
            let (id, receiver, made) = (row.int(0)?, row.text(1)?, row.time(2)?);
            Ok(Message { id, receiver, made, tries: row.count(3)?, notices: row.json(4)? })
        })
        .await
    }

    /// A message could not be sent and is due again later.
    pub async fn put_off_message(&self, id: i64, due: Time) -> Result<()> {
        self.write(move |tx| tx.execute(&PUT_OFF, params![id, due]).map(|_| ())).await
    }

    /// A message was sent, or is given up: it is taken out, and the histories of its alarms say what became of it.
    pub async fn message_done(&self, message: Message, outcome: String, now: Time) -> Result<()> {
        self.write(move |tx| {
            if tx.execute(&DROP_MESSAGE, params![message.id])? == 0 {
                return Ok(());
            }
            let alarms: BTreeSet<AlarmId> = message.notices.iter().map(|notice| notice.alarm.id).collect();
            let event = AlarmEvent { at: now, kind: AlarmEventKind::Told, who: String::new(), text: outcome.clone() };
            alarms.into_iter().try_for_each(|alarm| add_events(tx, alarm, std::slice::from_ref(&event)))
        })
        .await
    }
}
