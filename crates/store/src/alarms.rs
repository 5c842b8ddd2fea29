//! Alarms: those that are not over, their history, and what became of them.

pub(crate) mod exclusions;
pub(crate) mod facts;
pub(crate) mod outbox;
pub(crate) mod remarks;
pub(crate) mod silences;

use crate::engine::value::to_json;
use crate::engine::{Row, Value, params, statements};
use crate::tx::Tx;
use crate::{Error, Page, Result, Store};
use model::alarm::{Acknowledgement, Alarm, AlarmEvent, AlarmEventKind, Notice, Silence, Turn};
use model::{AlarmId, Time};
use outbox::NewMessage;
use std::collections::BTreeMap;

/// The most alarms that may be open: rules find each thing once, and explain many by one.
const OPEN_MAX: i64 = 20_000;
/// The most events of an alarm that are read, the newest.
const EVENTS_MAX: i64 = 500;
/// The most rows that one page of past alarms looks at.
const SCAN_MAX: usize = 1000;
/// Alarms that one step of retention deletes.
const PORTION: i64 = 500;

statements! {
    OPEN_ALARMS = "SELECT id, record FROM alarm WHERE ended IS NULL ORDER BY rule, subject LIMIT ?1";
    OPEN_ALARMS_TO_CHANGE = "SELECT id, record FROM alarm WHERE ended IS NULL ORDER BY rule, subject LIMIT ?1"
        => "SELECT id, record FROM alarm WHERE ended IS NULL ORDER BY rule, subject LIMIT ?1 FOR UPDATE";
    PAST_ALARMS = "SELECT id, record FROM alarm WHERE ended IS NOT NULL AND id < ?1 ORDER BY id DESC LIMIT ?2";
    ONE_ALARM = "SELECT id, record FROM alarm WHERE id = ?1";
    ALARM_TO_CHANGE = "SELECT id, record FROM alarm WHERE id = ?1" => "SELECT id, record FROM alarm WHERE id = ?1 FOR UPDATE";
    ADD_ALARM = "INSERT INTO alarm (id, rule, subject, ended, record) VALUES (?1, ?2, ?3, ?4, ?5)";
    SAVE_ALARM = "UPDATE alarm SET ended = ?2, record = ?3 WHERE id = ?1";
    DROP_ALARM = "DELETE FROM alarm WHERE id = ?1";
    OLD_ALARMS = "SELECT id FROM alarm WHERE ended < ?1 ORDER BY ended LIMIT ?2";
    ADD_ALARM_EVENT = "INSERT INTO alarm_event (id, alarm, at, kind, who, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    EVENTS_OF_ALARM = "SELECT at, kind, who, text FROM alarm_event WHERE alarm = ?1 ORDER BY id DESC LIMIT ?2";
    DROP_ALARM_EVENTS = "DELETE FROM alarm_event WHERE alarm = ?1";
}

impl Store {
    /// Lets `evaluate` make of the alarms that are not over, and of the silences at `now`, what they are now, and
    /// `address` of what is to be told the messages to receivers. All in one commit: what an alarm says was told is in the
    /// outbox.
    pub async fn turn_alarms<E, A>(&self, evaluate: E, address: A, now: Time) -> Result<()>
    where
        E: Fn(Vec<Alarm>, &[Silence]) -> Turn + Send + 'static,
        A: Fn(&[Notice]) -> Vec<NewMessage> + Send + 'static,
    {
        self.write(move |tx| {
            let before = read(&tx.query(&OPEN_ALARMS_TO_CHANGE, params![OPEN_MAX])?)?;
            let silences = silences::at(tx.connection(), now)?;
            let known: BTreeMap<AlarmId, Alarm> = before.iter().map(|alarm| (alarm.id, alarm.clone())).collect();
            let turn = evaluate(before, &silences);
            let ids = save(tx, &turn, &known)?;
            let mut notices = turn.notices;
            for Notice { alarm, .. } in &mut notices {
                alarm.id = ids.get(&alarm.key()).copied().unwrap_or(alarm.id);
            }
            outbox::add(tx, &address(&notices), now)?;
            tx.changes().alarms |= !notices.is_empty();
            Ok(())
        })
        .await
    }

    /// Alarms that are not over, also those that have not been found for long enough yet.
    pub async fn open_alarms(&self) -> Result<Vec<Alarm>> {
        self.rows(&OPEN_ALARMS, params![OPEN_MAX].to_vec(), alarm_of).await
    }

    /// Alarms that are over, the newest first, from below `cursor`, at most `limit`.
    pub async fn past_alarms(&self, cursor: Option<i64>, limit: u32) -> Result<Page<Alarm>> {
        let below = cursor.unwrap_or(i64::MAX);
        self.read(move |connection| {
            let scan = |below: i64, rows: usize| connection.query(&PAST_ALARMS, params![below, rows as i64]);
            crate::page::collect(below, limit as usize, SCAN_MAX, scan, alarm_of, |alarm| alarm.id.0, |_| true)
        })
        .await
    }

