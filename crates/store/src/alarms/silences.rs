//! Silences of alarms.

use super::add_events;
use crate::engine::value::to_json;
use crate::engine::{Connection, Row, params, statements};
use crate::{Error, Result, Store};
use model::alarm::{AlarmEvent, AlarmEventKind, Matcher, Silence, minute};
use model::{AlarmId, SilenceId, Time};

/// The most silences that may be in force.
const SILENCES_MAX: i64 = 1000;

statements! {
    SILENCES = "SELECT id, matcher, owner, reason, made, until FROM silence WHERE until > ?1 ORDER BY until LIMIT ?2";
    ONE_SILENCE = "SELECT id, matcher, owner, reason, made, until FROM silence WHERE id = ?1";
    ADD_SILENCE = "INSERT INTO silence (id, matcher, owner, reason, made, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    END_SILENCE = "UPDATE silence SET until = ?2 WHERE id = ?1 AND until > ?2";
    OLD_SILENCES = "DELETE FROM silence WHERE until < ?1";
}

impl Store {
    /// Silences alarms. With the alarm for which it was asked, that alarm's history tells it.
    pub async fn silence(&self, new: Silence, of_alarm: Option<AlarmId>) -> Result<Silence> {
        self.write(move |tx| {
            if at(tx.connection(), new.made)?.len() as i64 >= SILENCES_MAX {
                return Err(Error::Conflict(format!("{SILENCES_MAX} silences are in force; end some of them")));
            }
            let silence = Silence { id: SilenceId(tx.next_ids("silence", 1)?), ..new.clone() };
            let Silence { id, of, owner, reason, made, until } = &silence;
            tx.execute(&ADD_SILENCE, params![*id, to_json(of)?, owner, reason, *made, *until])?;
            tx.changes().alarms = true;
            if let Some(alarm) = of_alarm {
                super::one(tx, alarm)?;
                let text = format!("until {}: {reason}", minute(*until));
                let event = AlarmEvent { at: *made, kind: AlarmEventKind::Silenced, who: owner.clone(), text };
                add_events(tx, alarm, &[event])?;
            }
            Ok(silence)
        })
        .await
    }

    /// Silences in force at `now`, those that end first before the others.
    pub async fn silences(&self, now: Time) -> Result<Vec<Silence>> {
        self.read(move |connection| at(connection, now)).await
    }

    /// One silence, also when it has ended.
    pub async fn one_silence(&self, id: SilenceId) -> Result<Option<Silence>> {
        Ok(self.rows(&ONE_SILENCE, params![id].to_vec(), silence_of).await?.into_iter().next())
    }

    /// Ends a silence now. False when it is not in force.
    pub async fn end_silence(&self, id: SilenceId, now: Time) -> Result<bool> {
        self.write(move |tx| {
            tx.changes().alarms = true;
            Ok(tx.execute(&END_SILENCE, params![id, now])? > 0)
        })
        .await
    }
}

pub(super) fn at(connection: &mut dyn Connection, now: Time) -> Result<Vec<Silence>> {
    connection.query(&SILENCES, params![now, SILENCES_MAX])?.iter().map(silence_of).collect()
}

fn silence_of(row: &Row) -> Result<Silence> {
    let of: Matcher = row.json(1)?;
    let (owner, reason) = (row.text(2)?, row.text(3)?);
    Ok(Silence { id: SilenceId(row.int(0)?), of, owner, reason, made: row.time(4)?, until: row.time(5)? })
}
