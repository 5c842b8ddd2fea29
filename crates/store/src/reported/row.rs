//! Rows of pilots that others report: found by factory and batch id, made when they are missing.

use crate::engine::{Row, Value, params, statements};
use crate::jobs::codes;
use crate::pilots::row::{self, PilotRow, columns};
use crate::tx::{LabelKey, Tx};
use crate::{Result, Store};
use model::{PilotId, PilotState, Time};
use std::collections::{BTreeMap, BTreeSet};

statements! {
    PILOTS_BY_BATCH_ID = concat!("SELECT ", columns!(), " FROM pilot WHERE batch_id = ?1 AND factory = ?2 ORDER BY id"),
        arrays concat!("SELECT ", columns!(), " FROM pilot WHERE batch_id IS NOT NULL AND (batch_id, factory) IN \
            (SELECT * FROM unnest(?1::text[], ?2::text[])) ORDER BY id FOR UPDATE");
    PILOT_OF_BATCH_ID = "SELECT id FROM pilot WHERE batch_id = ?1 AND factory = ?2 ORDER BY id DESC LIMIT 1";
    RESULT_OF_PILOT = "SELECT id, result FROM pilot WHERE id = ?1 AND result IS NOT NULL";
    ADD_REPORTED = "INSERT INTO pilot (id, factory, label, queue, batch, batch_id, secret, reported, announced, state, \
            started, last_heard, ended, error_class, message, events, jobs_ended, result) VALUES (?1, ?2, ?3, ?4, ?5, \
            ?6, ?7, 1, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        arrays "INSERT INTO pilot (id, factory, label, queue, batch, batch_id, secret, reported, announced, state, \
            started, last_heard, ended, error_class, message, events, jobs_ended, result) SELECT t.a, t.b, t.c, t.d, \
            t.e, t.f, t.g, 1, t.h, t.i, t.j, t.k, t.l, t.m, t.n, t.o, t.p, t.q FROM unnest(?1::bigint[], ?2::text[], \
            ?3::text[], ?4::text[], ?5::text[], ?6::text[], ?7::bytea[], ?8::bigint[], ?9::bigint[], ?10::bigint[], \
            ?11::bigint[], ?12::bigint[], ?13::bigint[], ?14::text[], ?15::bigint[], ?16::bigint[], ?17::bigint[]) \
            AS t (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)";
    SAVE_REPORTED = "UPDATE pilot SET state = ?2, started = ?3, last_heard = ?4, ended = ?5, error_class = ?6, \
        message = ?7, events = ?8, jobs_ended = ?9, result = ?10, flag = NULL WHERE id = ?1";
}

/// Name of the end point of a pilot whose label says nothing of it.
const BATCH: &str = "reported";

/// A pilot that others report.
pub(crate) struct ReportedRow {
    pub(crate) row: PilotRow,
    pub(crate) last_heard: Time,
    /// Where it runs.
    batch: String,
    is_new: bool,
}

/// Who it is: its factory, and its id in the batch system.
pub(crate) type Key = (String, String);

impl ReportedRow {
    /// One that nobody knew, as it was submitted just now.
    pub(crate) fn new(id: i64, label: LabelKey, batch: &str, batch_id: &str, now: Time) -> ReportedRow {
        let row = PilotRow {
            id: PilotId(id),
            label,
            state: PilotState::Submitted,
            flag: None,
            incarnation: 0,
            slots: 0,
            ended: None,
            error_class: None,
            batch_id: batch_id.to_owned(),
            native_state: String::new(),
            message: String::new(),
            secret: Vec::new(),
            instance: String::new(),
            announced: now,
            started: None,
            jobs_ended: 0,
            cores: 0,
            good_ms: 0,
            failed_ms: 0,
            events: 0,
            is_reported: true,
            result: None,
        };
        let batch = if batch.is_empty() { BATCH } else { batch };
        ReportedRow { row, last_heard: now, batch: batch.to_owned(), is_new: true }
    }

    fn common(&self) -> [Value; 8] {
        let ReportedRow { row, last_heard, .. } = self;
        let message = (!row.message.is_empty()).then_some(&row.message);
        [
            Value::from(row.started),
            Value::from(*last_heard),
            Value::from(row.ended),
            Value::from(codes::error_code(row.error_class)),
            Value::from(message),
            Value::from(row.events),
            Value::from(row.jobs_ended),
            Value::from(row.result),
        ]
    }

    fn added(&self) -> Vec<Value> {
        let LabelKey { factory, label, queue } = &self.row.label;
        let (id, batch_id, announced) = (self.row.id, &self.row.batch_id, self.row.announced);
        let secret = Value::Bytes(self.row.secret.clone());
        let mut values = params![id, factory, label, queue, &self.batch, batch_id, secret, announced].to_vec();
        values.push(Value::from(self.row.state as i64));
        values.extend(self.common());
        values
    }

    fn saved(&self) -> Vec<Value> {
        let mut values = params![self.row.id, self.row.state as i64].to_vec();
        values.extend(self.common());
        values
    }
}

/// Those that are known, by key; of several the newest. Pilots of factories of ours are among them.
pub(crate) fn load(tx: &mut Tx<'_>, keys: impl Iterator<Item = Key>, now: Time) -> Result<BTreeMap<Key, ReportedRow>> {
    let keys: BTreeSet<Key> = keys.collect();
    let keys: Vec<Vec<Value>> =
        keys.into_iter().map(|(factory, batch_id)| params![batch_id, factory].to_vec()).collect();
    let rows = tx.query_many(&PILOTS_BY_BATCH_ID, &keys)?;
    let known = rows.iter().map(|row| {
        let row = PilotRow::of(row)?;
        let key = (row.label.factory.clone(), row.batch_id.clone());
        Ok((key, ReportedRow { row, last_heard: now, batch: String::new(), is_new: false }))
    });
    known.collect()
}

/// Writes all. Of pilots of ours nothing was changed but what was said about them.
pub(crate) fn save<'a>(tx: &mut Tx<'_>, rows: impl Iterator<Item = &'a ReportedRow>) -> Result<()> {
    let (theirs, ours): (Vec<&ReportedRow>, Vec<&ReportedRow>) = rows.partition(|row| row.row.is_reported);
    let (new, known): (Vec<&ReportedRow>, Vec<&ReportedRow>) = theirs.into_iter().partition(|row| row.is_new);
    tx.execute_many(&ADD_REPORTED, &new.iter().map(|row| row.added()).collect::<Vec<_>>())?;
    tx.execute_many(&SAVE_REPORTED, &known.iter().map(|row| row.saved()).collect::<Vec<_>>())?;
    row::save(tx, ours.into_iter().map(|row| &row.row))
}

impl Store {
    /// The pilot with this id in its batch system, the newest when there are several.
    pub async fn pilot_by_batch_id(&self, factory: String, batch_id: String) -> Result<Option<PilotId>> {
        let found =
            self.rows(&PILOT_OF_BATCH_ID, params![batch_id, factory].to_vec(), |row: &Row| row.int(0).map(PilotId));
        Ok(found.await?.into_iter().next())
    }

    /// What the wrappers of pilots returned; those that told nothing are left out.
    pub async fn pilot_results(&self, pilots: Vec<PilotId>) -> Result<BTreeMap<PilotId, i64>> {
        self.read(move |connection| {
            let mut results = BTreeMap::new();
            for pilot in &pilots {
                if let Some(row) = connection.query_one(&RESULT_OF_PILOT, params![*pilot])? {
                    results.insert(*pilot, row.int(1)?);
                }
            }
            Ok(results)
        })
        .await
    }
}
