//! A pilot's first words.

use super::events::Saying;
use super::row::{self, PilotRow};
use crate::engine::{Value, params, statements};
use crate::jobs::lose::lose_all_of;
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::pilot::{Source, Word};
use model::{ErrorClass, PilotEvent, PilotFlag, PilotId, PilotState, Shape, Time};

statements! {
    GREETED = "UPDATE pilot SET state = ?2, incarnation = ?3, instance = ?4, version = ?5, node = ?6, slots = ?7, \
        cores = ?8, memory_mib = ?9, life_s = ?10, batch_id = COALESCE(?11, batch_id), \
        started = COALESCE(started, ?12), last_heard = ?12, events = ?13, flag = ?14 \
        WHERE id = ?1";
    ADD_INCARNATION = "INSERT INTO incarnation (pilot, incarnation, node, started, profile) \
        VALUES (?1, ?2, ?3, ?4, ?5)";
    HEARD = "UPDATE pilot SET last_heard = ?2 WHERE id = ?1 AND (last_heard IS NULL OR last_heard < ?2)",
        arrays "UPDATE pilot SET last_heard = t.heard FROM unnest(?1::bigint[], ?2::bigint[]) AS t (id, heard) \
            WHERE pilot.id = t.id AND (pilot.last_heard IS NULL OR pilot.last_heard < t.heard)";
    SITE = "SELECT site FROM queue WHERE name = ?1";
}
use std::collections::BTreeMap;

/// What a pilot says when it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloCall {
    /// Who it claims to be.
    pub pilot: PilotId,
    /// Hash of the secret it was given.
    pub secret_hash: [u8; 32],
    /// Made by the pilot process at start.
    pub instance: String,
    /// The pilot's version.
    pub version: String,
    /// The worker node.
    pub node: String,
    /// Jobs it can run at once.
    pub slots: u32,
    /// All it offers together.
    pub shape: Shape,
    /// The batch system's own id; empty when unknown.
    pub batch_id: String,
    /// What the node is and has, as JSON; empty when the pilot did not say.
    pub profile: String,
    /// Why the node cannot run jobs; empty when it can.
    pub unfit: String,
    /// The time.
    pub now: Time,
}

/// What the server needs to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// 1 for the first start; another instance with the same secret gets the next number.
    pub incarnation: u32,
    /// The queue it serves.
    pub queue: String,
    /// The queue's site.
    pub site: String,
}

impl Store {
    /// Marks the pilot as running, or as exiting when its node is unfit. Idempotent per instance. A new instance opens the next incarnation and the attempts
    /// of the one before are lost. Refused with [`crate::Error::NotFound`] when pilot or secret are wrong, with
    /// [`crate::Error::Conflict`] when the pilot has ended.
    pub async fn hello(&self, call: HelloCall) -> Result<Greeting> {
        self.write(move |tx| hello(tx, &call)).await?
    }

    /// Writes down when pilots were heard last.
    pub async fn flush_heard(&self, heard: BTreeMap<PilotId, Time>) -> Result<()> {
        let rows: Vec<Vec<Value>> = heard.into_iter().map(|(pilot, at)| params![pilot, at].to_vec()).collect();
        self.write(move |tx| tx.execute_many(&HEARD, &rows).map(|_| ())).await
    }
}

/// A refusal is written down too, so it is no failure of the commit.
fn hello(tx: &mut Tx<'_>, call: &HelloCall) -> Result<Result<Greeting>> {
    let row = row::load(tx, [call.pilot])?.into_iter().next();
    // A wrong secret and an unknown pilot look the same from outside.
    let row = row.filter(|row| row.secret == call.secret_hash);
    let mut row = row.ok_or_else(|| Error::not_found(format!("pilot {} with this secret", call.pilot)))?;
    let repeated = row.instance == call.instance && row.incarnation > 0;
    if row.state.is_final() {
        let reason = format!("pilot {} has ended: it is {}", row.id, row.state);
        return refuse(tx, &mut row, call, reason);
    }
    if !repeated {
        if row.state == PilotState::Exiting {
            return refuse(tx, &mut row, call, format!("pilot {} is exiting", call.pilot));
        }
        start(tx, &mut row, call)?;
    }
    let site = tx.query_one(&SITE, params![&row.label.queue])?;
    Ok(Ok(Greeting {
        incarnation: row.incarnation,
        site: site.map_or(Ok(row.label.queue.clone()), |site| site.text(0))?,
        queue: row.label.queue,
    }))
}

fn refuse(tx: &mut Tx<'_>, row: &mut PilotRow, call: &HelloCall, reason: String) -> Result<Result<Greeting>> {
    let text = format!("hello from {}: {reason}", call.node);
    let saying = Saying::of(Source::Pilot, Word::Running, &text, call.now).refused();
    row.note(tx, row.state, saying);
    row::save(tx, [&*row])?;
    Ok(Err(Error::Conflict(reason)))
}

fn start(tx: &mut Tx<'_>, row: &mut PilotRow, call: &HelloCall) -> Result<()> {
    if row.incarnation > 0 {
        let message = format!("pilot {} was started again", row.id);
        lose_all_of(tx, &[row.id], ErrorClass::Evicted, &message, call.now)?;
    }
    row.incarnation += 1;
    tx.count_label(&row.label, row.state, 0, i64::from(call.slots) - row.slots);
    row.slots = i64::from(call.slots);
    let before = row.state;
    row::advance(tx, row, PilotEvent::Run, call.now).map_err(Error::Conflict)?;
    // What runs is neither held back nor suspended, whatever the batch system said last.
    row.set_flag(tx, row.flag.filter(|flag| *flag == PilotFlag::Retiring));
    let text = match row.incarnation {
        1 => format!("hello from {}", call.node),
        again => format!("hello from {}, start {again}", call.node),
    };
    row.note(tx, before, Saying::of(Source::Pilot, Word::Running, &text, call.now));
    let shape = call.shape;
    tx.execute(
        &GREETED,
        params![
            row.id,
            row.state as i64,
            row.incarnation,
            &call.instance,
            &call.version,
            &call.node,
            call.slots,
            shape.cores,
            shape.memory_mib,
            shape.wall_time_s,
            (!call.batch_id.is_empty()).then_some(&call.batch_id),
            call.now,
            row.events,
            row.flag.map(|flag| flag as i64)
        ],
    )?;
    let profile = (!call.profile.is_empty()).then_some(&call.profile);
    tx.execute(&ADD_INCARNATION, params![row.id, row.incarnation, &call.node, call.now, profile])?;
    if !call.unfit.is_empty() {
        let before = row.state;
        row::advance(tx, row, PilotEvent::Exit, call.now).map_err(Error::Conflict)?;
        row.say(&call.unfit);
        row.error_class = Some(ErrorClass::Node);
        row.note(tx, before, Saying::of(Source::Pilot, Word::Exiting, &call.unfit, call.now));
        if !call.batch_id.is_empty() {
            row.batch_id.clone_from(&call.batch_id);
        }
        row::save(tx, [&*row])?;
    }
    Ok(())
}
