//! A pilot's row as far as changes of its state need it.

use super::events::{self, Noted, Saying};
use crate::Result;
use crate::engine::{Row, Value, params, statements};
use crate::jobs::codes;
use crate::jobs::lose::lose_all_of;
use crate::tx::{LabelKey, Tx};
use model::reported::NO_JOB;
use model::{ErrorClass, PilotEvent, PilotFlag, PilotId, PilotState, Time};

/// The most characters of a message that are kept.
const MESSAGE_MAX_CHARS: usize = 1000;

/// What [`PilotRow::of`] reads.
macro_rules! columns {
    () => {
        "id, factory, label, queue, state, flag, incarnation, slots, ended, error_class, batch_id, native_state, \
         message, secret, instance, announced, started, jobs_ended, cores, good_ms, failed_ms, events, \
         reported, result"
    };
}

pub(crate) use columns;

statements! {
    PILOTS_BY_ID = concat!("SELECT ", columns!(), " FROM pilot WHERE id = ?1"),
        arrays concat!("SELECT ", columns!(), " FROM pilot WHERE id = ANY(?1::bigint[]) ORDER BY id FOR UPDATE");
    SAVE_PILOTS = "UPDATE pilot SET state = ?2, flag = ?3, ended = ?4, error_class = ?5, batch_id = ?6, \
        native_state = ?7, message = ?8, events = ?9 WHERE id = ?1";
}

/// A pilot.
#[derive(Clone, Debug)]
pub(crate) struct PilotRow {
    pub(crate) id: PilotId,
    pub(crate) label: LabelKey,
    pub(crate) state: PilotState,
    pub(crate) flag: Option<PilotFlag>,
    pub(crate) incarnation: u32,
    pub(crate) slots: i64,
    pub(crate) ended: Option<Time>,
    pub(crate) error_class: Option<ErrorClass>,
    pub(crate) batch_id: String,
    pub(crate) native_state: String,
    pub(crate) message: String,
    pub(crate) secret: Vec<u8>,
    pub(crate) instance: String,
    pub(crate) announced: Time,
    pub(crate) started: Option<Time>,
    pub(crate) jobs_ended: i64,
    pub(crate) cores: i64,
    pub(crate) good_ms: i64,
    pub(crate) failed_ms: i64,
    /// What was written down about it.
    pub(crate) events: u32,
    /// Its factory is one of other software.
    pub(crate) is_reported: bool,
    /// What the wrapper of a reported one returned.
    pub(crate) result: Option<i64>,
}

impl PilotRow {
    /// From a row with [`columns`].
    pub(crate) fn of(row: &Row) -> Result<PilotRow> {
        Ok(PilotRow {
            id: PilotId(row.int(0)?),
            label: LabelKey { factory: row.text(1)?, label: row.text(2)?, queue: row.text(3)? },
            state: codes::pilot_state(row.int(4)?)?,
            flag: flag_of(row.opt_int(5)?),
            incarnation: row.small(6)?,
            slots: row.int(7)?,
            ended: row.opt_time(8)?,
            error_class: codes::error_class(row.opt_int(9)?)?,
            batch_id: row.text_or_empty(10)?,
            native_state: row.text_or_empty(11)?,
            message: row.text_or_empty(12)?,
            secret: row.bytes(13)?,
            instance: row.text_or_empty(14)?,
            announced: row.time(15)?,
            started: row.opt_time(16)?,
            jobs_ended: row.int(17)?,
            cores: row.int(18)?,
            good_ms: row.int(19)?,
            failed_ms: row.int(20)?,
            events: row.small(21)?,
            is_reported: row.int(22)? != 0,
            result: row.opt_int(23)?,
        })
    }

    /// Sets the flag beside its state, and counts it when it is held back.
    pub(crate) fn set_flag(&mut self, tx: &mut Tx<'_>, flag: Option<PilotFlag>) {
        let held = |flag: Option<PilotFlag>| i64::from(flag == Some(PilotFlag::Held));
        tx.count_held(&self.label, self.state, held(flag) - held(self.flag));
        self.flag = flag;
    }

