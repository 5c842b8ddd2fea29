//! Compares what the server knows of our pilots with what a batch system shows, and says how to close the gap.
//!
//! Can be run twice without harm, and is the same after a crash as on any other day: a pilot that the batch system shows
//! is adopted by its id, an announcement that a complete answer lacks expires, a pilot that two complete answers lack and
//! that is silent is closed, one that runs without ever saying hello is taken away, and so are pilots of ours that the
//! server does not know.

use batch::{Flag, PilotStatus, Status};
use model::{ErrorClass, PilotEvent, PilotId, PilotState, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::api::{BatchUpdate, PilotFlag, PilotSummary};

/// Answers that must lack a pilot before it is closed.
const ANSWERS: u32 = 2;

/// What must be remembered between two answers of one end point. Forgetting it costs time, nothing else.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// When the last answer that was looked at was taken.
    seen: Option<Time>,
    /// Pilots that complete answers lacked: since when, and how many.
    missing: BTreeMap<PilotId, (Time, u32)>,
    /// Pilots that the batch system shows alive and the server does not know.
    strangers: BTreeMap<PilotId, u32>,
    /// Pilots that run without a hello, and for how long they were seen to.
    mute: BTreeMap<PilotId, Duration>,
    /// Pilots of submissions whose outcome was not heard, and when these were given up.
    in_doubt: BTreeMap<PilotId, Time>,
}

impl Memory {
    /// Remembers pilots whose submission was given up at this time without an answer.
    pub fn in_doubt(&mut self, pilots: impl IntoIterator<Item = PilotId>, at: Time) {
        self.in_doubt.extend(pilots.into_iter().map(|pilot| (pilot, at)));
    }
}

/// One answer of a batch system.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// What it said.
    pub status: &'a Status,
    /// When it was asked.
    pub taken: Time,
    /// When this process began: what another one submitted was under way until then, part after part.
    pub began: Time,
    /// How long an accepted submission may stay invisible.
    pub settles_within: Duration,
    /// How long a pilot must have been silent before its absence counts.
    pub quiet: Duration,
    /// How long a pilot may run without a hello.
    pub hello: Duration,
    /// Labels whose pilots are not expected to say hello.
    pub foreign: &'a BTreeSet<&'a str>,
}

/// How to close the gap.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// To be told to the server.
    pub updates: Vec<BatchUpdate>,
    /// To be taken out of the batch system: the server does not know them as live, or not any more.
    pub remove: Vec<PilotId>,
    /// Closed for server and batch system: logs can be taken and traces deleted.
    pub closed: Vec<PilotId>,
}

impl Gap {
    /// Pilots that end now.
    pub fn ending(&self) -> Vec<PilotId> {
        self.updates.iter().filter(|update| ends(update)).map(|update| update.pilot).collect()
    }

    /// Leaves these for a later cycle: they are not told to have ended, and nothing of them is deleted.
    pub fn put_off(&mut self, pilots: &BTreeSet<PilotId>) {
        self.updates.retain(|update| !pilots.contains(&update.pilot));
        self.closed.retain(|pilot| !pilots.contains(pilot));
    }

    /// Adds to the reasons of broken pilots what they said last; to at most `most` of them.
    pub fn add_words(&mut self, most: usize, words: impl Fn(PilotId) -> Option<String>) {
        let broken = self.updates.iter_mut().filter(|update| update.event == PilotEvent::Break);
        for update in broken.take(most) {
            if let Some(words) = words(update.pilot) {
                update.message = format!("{}: {words}", update.message);
            }
        }
    }
}

fn ends(update: &BatchUpdate) -> bool {
    matches!(update.event, PilotEvent::End | PilotEvent::Break)
}

/// The gap between `records`, the live pilots of this end point, and the answer.
pub fn reconcile(records: &[&PilotSummary], answer: Answer<'_>, memory: &mut Memory) -> Gap {
    let shown: BTreeMap<PilotId, &PilotStatus> =
        answer.status.pilots.iter().map(|status| (status.pilot, status)).collect();
    let fresh = memory.seen.is_none_or(|seen| answer.taken > seen);
    let passed = memory.seen.map_or(Duration::ZERO, |seen| answer.taken.since(seen));
    memory.seen = Some(answer.taken);
    let mut gap = Gap::default();
    let known: BTreeSet<PilotId> = records.iter().map(|record| record.id).collect();
    memory.missing.retain(|pilot, _| known.contains(pilot));
    memory.in_doubt.retain(|pilot, _| known.contains(pilot));
    for record in records {
        let update = match shown.get(&record.id) {
            Some(status) => {
                memory.missing.remove(&record.id);
                update_of(record, status, answer.taken)
            }
            None if fresh && answer.status.complete => absent(record, answer, memory),
            None => None,
        };
        gap.closed.extend(update.iter().filter(|update| ends(update)).map(|update| update.pilot));
        gap.updates.extend(update);
    }
    take_mute(records, &shown, answer, passed, memory, &mut gap);
    let strangers = answer.status.pilots.iter().filter(|status| !known.contains(&status.pilot));
    close_strangers(strangers, fresh, memory, &mut gap);
    gap
}

