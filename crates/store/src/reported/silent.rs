//! Pilots of factories of other software of which nothing was heard for long.

use crate::engine::{Row, params, statements};
use crate::jobs::codes;
use crate::{Result, Store};
use model::{PilotState, Time};

statements! {
    SILENT = "SELECT id, factory, label, batch_id, state, last_heard FROM pilot WHERE reported = 1 AND state < 5 \
        AND state = ?1 AND last_heard < ?2 AND (last_heard, id) > (?3, ?4) ORDER BY last_heard, id LIMIT ?5";
}

/// A pilot of which nothing was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentPilot {
    /// Its number.
    pub id: i64,
    /// Its factory.
    pub factory: String,
    /// Its label.
    pub label: String,
    /// Its id in the batch system.
    pub batch_id: String,
    /// Its state.
    pub state: PilotState,
    /// When something was heard of it last.
    pub last_heard: Time,
}

impl Store {
    /// Reported pilots in a state of which nothing was heard since `before`, the most silent first, at most `limit`; those
    /// that come after `(when heard, id)`.
    pub async fn silent_pilots(
        &self,
        state: PilotState,
        before: Time,
        after: (Time, i64),
        limit: u32,
    ) -> Result<Vec<SilentPilot>> {
        let values = params![state as i64, before, after.0, after.1, limit].to_vec();
        self.rows(&SILENT, values, |row: &Row| {
            Ok(SilentPilot {
                id: row.int(0)?,
                factory: row.text(1)?,
                label: row.text(2)?,
                batch_id: row.text_or_empty(3)?,
                state: codes::pilot_state(row.int(4)?)?,
                last_heard: row.time(5)?,
            })
        })
        .await
    }
}
