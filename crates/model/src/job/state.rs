//! The states of a job, PanDA's words, and the one function that moves between them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Accepted, but no queue fits it yet; the reason is kept beside it.
    Defined,
    /// Waiting in a queue for a pilot.
    Activated,
    /// Leased to a pilot that has not yet said that it started.
    Sent,
    /// The pilot prepares it: scratch directory, inputs.
    Starting,
    /// Its process group runs.
    Running,
    /// The payload ended; the final report waits for confirmation (PanDA pilots).
    Holding,
    /// Outputs and logs are on their way.
    Transferring,
    /// Ended as wanted. Final.
    Finished,
    /// Ended otherwise. Final until somebody asks for a retry.
    Failed,
    /// Killed on request. Final until somebody asks for a retry.
    Cancelled,
    /// Given up by the system before it ran. Final until somebody asks for a retry.
    Closed,
}

/// What may happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobEvent {
    /// Brokerage found a queue, or a back-off ended.
    Activate,
    /// Its queue went away and no other fits.
    Unplace,
    /// A pilot took it.
    Lease,
    /// The pilot prepares it.
    Start,
    /// Its process started.
    Run,
    /// The final report waits.
    Hold,
    /// Outputs are being moved.
    Transfer,
    /// It ended as wanted.
    Finish,
    /// It failed for good.
    Fail,
    /// The attempt ended badly or was lost, and another one is left.
    Requeue,
    /// Somebody killed it.
    Cancel,
    /// The system gave it up.
    Close,
    /// Somebody wants an ended job to run again.
    Retry,
}

/// An event that makes no sense in the present state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job that is {state} cannot {event:?}")]
pub struct Refused {
    /// The state the job is in and stays in.
    pub state: JobState,
    /// The event that was refused.
    pub event: JobEvent,
}

impl JobState {
    /// All states in the order of a job's life.
    pub const ALL: [JobState; 11] = [
        JobState::Defined,
        JobState::Activated,
        JobState::Sent,
        JobState::Starting,
        JobState::Running,
        JobState::Holding,
        JobState::Transferring,
        JobState::Finished,
        JobState::Failed,
        JobState::Cancelled,
        JobState::Closed,
    ];

    /// The state after `event`.
    ///
    /// `Activated` accepts [`JobEvent::Finish`] and [`JobEvent::Fail`]: they are the late report of a lost attempt
    /// that no newer attempt has overtaken. Reports never move a job backwards: `Running` stays `Running` when a
    /// delayed `Start` arrives.
    pub fn next(self, event: JobEvent) -> Result<JobState, Refused> {
        use JobEvent as E;
        use JobState as S;
        let next = match (self, event) {
            (S::Defined, E::Activate) => S::Activated,
            (S::Activated, E::Unplace) => S::Defined,
            (S::Activated, E::Lease) => S::Sent,
            (S::Sent | S::Starting, E::Start) => S::Starting,
            (S::Running, E::Start) => S::Running,
            (S::Sent | S::Starting | S::Running, E::Run) => S::Running,
            (S::Holding | S::Transferring, E::Start | E::Run) => self,
            (S::Sent | S::Starting | S::Running | S::Holding, E::Hold) => S::Holding,
            (S::Sent | S::Starting | S::Running | S::Holding | S::Transferring, E::Transfer) => S::Transferring,
            (S::Activated, E::Finish) => S::Finished,
            (S::Activated, E::Fail) => S::Failed,
            (s, E::Finish) if s.is_with_pilot() => S::Finished,
            (s, E::Fail) if s.is_with_pilot() => S::Failed,
            (s, E::Requeue) if s.is_with_pilot() => S::Activated,
            (s, E::Cancel) if !s.is_final() => S::Cancelled,
            (S::Defined | S::Activated, E::Close) => S::Closed,
            (S::Failed | S::Cancelled | S::Closed, E::Retry) => S::Activated,
            _ => return Err(Refused { state: self, event }),
        };
        Ok(next)
    }

    /// Nothing more happens to the job unless somebody asks for it.
    pub fn is_final(self) -> bool {
        matches!(self, JobState::Finished | JobState::Failed | JobState::Cancelled | JobState::Closed)
    }

    /// A pilot holds a lease on it.
    pub fn is_with_pilot(self) -> bool {
        matches!(
            self,
            JobState::Sent | JobState::Starting | JobState::Running | JobState::Holding | JobState::Transferring
        )
    }

    /// It waits for a queue or a pilot.
    pub fn is_waiting(self) -> bool {
        matches!(self, JobState::Defined | JobState::Activated)
    }

    /// The state's name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Defined => "defined",
            JobState::Activated => "activated",
            JobState::Sent => "sent",
            JobState::Starting => "starting",
            JobState::Running => "running",
            JobState::Holding => "holding",
            JobState::Transferring => "transferring",
            JobState::Finished => "finished",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
            JobState::Closed => "closed",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = String;

    fn from_str(text: &str) -> Result<JobState, String> {
        JobState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            format!("'{text}' is no job state; the states are {}", JobState::ALL.map(JobState::as_str).join(", "))
        })
    }
}