/// Pilots that their batch system has run for long without a hello: something keeps them from the server, and they would
/// be taken for coming ones for ever. They are closed only when the batch system says that they are gone.
fn take_mute(
    records: &[&PilotSummary],
    shown: &BTreeMap<PilotId, &PilotStatus>,
    answer: Answer<'_>,
    passed: Duration,
    memory: &mut Memory,
    gap: &mut Gap,
) {
    let runs = |record: &PilotSummary| {
        shown.get(&record.id).is_some_and(|status| status.event == Some(PilotEvent::Run) && status.flag.is_none())
    };
    let expected = records.iter().filter(|record| record.started.is_none() && !answer.foreign.contains(&*record.label));
    let mut mute = BTreeMap::new();
    for record in expected.filter(|record| runs(record)) {
        // A server that nobody reached was no fault of the pilot: such a time has no answers, and counts little.
        let before = memory.mute.get(&record.id).map(|before| *before + passed.min(answer.quiet));
        let silence = before.unwrap_or_default();
        if silence >= answer.hello {
            gap.updates.push(silenced(record, answer.hello));
            gap.remove.push(record.id);
        }
        mute.insert(record.id, silence);
    }
    memory.mute = mute;
}

fn silenced(record: &PilotSummary, hello: Duration) -> BatchUpdate {
    BatchUpdate {
        pilot: record.id,
        event: PilotEvent::Break,
        batch_id: record.batch_id.clone(),
        native_state: record.native_state.clone(),
        flag: None,
        error_class: Some(ErrorClass::Node),
        message: format!("it ran for {} s without a hello", hello.as_secs()),
    }
}

/// What the batch system says that the server does not know yet.
fn update_of(record: &PilotSummary, status: &PilotStatus, taken: Time) -> Option<BatchUpdate> {
    let event = status.event.unwrap_or(PilotEvent::Submit);
    // A pilot that spoke after the answer was taken is not waiting, whatever the answer says.
    let heard = record.last_heard.max(record.started);
    let outdated = event == PilotEvent::Queue && heard.is_some_and(|heard| heard > taken);
    let next = record.state.next(event).ok().filter(|_| !outdated)?;
    let flag = match status.flag {
        Some(Flag::Held) => Some(PilotFlag::Held),
        Some(Flag::Suspended) => Some(PilotFlag::Suspended),
        Some(Flag::Retiring) => Some(PilotFlag::Retiring),
        // Told to finish by a command: the batch system does not know.
        None => record.flag.filter(|flag| *flag == PilotFlag::Retiring),
    };
    let same = next == record.state
        && status.batch_id == record.batch_id
        && status.native_state == record.native_state
        && flag == record.flag;
    (!same).then(|| BatchUpdate {
        pilot: record.id,
        event,
        batch_id: status.batch_id.clone(),
        native_state: status.native_state.clone(),
        flag,
        error_class: status.error_class,
        message: status.message.clone(),
    })
}

/// A pilot that a complete answer lacks.
fn absent(record: &PilotSummary, answer: Answer<'_>, memory: &mut Memory) -> Option<BatchUpdate> {
    // The answer is older than the pilot may be. A submission in several parts goes on long after the announcement.
    let in_doubt = memory.in_doubt.get(&record.id).copied().unwrap_or_default();
    let waiting = record.state == PilotState::Announced;
    let last_sign = if waiting { record.announced.max(in_doubt).max(answer.began) } else { record.announced };
    if answer.taken < last_sign + answer.settles_within {
        return None;
    }
    let close = |event, error_class, message: &str| BatchUpdate {
        pilot: record.id,
        event,
        batch_id: record.batch_id.clone(),
        native_state: "absent".to_owned(),
        flag: None,
        error_class,
        message: message.to_owned(),
    };
    let heard = record.last_heard.max(record.started);
    if record.state == PilotState::Announced && heard.is_none() {
        let message = "it was announced but never reached the batch system";
        return Some(close(PilotEvent::Break, Some(ErrorClass::Batch), message));
    }
    let (_, answers) =
        memory.missing.entry(record.id).and_modify(|(_, answers)| *answers += 1).or_insert((answer.taken, 1));
    let silent = heard.is_none_or(|heard| answer.taken.since(heard) >= answer.quiet);
    if *answers < ANSWERS || !silent {
        return None;
    }
    Some(match record.state {
        PilotState::Exiting => close(PilotEvent::End, None, ""),
        _ => close(PilotEvent::Break, Some(ErrorClass::Lost), "the batch system no longer knows it, and it is silent"),
    })
}

/// Pilots that carry our name and that the server does not have as live: ended ones are cleaned up, living ones are taken
/// away once two answers showed them.
fn close_strangers<'a>(
    strangers: impl Iterator<Item = &'a PilotStatus>,
    fresh: bool,
    memory: &mut Memory,
    gap: &mut Gap,
) {
    let mut alive = BTreeMap::new();
    for status in strangers {
        if matches!(status.event, Some(PilotEvent::End | PilotEvent::Break)) {
            // Once for each answer, however often it is looked at.
            gap.closed.extend(fresh.then_some(status.pilot));
            continue;
        }
        let answers = memory.strangers.get(&status.pilot).copied().unwrap_or(0) + u32::from(fresh);
        if answers >= ANSWERS && status.flag != Some(Flag::Retiring) {
            gap.remove.push(status.pilot);
        }
        alive.insert(status.pilot, answers);
    }
    memory.strangers = alive;
}

#[cfg(test)]
mod tests;