    /// One alarm with what happened to it, the oldest first.
    pub async fn alarm(&self, id: AlarmId) -> Result<Option<(Alarm, Vec<AlarmEvent>)>> {
        self.read(move |connection| {
            let Some(row) = connection.query_one(&ONE_ALARM, params![id])? else { return Ok(None) };
            let events = connection.query(&EVENTS_OF_ALARM, params![id, EVENTS_MAX])?;
            let events = events.iter().rev().map(event_of).collect::<Result<Vec<_>>>()?;
            Ok(Some((alarm_of(&row)?, events)))
        })
        .await
    }

    /// Somebody looks after an alarm, and says why or what. One that is over cannot be looked after any more.
    pub async fn acknowledge_alarm(&self, id: AlarmId, by: Acknowledgement) -> Result<()> {
        self.write(move |tx| {
            let mut alarm = one(tx, id)?;
            if alarm.cleared.is_some() {
                return Err(Error::Conflict(format!("alarm {id} is over")));
            }
            let Acknowledgement { by: who, at, why: text } = by.clone();
            alarm.acknowledged = Some(by.clone());
            tx.execute(&SAVE_ALARM, params![id, alarm.cleared, to_json(&alarm)?])?;
            add_events(tx, id, &[AlarmEvent { at, kind: AlarmEventKind::Acknowledged, who, text }])
        })
        .await
    }

    /// Writes down what somebody says of an alarm.
    pub async fn comment_alarm(&self, id: AlarmId, who: String, text: String, now: Time) -> Result<()> {
        self.write(move |tx| {
            one(tx, id)?;
            let (who, text) = (who.clone(), text.clone());
            add_events(tx, id, &[AlarmEvent { at: now, kind: AlarmEventKind::Comment, who, text }])
        })
        .await
    }

    /// Deletes alarms that were over before `before`, and silences that had ended, a portion of them. Returns how many
    /// alarms; there may be more while it is any.
    pub async fn drop_alarms(&self, before: Time) -> Result<u64> {
        self.write(move |tx| {
            tx.execute(&silences::OLD_SILENCES, params![before])?;
            let old = tx.query(&OLD_ALARMS, params![before, PORTION])?;
            let ids = old.iter().map(|row| Ok(params![row.int(0)?].to_vec())).collect::<Result<Vec<_>>>()?;
            tx.execute_many(&DROP_ALARM_EVENTS, &ids)?;
            tx.execute_many(&DROP_ALARM, &ids)
        })
        .await
    }
}

/// Writes what changed, and returns the ids of new alarms.
fn save(
    tx: &mut Tx<'_>,
    turn: &Turn,
    known: &BTreeMap<AlarmId, Alarm>,
) -> Result<BTreeMap<(model::alarm::Rule, String), AlarmId>> {
    let mut new_ids = BTreeMap::new();
    for (alarm, events) in &turn.alarms {
        let mut alarm = alarm.clone();
        if alarm.id == AlarmId(0) {
            alarm.id = AlarmId(tx.next_ids("alarm", 1)?);
            new_ids.insert(alarm.key(), alarm.id);
            let (rule, subject) = alarm.key();
            tx.execute(&ADD_ALARM, params![alarm.id, rule.as_str(), subject, alarm.cleared, to_json(&alarm)?])?;
        } else if known.get(&alarm.id) != Some(&alarm) {
            tx.execute(&SAVE_ALARM, params![alarm.id, alarm.cleared, to_json(&alarm)?])?;
        }
        add_events(tx, alarm.id, events)?;
    }
    let forgotten: Vec<Vec<Value>> = turn.forgotten.iter().map(|id| params![*id].to_vec()).collect();
    tx.execute_many(&DROP_ALARM, &forgotten)?;
    Ok(new_ids)
}

fn add_events(tx: &mut Tx<'_>, alarm: AlarmId, events: &[AlarmEvent]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let first = tx.next_ids("alarm_event", events.len() as u64)?;
    let row = |(i, event): (usize, &AlarmEvent)| {
        params![first + i as i64, alarm, event.at, code(event.kind), &event.who, &event.text].to_vec()
    };
    tx.execute_many(&ADD_ALARM_EVENT, &events.iter().enumerate().map(row).collect::<Vec<_>>())?;
    tx.changes().alarms = true;
    Ok(())
}

fn one(tx: &mut Tx<'_>, id: AlarmId) -> Result<Alarm> {
    let row = tx.query_one(&ALARM_TO_CHANGE, params![id])?;
    row.map(|row| alarm_of(&row)).transpose()?.ok_or_else(|| Error::not_found(format!("alarm {id}")))
}

fn read(rows: &[Row]) -> Result<Vec<Alarm>> {
    rows.iter().map(alarm_of).collect()
}

fn alarm_of(row: &Row) -> Result<Alarm> {
    Ok(Alarm { id: AlarmId(row.int(0)?), ..row.json(1)? })
}

fn code(kind: AlarmEventKind) -> i64 {
    AlarmEventKind::ALL.iter().position(|one| *one == kind).unwrap_or_default() as i64
}

fn event_of(row: &Row) -> Result<AlarmEvent> {
    let kind = usize::try_from(row.int(1)?).ok().and_then(|code| AlarmEventKind::ALL.get(code).copied());
    let kind = kind.ok_or_else(|| Error::Corrupt("an event of an alarm is of no known kind".to_owned()))?;
    Ok(AlarmEvent { at: row.time(0)?, kind, who: row.text(2)?, text: row.text(3)? })
}
