//! Pilots of factories of other software: what is claimed of them is always written down, and moves them forward only.

use super::factories;
use super::labels::{self, LabelReport};
use super::row::{self, Key, ReportedRow};
use crate::engine::Engine;
use crate::pilots::ends;
use crate::pilots::events::Saying;
use crate::pilots::row::{PilotRow, advance};
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::pilot::{Source, Word};
use model::reported::error_class;
use model::{Claim, ErrorClass, LabelPatterns, PilotEvent, PilotId, PilotState, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The label of a pilot that was first heard of by something else than its submission.
const UNKNOWN_LABEL: &str = "unknown";

/// What is claimed of one pilot. Empty texts say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PilotClaim {
    /// Its factory.
    pub factory: String,
    /// Its id in the batch system.
    pub batch_id: String,
    /// Its label.
    pub label: String,
    /// The queue that it serves.
    pub queue: String,
    /// Where it runs.
    pub resource: String,
    /// What it is said to be.
    pub claim: Claim,
    /// What its wrapper returned.
    pub result: Option<i64>,
    /// Jobs that it is said to have run.
    pub jobs: u32,
    /// Why it ended badly, when who claims knows better than its result tells.
    pub error_class: Option<ErrorClass>,
    /// Everything else that was said.
    pub text: String,
    /// A pilot that nobody knows is not made.
    pub only_known: bool,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The pilot was not known; it is now.
    Created(PilotId),
    /// It changed its state.
    Moved(PilotId, PilotState),
    /// It is written down; the state stays.
    Noted(PilotId, PilotState),
    /// Nobody knows it, and it was not to be made.
    Unknown,
    /// Its factory speaks for itself, and knows no such pilot.
    Ours,
}

/// Who claims, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// By which way.
    pub source: Source,
    /// The caller's address.
    pub address: String,
    /// The time.
    pub now: Time,
}

impl Store {
    /// Applies claims about pilots in one commit. Factories, labels, queues and pilots that nobody knows are made. A claim
    /// that comes too late moves nothing back.
    pub async fn report_pilots(
        &self,
        claims: Vec<PilotClaim>,
        patterns: Arc<LabelPatterns>,
        by: Claimant,
    ) -> Result<Vec<Verdict>> {
        self.write(move |tx| report_some(tx, &claims, &patterns, &by)).await
    }
}

pub(crate) fn report_some(
    tx: &mut Tx<'_>,
    claims: &[PilotClaim],
    patterns: &LabelPatterns,
    by: &Claimant,
) -> Result<Vec<Verdict>> {
    let keys = claims.iter().map(|claim| (claim.factory.clone(), claim.batch_id.clone()));
    let mut rows = row::load(tx, keys, by.now)?;
    let verdicts = claims.iter().map(|claim| apply(tx, &mut rows, claim, patterns, by));
    let verdicts = verdicts.collect::<Result<Vec<_>>>()?;
    row::save(tx, rows.values())?;
    Ok(verdicts)
}

fn apply(
    tx: &mut Tx<'_>,
    rows: &mut BTreeMap<Key, ReportedRow>,
    claim: &PilotClaim,
    patterns: &LabelPatterns,
    by: &Claimant,
) -> Result<Verdict> {
    let key = (claim.factory.clone(), claim.batch_id.clone());
    if let Some(known) = rows.get_mut(&key) {
        // What the server says by itself is no sign of life.
        if known.row.is_reported && by.source != Source::Server {
            tx.heard(&known.row.label.factory, &known.row.label.label, by.now);
        }
        return claimed(tx, known, claim, by);
    }
    if claim.only_known {
        return Ok(Verdict::Unknown);
    }
    if !factories::ensure(tx, &claim.factory, by.now)? {
        return Ok(Verdict::Ours);
    }
    // Another server may have made it before this one had the factory for itself.
    if let Some(known) = made_meanwhile(tx, &key, by)? {
        return claimed(tx, rows.entry(key).or_insert(known), claim, by);
    }
    let label = if claim.label.is_empty() { UNKNOWN_LABEL } else { &claim.label };
    let (factory, label) = (claim.factory.clone(), label.to_owned());
    let report = LabelReport { factory, label, queue: claim.queue.clone(), resource: claim.resource.clone() };
    let Some((label, _)) = labels::of_factory(tx, &report, patterns, by.now)? else { return Ok(Verdict::Ours) };
    let mut made = ReportedRow::new(tx.next_ids("pilot", 1)?, label, &claim.resource, &claim.batch_id, by.now);
    create(tx, &mut made, claim, by)?;
    let id = made.row.id;
    rows.insert(key, made);
    Ok(Verdict::Created(id))
}

