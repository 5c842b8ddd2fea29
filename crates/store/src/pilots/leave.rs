//! The end of pilots.

use super::ends;
use super::events::Saying;
use super::row::{self, PilotRow};
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::pilot::{Source, Word};
use model::{ErrorClass, PilotEvent, PilotFlag, PilotId, Time};

/// How a pilot ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PilotEnd {
    /// The pilot.
    pub pilot: PilotId,
    /// Set when it ends because of an error.
    pub error_class: Option<ErrorClass>,
    /// Why, in words.
    pub message: String,
    /// The time.
    pub now: Time,
}

impl Store {
    /// The pilot says that it ends: it is exiting and what it still holds is lost. Ignored when `incarnation` is not the
    /// present one, or when it is exiting or has ended already.
    pub async fn pilot_exits(&self, end: PilotEnd, incarnation: u32) -> Result<()> {
        self.write(move |tx| {
            let mut row = pilot(tx, end.pilot)?;
            if row.incarnation != incarnation || row.state.is_final() {
                let saying = Saying::of(Source::Pilot, Word::Exiting, &end.message, end.now).refused();
                row.note(tx, row.state, saying);
                return row::save(tx, [&row]);
            }
            let before = row.state;
            row::advance(tx, &mut row, PilotEvent::Exit, end.now).map_err(Error::Conflict)?;
            row.say(&end.message);
            row.error_class = end.error_class.or(row.error_class);
            row.note(tx, before, Saying::of(Source::Pilot, Word::Exiting, &end.message, end.now));
            row::save(tx, [&row])?;
            row::drop_jobs(tx, &row, ErrorClass::Evicted, end.now)
        })
        .await
    }

    /// The pilot is gone: done, or fault when there is an error class. What it still holds is lost. Harmless when it has
    /// ended already.
    pub async fn close_pilot(&self, end: PilotEnd) -> Result<()> {
        self.write(move |tx| {
            let mut row = pilot(tx, end.pilot)?;
            if row.state.is_final() {
                return Ok(());
            }
            let event = if end.error_class.is_some() { PilotEvent::Break } else { PilotEvent::End };
            let before = row.state;
            row::advance(tx, &mut row, event, end.now).map_err(Error::Conflict)?;
            row.say(&end.message);
            row.error_class = end.error_class.or(row.error_class);
            row.note(tx, before, Saying::of(Source::Server, Word::from(event), &end.message, end.now));
            ends::count(tx, &row, end.now);
            row::save(tx, [&row])?;
            row::drop_jobs(tx, &row, ErrorClass::Lost, end.now)
        })
        .await
    }

    /// Sets or clears the flag beside a pilot's state; `why` says who wanted it.
    pub async fn flag_pilot(&self, id: PilotId, flag: Option<PilotFlag>, why: String, now: Time) -> Result<()> {
        self.write(move |tx| {
            let mut row = pilot(tx, id)?;
            if row.state.is_final() || row.flag == flag {
                return Ok(());
            }
            row.set_flag(tx, flag);
            let before = row.state;
            row.note(tx, before, Saying::of(Source::Server, Word::Flag, &why, now));
            row::save(tx, [&row])?;
            tx.pilot_changed(id);
            Ok(())
        })
        .await
    }
}

fn pilot(tx: &mut Tx<'_>, id: PilotId) -> Result<PilotRow> {
    let row = row::load(tx, [id])?.into_iter().next();
    row.ok_or_else(|| Error::not_found(format!("pilot {id}")))
}
