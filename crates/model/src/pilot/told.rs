//! What was said about pilots, by whom, and what came of it; the life of a pilot as it follows from that.

use super::{PilotEvent, PilotState};
use crate::{ErrorClass, PilotId, Time};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who said something about a pilot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Its factory.
    Factory,
    /// Its batch system, by its factory.
    Batch,
    /// Itself.
    Pilot,
    /// This server.
    Server,
    /// Whoever called an interface of the APF monitor.
    Apfmon,
    /// Whoever sent a datagram.
    Udp,
}

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Word {
    /// It will be submitted.
    Announced,
    /// The batch system accepted it.
    Submitted,
    /// It waits in the batch system's queue.
    Queued,
    /// It runs.
    Running,
    /// It ends.
    Exiting,
    /// It is gone, as wanted.
    Done,
    /// It is gone, not as wanted.
    Fault,
    /// It has another flag, or none any more.
    Flag,
    /// Something that is no state.
    Note,
}

/// Something that was said about a pilot, also when it changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Told {
    /// Its number. Numbers ascend in the order of commits; none is used twice.
    pub id: i64,
    /// When the server heard it.
    pub time: Time,
    /// The pilot.
    pub pilot: PilotId,
    /// The pilot's factory.
    pub factory: String,
    /// The pilot's label.
    pub label: String,
    /// Who said it.
    pub source: Source,
    /// Address of who said it, where no credential tells who it is; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// What was said.
    pub word: Word,
    /// The pilot's state before.
    pub before: PilotState,
    /// The pilot's state since.
    pub state: PilotState,
    /// It made no sense in the state before, and changed nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// Why the pilot ends badly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// The same in words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A time that a pilot spent in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// The state.
    pub state: PilotState,
    /// Since when.
    pub since: Time,
    /// Until when; none while it is in it.
    pub until: Option<Time>,
}

impl Source {
    /// All, in the order of their numbers in the store.
    pub const ALL: [Source; 6] =
        [Source::Factory, Source::Batch, Source::Pilot, Source::Server, Source::Apfmon, Source::Udp];

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Factory => "factory",
            Source::Batch => "batch",
            Source::Pilot => "pilot",
            Source::Server => "server",
            Source::Apfmon => "apfmon",
            Source::Udp => "udp",
        }
    }
}

impl Word {
    /// All, in the order of their numbers in the store.
    pub const ALL: [Word; 9] = [
        Word::Announced,
        Word::Submitted,
        Word::Queued,
        Word::Running,
        Word::Exiting,
        Word::Done,
        Word::Fault,
        Word::Flag,
        Word::Note,
    ];

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Word::Announced => "announced",
            Word::Submitted => "submitted",
            Word::Queued => "queued",
            Word::Running => "running",
            Word::Exiting => "exiting",
            Word::Done => "done",
            Word::Fault => "fault",
            Word::Flag => "flag",
            Word::Note => "note",
        }
    }
}

impl From<PilotEvent> for Word {
    fn from(event: PilotEvent) -> Word {
        match event {
            PilotEvent::Submit => Word::Submitted,
            PilotEvent::Queue => Word::Queued,
            PilotEvent::Run => Word::Running,
            PilotEvent::Exit => Word::Exiting,
            PilotEvent::End => Word::Done,
            PilotEvent::Break => Word::Fault,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The states that a pilot was in, in order. Final ones have no end.
pub fn phases(told: &[Told]) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for one in told.iter().filter(|one| one.word == Word::Announced || one.before != one.state) {
        if let Some(last) = phases.last_mut() {
            last.until = Some(one.time);
        }
        phases.push(Phase { state: one.state, since: one.time, until: None });
    }
    phases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(time: i64, word: Word, before: PilotState, state: PilotState) -> Told {
        Told {
            id: time,
            time: Time(time),
            pilot: PilotId(1),
            factory: "f".into(),
            label: "l".into(),
            source: Source::Factory,
            address: String::new(),
            word,
            before,
            state,
            refused: false,
            error_class: None,
            text: String::new(),
        }
    }

    #[test]
    fn phases_are_what_moved_the_pilot() {
        use PilotState::{Announced, Done, Pending, Running};
        let all = [
            told(1, Word::Announced, Announced, Announced),
            told(2, Word::Queued, Announced, Pending),
            told(3, Word::Note, Pending, Pending),
            told(5, Word::Running, Pending, Running),
            told(6, Word::Queued, Running, Pending),
            told(7, Word::Running, Pending, Running),
            told(9, Word::Done, Running, Done),
            told(10, Word::Running, Done, Done),
        ];
        let phase = |state, since, until: i64| Phase { state, since: Time(since), until: Some(Time(until)) };
        let wanted = [
            phase(Announced, 1, 2),
            phase(Pending, 2, 5),
            phase(Running, 5, 6),
            phase(Pending, 6, 7),
            phase(Running, 7, 9),
            Phase { state: Done, since: Time(9), until: None },
        ];
        assert_eq!(phases(&all), wanted);
        assert_eq!(phases(&[]), []);
    }

    #[test]
    fn every_value_has_its_place_as_number() {
        Source::ALL.into_iter().enumerate().for_each(|(at, source)| assert_eq!(source as usize, at));
        Word::ALL.into_iter().enumerate().for_each(|(at, word)| assert_eq!(word as usize, at));
    }
}