    /// Writes down what was said about it, unless there is too much already. `before` is the state that it was in. The
    /// row is to be saved, for it counts.
    pub(crate) fn note(&mut self, tx: &mut Tx<'_>, before: PilotState, saying: Saying) {
        let bound = if before == self.state { events::NOTES_MAX } else { events::MOVES_MAX };
        if self.events < bound {
            self.events += 1;
            tx.note(Noted { pilot: self.id, before, state: self.state, error_class: self.error_class, saying });
        }
    }

    /// Whether it ended without ever running a job, as far as that is known. `jobs` is how many it has ended.
    pub(crate) fn is_empty(&self, jobs: i64) -> bool {
        let had_none = if self.is_reported { self.result == Some(NO_JOB) } else { self.started.is_some() && jobs == 0 };
        self.state == PilotState::Done && had_none
    }

    /// Sets what was said last; an empty text says nothing.
    pub(crate) fn say(&mut self, message: &str) {
        if !message.is_empty() {
            self.message = message.chars().take(MESSAGE_MAX_CHARS).collect();
        }
    }

    fn values(&self) -> Vec<Value> {
        let text = |text: &String| (!text.is_empty()).then(|| text.clone());
        params![
            self.id,
            self.state as i64,
            self.flag.map(|flag| flag as i64),
            self.ended,
            codes::error_code(self.error_class),
            text(&self.batch_id),
            text(&self.native_state),
            text(&self.message),
            self.events,
        ]
        .to_vec()
    }
}

/// A flag from its number.
pub(crate) fn flag_of(code: Option<i64>) -> Option<PilotFlag> {
    [PilotFlag::Held, PilotFlag::Suspended, PilotFlag::Retiring].into_iter().find(|flag| Some(*flag as i64) == code)
}

/// Pilots by id; unknown ones are left out.
pub(crate) fn load(tx: &mut Tx<'_>, ids: impl IntoIterator<Item = PilotId>) -> Result<Vec<PilotRow>> {
    let keys: Vec<Vec<Value>> = ids.into_iter().map(|id| params![id].to_vec()).collect();
    tx.query_many(&PILOTS_BY_ID, &keys)?.iter().map(PilotRow::of).collect()
}

/// Writes what may change.
pub(crate) fn save<'a>(tx: &mut Tx<'_>, rows: impl IntoIterator<Item = &'a PilotRow>) -> Result<()> {
    let values: Vec<Vec<Value>> = rows.into_iter().map(PilotRow::values).collect();
    tx.execute_many(&SAVE_PILOTS, &values).map(|_| ())
}

/// Moves a pilot to the state after `event` and counts it. What a pilot that ended or went back to the batch system's
/// queue still holds is lost. The row is not saved here.
pub(crate) fn advance(
    tx: &mut Tx<'_>,
    row: &mut PilotRow,
    event: PilotEvent,
    now: Time,
) -> std::result::Result<(), String> {
    let from = row.state;
    let to = from.next(event).map_err(|refused| refused.to_string())?;
    let flag = row.flag.filter(|_| !to.is_final());
    row.set_flag(tx, None);
    row.state = to;
    row.set_flag(tx, flag);
    if to != from {
        tx.count_label(&row.label, from, -1, -row.slots);
        tx.count_label(&row.label, to, 1, row.slots);
        tx.count_moved(row, from, now);
    }
    if to.is_final() {
        row.ended = Some(now);
    }
    tx.pilot_changed(row.id);
    Ok(())
}

/// Gives up what a pilot holds that cannot go on with it.
pub(crate) fn drop_jobs(tx: &mut Tx<'_>, row: &PilotRow, class: ErrorClass, now: Time) -> Result<()> {
    let why = if row.message.is_empty() { "the pilot is gone" } else { &row.message };
    let message = format!("pilot {} is {}: {why}", row.id, row.state);
    lose_all_of(tx, &[row.id], class, &message, now).map(|_| ())
}
