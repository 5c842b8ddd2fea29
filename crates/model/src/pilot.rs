//! Pilots: the batch jobs that factories submit, and the one function that moves them between states.

mod record;
pub mod told;

pub use record::{BatchUpdate, EndedPilots, PilotFlag, PilotSummary};
pub use told::{Phase, Source, Told, Word};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The most jobs at once in one pilot.
pub const SLOTS_MAX: u32 = 1024;

/// Where a pilot is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PilotState {
    /// Written down before anything was submitted.
    Announced,
    /// The batch system accepted it.
    Submitted,
    /// The batch system holds it in its queue.
    Pending,
    /// It said hello, or the batch system started it.
    Running,
    /// It takes no more jobs and cleans up.
    Exiting,
    /// Gone, as wanted. Final.
    Done,
    /// Gone, not as wanted; the error class says why. Final.
    Fault,
}

/// What may happen to a pilot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PilotEvent {
    /// The batch system accepted it.
    Submit,
    /// The batch system lists it as waiting. Also after a requeue or preemption of a running one.
    Queue,
    /// It said hello, or the batch system lists it as running.
    Run,
    /// It said that it ends.
    Exit,
    /// It is gone, as wanted.
    End,
    /// It is gone, not as wanted.
    Break,
}

/// An event that makes no sense in the present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pilot that is {state} cannot {event:?}")]
pub struct Refused {
    /// The state the pilot is in and stays in.
    pub state: PilotState,
    /// The event that was refused.
    pub event: PilotEvent,
}

impl PilotState {
    /// All states in the order of a pilot's life.
    pub const ALL: [PilotState; 7] = [
        PilotState::Announced,
        PilotState::Submitted,
        PilotState::Pending,
        PilotState::Running,
        PilotState::Exiting,
        PilotState::Done,
        PilotState::Fault,
    ];

    /// The state after `event`.
    ///
    /// A pilot may say hello before the factory has written down the answer of the batch system, so
    /// `Announced` accepts every event of a living pilot. A batch system that still lists an exiting pilot as
    /// running does not call it back.
    pub fn next(self, event: PilotEvent) -> Result<PilotState, Refused> {
        use PilotEvent as E;
        use PilotState as S;
        let next = match (self, event) {
            (S::Announced, E::Submit) => S::Submitted,
            (S::Submitted | S::Pending | S::Running | S::Exiting, E::Submit) => self,
            (S::Announced | S::Submitted | S::Pending | S::Running, E::Queue) => S::Pending,
            (S::Announced | S::Submitted | S::Pending | S::Running, E::Run) => S::Running,
            (S::Exiting, E::Queue | E::Run) => S::Exiting,
            (S::Announced | S::Submitted | S::Pending | S::Running | S::Exiting, E::Exit) => S::Exiting,
            (s, E::End) if !s.is_final() => S::Done,
            (s, E::Break) if !s.is_final() => S::Fault,
            _ => return Err(Refused { state: self, event }),
        };
        Ok(next)
    }

    /// Nothing more happens to it.
    pub fn is_final(self) -> bool {
        matches!(self, PilotState::Done | PilotState::Fault)
    }

    /// Announced, submitted or pending: counted as on its way.
    pub fn is_pending(self) -> bool {
        matches!(self, PilotState::Announced | PilotState::Submitted | PilotState::Pending)
    }

    /// The state's name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            PilotState::Announced => "announced",
            PilotState::Submitted => "submitted",
            PilotState::Pending => "pending",
            PilotState::Running => "running",
            PilotState::Exiting => "exiting",
            PilotState::Done => "done",
            PilotState::Fault => "fault",
        }
    }
}

impl fmt::Display for PilotState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PilotState {
    type Err = String;

    fn from_str(text: &str) -> Result<PilotState, String> {
        PilotState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            format!("'{text}' is no pilot state; the states are {}", PilotState::ALL.map(PilotState::as_str).join(", "))
        })
    }
}
