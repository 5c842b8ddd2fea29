//! Commands to a factory, pilot or job: one record and one channel for all of them.

use crate::{CommandId, JobId, PilotId, Time};
use serde::{Deserialize, Serialize};

/// Whom a command is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A factory, by name.
    Factory(String),
    /// A pilot.
    Pilot(PilotId),
    /// A job; delivered to the pilot that holds it.
    Job(JobId),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// To a job: end its process tree by TERM, grace, KILL. To a factory: take the pilots that the arguments choose out of
    /// their batch systems; see [`crate::PilotChoice`].
    Kill,
    /// Finish what runs, lease nothing more, then exit.
    Drain,
    /// Stream the job's output while somebody reads it; renewed by its reader, ends at its expiry.
    Follow,
    /// Run a scheduling cycle now.
    Cycle,
    /// Read the configuration again; the arguments name sources that may lose any number of labels.
    Reload,
    /// Use nodes again on which pilots failed; the arguments name them, without any it is all.
    Forgive,
    /// To a factory: submit one pilot of a label now, beyond what its chain says. The argument names the label.
    Test,
    /// To a factory: end, and leave all pilots as they are.
    Stop,
}

/// How far a command has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CommandState {
    /// Waits for its target to take it.
    Queued,
    /// Taken by its target.
    Delivered,
    /// The target does it.
    Accepted,
    /// The target does not do it; the note says why. Final.
    Refused,
    /// Done. Final.
    Done,
    /// Tried without success, or expired before it was taken. Final.
    Failed,
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Command {
    /// Given by the store; 0 before.
    #[serde(default)]
    pub id: CommandId,
    /// Whom it is for.
    pub target: Target,
    /// What is to be done.
    pub verb: Verb,
    /// Free arguments, one per element.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Who gave it.
    pub issuer: String,
    /// When it was given.
    pub time: Time,
    /// When it fails if nobody has taken it.
    pub expires: Time,
    /// How far it has come.
    pub state: CommandState,
    /// What the target said about it.
    #[serde(default)]
    pub note: String,
    /// The pilot that a test sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<PilotId>,
}

impl Verb {
    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Kill => "kill",
            Verb::Drain => "drain",
            Verb::Follow => "follow",
            Verb::Cycle => "cycle",
            Verb::Forgive => "forgive",
            Verb::Reload => "reload",
            Verb::Test => "test",
            Verb::Stop => "stop",
        }
    }

    /// All verbs.
    pub const ALL: [Verb; 8] =
        [Verb::Kill, Verb::Drain, Verb::Follow, Verb::Cycle, Verb::Reload, Verb::Forgive, Verb::Test, Verb::Stop];
}

impl CommandState {
    /// All states.
    pub const ALL: [CommandState; 6] = [
        CommandState::Queued,
        CommandState::Delivered,
        CommandState::Accepted,
        CommandState::Refused,
        CommandState::Done,
        CommandState::Failed,
    ];

    /// Whether `self` may become `next`: only forward, and never out of a final state.
    pub fn may_become(self, next: CommandState) -> bool {
        !self.is_final() && next.order() > self.order()
    }

    /// Nothing more happens to it.
    pub fn is_final(self) -> bool {
        matches!(self, CommandState::Refused | CommandState::Done | CommandState::Failed)
    }

    fn order(self) -> u8 {
        match self {
            CommandState::Queued => 0,
            CommandState::Delivered => 1,
            CommandState::Accepted => 2,
            CommandState::Refused | CommandState::Done | CommandState::Failed => 3,
        }
    }

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            CommandState::Queued => "queued",
            CommandState::Delivered => "delivered",
            CommandState::Accepted => "accepted",
            CommandState::Refused => "refused",
            CommandState::Done => "done",
            CommandState::Failed => "failed",
        }
    }
}