fn made_meanwhile(tx: &mut Tx<'_>, key: &Key, by: &Claimant) -> Result<Option<ReportedRow>> {
    if tx.engine() == Engine::Sqlite {
        return Ok(None);
    }
    Ok(row::load(tx, std::iter::once(key.clone()), by.now)?.into_values().next())
}

/// Writes down a pilot that nobody knew, in the state that is claimed. How long it waited or ran before is not known, so
/// that is not counted.
fn create(tx: &mut Tx<'_>, made: &mut ReportedRow, claim: &PilotClaim, by: &Claimant) -> Result<()> {
    let row = &mut made.row;
    learn(row, claim);
    tx.count_label(&row.label, row.state, 1, 0);
    tx.count_found(&row.label, by.now);
    let saying = Saying { address: by.address.clone(), ..Saying::of(by.source, Word::Submitted, "", by.now) };
    let moves = !matches!(claim.claim, Claim::Created | Claim::Nothing);
    let text = if moves { "not known before; nobody told that it was submitted" } else { &claim.text };
    row.note(tx, PilotState::Announced, Saying { text: text.to_owned(), ..saying });
    tx.pilot_changed(row.id);
    if moves {
        claimed(tx, made, claim, by)?;
    }
    Ok(())
}

fn learn(row: &mut PilotRow, claim: &PilotClaim) {
    if !row.state.is_final() {
        row.result = claim.result.or(row.result);
        let ran = i64::from(claim.jobs).max(i64::from(claim.result == Some(0)));
        row.jobs_ended = row.jobs_ended.max(ran);
    }
}

fn claimed(tx: &mut Tx<'_>, known: &mut ReportedRow, claim: &PilotClaim, by: &Claimant) -> Result<Verdict> {
    let row = &mut known.row;
    let before = row.state;
    if !row.is_reported {
        // A pilot of ours: its factory, its batch system and itself say where it is. What its wrapper says is only kept.
        let word = claim.claim.event(claim.result).map_or(Word::Note, Word::from);
        let saying = Saying::of(by.source, word, &claim.text, by.now);
        row.note(tx, before, Saying { address: by.address.clone(), ..saying });
        tx.pilot_changed(row.id);
        return Ok(Verdict::Noted(row.id, row.state));
    }
    learn(row, claim);
    let event = claim.claim.event(row.result);
    let refused = is_late(before, claim.claim) || event.is_some_and(|event| contradicts(before, event));
    if let Some(event) = event.filter(|_| !before.is_final()) {
        // Every event of these is allowed in every state that is not final.
        advance(tx, row, event, by.now).map_err(Error::Conflict)?;
    }
    if row.state == PilotState::Running && before != row.state {
        row.started = row.started.or(Some(by.now));
    }
    if before != row.state {
        moved(tx, row, claim, by.now);
    } else {
        tx.pilot_changed(row.id);
    }
    let word = event.map_or(Word::Note, Word::from);
    let saying = Saying { address: by.address.clone(), refused, ..Saying::of(by.source, word, &claim.text, by.now) };
    row.note(tx, before, saying);
    Ok(if before == row.state { Verdict::Noted(row.id, row.state) } else { Verdict::Moved(row.id, row.state) })
}

/// Another end than the one that the pilot had.
fn contradicts(state: PilotState, event: PilotEvent) -> bool {
    matches!((state, event), (PilotState::Done, PilotEvent::Break) | (PilotState::Fault, PilotEvent::End))
}

/// A claim that is behind the pilot's state: a message that was overtaken.
fn is_late(state: PilotState, claim: Claim) -> bool {
    let rank = match claim {
        Claim::Nothing => return false,
        Claim::Created => 0,
        Claim::Running => 1,
        Claim::Exiting => 2,
        Claim::Done | Claim::Fault => 3,
    };
    let present = match state {
        PilotState::Announced | PilotState::Submitted | PilotState::Pending => 0,
        PilotState::Running => 1,
        PilotState::Exiting => 2,
        PilotState::Done | PilotState::Fault => 3,
    };
    rank < present
}

fn moved(tx: &mut Tx<'_>, row: &mut PilotRow, claim: &PilotClaim, now: Time) {
    let bad = row.result.and_then(error_class);
    if row.state == PilotState::Exiting {
        row.error_class = bad;
    }
    if claim.claim.event(row.result) == Some(PilotEvent::Break) {
        row.error_class = claim.error_class.or(row.error_class).or(bad).or(Some(ErrorClass::Batch));
    }
    if bad.is_some() || row.state == PilotState::Fault {
        row.say(&claim.text);
    }
    if row.state.is_final() {
        ends::count(tx, row, now);
    }
}
