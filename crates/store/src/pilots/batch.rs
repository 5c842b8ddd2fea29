//! What batch systems say about pilots.

use super::ends;
use super::events::Saying;
use super::row::{self, PilotRow};
use crate::tx::Tx;
use crate::{Result, Store};
use model::pilot::{Source, Word};
use model::{BatchUpdate, ErrorClass, PilotEvent, PilotFlag, PilotId, PilotState, Time};
use std::collections::{BTreeMap, BTreeSet};

/// An update that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRefusal {
    /// The pilot.
    pub pilot: PilotId,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Applies updates of one factory's pilots in one commit. An update that makes no sense in a pilot's state, or names
    /// a pilot that is not the factory's, is returned and never disturbs its neighbours. A pilot that ends, or that the
    /// batch system put back into its queue, loses what it holds.
    pub async fn batch_updates(
        &self,
        factory: String,
        updates: Vec<BatchUpdate>,
        now: Time,
    ) -> Result<Vec<BatchRefusal>> {
        self.write(move |tx| apply(tx, &factory, &updates, now)).await
    }
}

fn apply(tx: &mut Tx<'_>, factory: &str, updates: &[BatchUpdate], now: Time) -> Result<Vec<BatchRefusal>> {
    let ids: BTreeSet<PilotId> = updates.iter().map(|update| update.pilot).collect();
    let rows = row::load(tx, ids)?;
    let mut rows: BTreeMap<PilotId, PilotRow> =
        rows.into_iter().filter(|row| row.label.factory == factory).map(|row| (row.id, row)).collect();
    let mut refusals = Vec::new();
    for update in updates {
        let Some(row) = rows.get_mut(&update.pilot) else {
            refusals.push(BatchRefusal { pilot: update.pilot, reason: format!("{factory} has no such pilot") });
            continue;
        };
        let before = (row.state, row.flag, row.native_state.clone(), row.message.clone());
        let outcome = apply_one(tx, row, update, now)?;
        note(tx, row, &before, update, outcome.as_ref().err(), now);
        if let Err(reason) = outcome {
            row.say(&reason);
            refusals.push(BatchRefusal { pilot: update.pilot, reason });
        }
    }
    row::save(tx, rows.values())?;
    Ok(refusals)
}

/// What a batch system shows again and again is written down when it changes.
fn note(
    tx: &mut Tx<'_>,
    row: &mut PilotRow,
    before: &(PilotState, Option<PilotFlag>, String, String),
    update: &BatchUpdate,
    refusal: Option<&String>,
    now: Time,
) {
    if refusal.is_none() && *before == (row.state, row.flag, row.native_state.clone(), row.message.clone()) {
        return;
    }
    let native = Some(&update.native_state).filter(|native| !native.is_empty() && !update.message.contains(*native));
    let said = [native, Some(&update.message), refusal].into_iter().flatten().filter(|text| !text.is_empty());
    let text = said.map(String::as_str).collect::<Vec<_>>().join(": ");
    let saying = Saying::of(Source::Batch, Word::from(update.event), &text, now);
    row.note(tx, before.0, if refusal.is_some() { saying.refused() } else { saying });
}

fn apply_one(
    tx: &mut Tx<'_>,
    row: &mut PilotRow,
    update: &BatchUpdate,
    now: Time,
) -> Result<std::result::Result<(), String>> {
    let before = row.state;
    // A pilot that told its own error knows more than its batch system.
    let told = before == PilotState::Exiting && row.error_class.is_some();
    if let Err(reason) = row::advance(tx, row, update.event, now) {
        return Ok(Err(reason));
    }
    if !update.batch_id.is_empty() {
        row.batch_id.clone_from(&update.batch_id);
    }
    if !update.native_state.is_empty() {
        row.native_state.clone_from(&update.native_state);
    }
    if !told {
        row.say(&update.message);
    }
    if !row.state.is_final() && row.flag != Some(PilotFlag::Retiring) {
        row.set_flag(tx, update.flag);
    }
    if update.event == PilotEvent::Break && !told {
        row.error_class = Some(update.error_class.unwrap_or(ErrorClass::Batch));
    }
    if row.state.is_final() {
        ends::count(tx, row, now);
    }
    let requeued = before == PilotState::Running && row.state == PilotState::Pending;
    if row.state.is_final() || requeued {
        row::drop_jobs(tx, row, if requeued { ErrorClass::Evicted } else { ErrorClass::Lost }, now)?;
    }
    Ok(Ok(()))
}
