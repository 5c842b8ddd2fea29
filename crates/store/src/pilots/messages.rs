//! What pilots that broke had in common: messages that are alike are counted together, by hour and label.

use super::ends::{NO_CLASS, hour};
use crate::engine::{Row, Value, params, statements};
use crate::jobs::codes;
use crate::tx::{EndKey, LabelKey, Tx};
use crate::{Result, Store};
use model::{ErrorClass, PilotId, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// The most templates of a label in an hour; what comes on top is counted as [`OTHERS`].
const TEMPLATES_MAX: usize = 50;
/// What stands for all other messages.
const OTHERS: &str = "(other messages)";

statements! {
    ADD_TO_MESSAGES = "INSERT INTO pilot_message (hour, factory, label, queue, error_class, template, pilots, last) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (hour, factory, label, queue, error_class, template) \
        DO UPDATE SET pilots = pilot_message.pilots + excluded.pilots, last = excluded.last";
    MESSAGES_SINCE = "SELECT factory, label, queue, error_class, template, SUM(pilots), MAX(last) FROM pilot_message \
            WHERE hour >= ?1 GROUP BY factory, label, queue, error_class, template"
        => "SELECT factory, label, queue, error_class, template, CAST(SUM(pilots) AS BIGINT), MAX(last) \
            FROM pilot_message WHERE hour >= ?1 GROUP BY factory, label, queue, error_class, template";
    OLD_MESSAGES = "DELETE FROM pilot_message WHERE hour < ?1";
}

/// How often pilots of one label broke with messages that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCount {
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// The error class.
    pub error_class: Option<ErrorClass>,
    /// What the messages have in common: [`model::template`].
    pub template: String,
    /// How many pilots.
    pub pilots: u64,
    /// The last of them.
    pub last: PilotId,
}

impl MessageCount {
    /// Whether it stands for all messages for which there was no room.
    pub fn is_of_others(&self) -> bool {
        self.template == OTHERS
    }
}

/// What a commit adds: how many, and one of them.
pub(crate) type Added = BTreeMap<(EndKey, String), (i64, PilotId)>;

/// Templates of this hour, so that text without end cannot make rows without end. Forgotten at every hour.
#[derive(Default)]
pub(crate) struct TemplateCache(Mutex<(i64, BTreeMap<LabelKey, BTreeSet<String>>)>);

impl TemplateCache {
    /// The template under which a message counts.
    pub(crate) fn admit(&self, hour: i64, label: &LabelKey, message: &str) -> String {
        let template = model::template(message);
        let Ok(mut seen) = self.0.lock() else { return OTHERS.to_owned() };
        if seen.0 != hour {
            *seen = (hour, BTreeMap::new());
        }
        let known = seen.1.entry(label.clone()).or_default();
        if known.len() < TEMPLATES_MAX {
            known.insert(template.clone());
            return template;
        }
        if known.contains(&template) { template } else { OTHERS.to_owned() }
    }
}

/// Writes what a commit adds.
pub(crate) fn write(tx: &mut Tx<'_>, added: &Added) -> Result<()> {
    let row = |((key, template), (pilots, last)): (&(EndKey, String), &(i64, PilotId))| {
        let LabelKey { factory, label, queue } = &key.label;
        params![key.hour, factory, label, queue, key.error_class, template, *pilots, *last].to_vec()
    };
    let rows: Vec<Vec<Value>> = added.iter().map(row).collect();
    tx.execute_many(&ADD_TO_MESSAGES, &rows).map(|_| ())
}

impl Store {
    /// What pilots had in common that broke since the beginning of the hour of `since`.
    pub async fn pilot_messages(&self, since: Time) -> Result<Vec<MessageCount>> {
        self.rows(&MESSAGES_SINCE, params![hour(since)].to_vec(), |row: &Row| {
            Ok(MessageCount {
                factory: row.text(0)?,
                label: row.text(1)?,
                queue: row.text(2)?,
                error_class: codes::error_class(Some(row.int(3)?).filter(|code| *code != NO_CLASS))?,
                template: row.text(4)?,
                pilots: row.count(5)?,
                last: PilotId(row.int(6)?),
            })
        })
        .await
    }
}
