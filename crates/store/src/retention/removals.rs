//! What retention removed last.

use crate::engine::{Row, Value, params, statements};
use crate::{Result, Store};
use model::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

statements! {
    REMOVALS = "SELECT kind, at, pieces FROM removal";
    SET_REMOVAL = "INSERT INTO removal (kind, at, pieces) VALUES (?1, ?2, ?3) \
        ON CONFLICT (kind) DO UPDATE SET at = excluded.at, pieces = excluded.pieces";
}

/// What goes when its time is over, and is counted then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removable {
    /// Days of the archive of jobs.
    Days,
    /// Pilots.
    Pilots,
    /// Logs of pilots.
    PilotLogs,
    /// Alarms.
    Alarms,
    /// Counts of ended pilots, error texts and core time by the hour.
    Ends,
    /// Counts of ended pilots by node and hour.
    Nodes,
    /// Decisions.
    Decisions,
    /// Commands.
    Commands,
    /// Orders.
    Orders,
    /// Idempotency keys.
    Keys,
}

/// The last time that things of one kind were removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When.
    pub at: Time,
    /// How many went then.
    pub count: u64,
}

impl Removable {
    /// All kinds.
    pub const ALL: [Removable; 10] = [
        Removable::Days,
        Removable::Pilots,
        Removable::PilotLogs,
        Removable::Alarms,
        Removable::Ends,
        Removable::Nodes,
        Removable::Decisions,
        Removable::Commands,
        Removable::Orders,
        Removable::Keys,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Removable::Days => "days",
            Removable::Pilots => "pilots",
            Removable::PilotLogs => "pilot-logs",
            Removable::Alarms => "alarms",
            Removable::Ends => "ends",
            Removable::Nodes => "nodes",
            Removable::Decisions => "decisions",
            Removable::Commands => "commands",
            Removable::Orders => "orders",
            Removable::Keys => "keys",
        }
    }
}

impl Store {
    /// What went last of each kind of which anything went.
    pub async fn removals(&self) -> Result<BTreeMap<Removable, Removal>> {
        Ok(self.rows(&REMOVALS, Vec::new(), removal_of).await?.into_iter().flatten().collect())
    }

    /// Remembers how many went at `at`; kinds of which none did stay as they are.
    pub async fn removed(&self, counts: BTreeMap<Removable, u64>, at: Time) -> Result<()> {
        let some = counts.into_iter().filter(|(_, count)| *count > 0);
        let rows: Vec<Vec<Value>> = some.map(|(kind, count)| params![kind.as_str(), at, count].to_vec()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.write(move |tx| tx.execute_many(&SET_REMOVAL, &rows).map(|_| ())).await
    }
}

/// None for a kind of another version.
fn removal_of(row: &Row) -> Result<Option<(Removable, Removal)>> {
    let name = row.text(0)?;
    let kind = Removable::ALL.into_iter().find(|kind| kind.as_str() == name);
    let removal = Removal { at: row.time(1)?, count: row.count(2)? };
    Ok(kind.map(|kind| (kind, removal)))
}
