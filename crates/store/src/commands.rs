//! Commands to factories, pilots and jobs.

use crate::store::not_yet;
use crate::{Page, Result, Store};
use model::{Command, CommandId, CommandState, PilotId, Target, Time, Verb};

/// A command to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommand {
    /// Whom it is for. One to a job goes to the pilot that holds the job now.
    pub target: Target,
    /// What is to be done.
    pub verb: Verb,
    /// Free arguments.
    pub arguments: Vec<String>,
    /// Who gives it.
    pub issuer: String,
    /// When it fails if nobody has taken it.
    pub expires: Time,
    /// The time.
    pub now: Time,
}

/// Who takes commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taker {
    /// A pilot: its own and those to the jobs it holds.
    Pilot(PilotId),
    /// A factory.
    Factory(String),
}

/// Which commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandFilter {
    /// Only to this target.
    pub target: Option<Target>,
    /// Only in this state.
    pub state: Option<CommandState>,
}

impl Store {
    /// Queues a command. One that repeats a queued command (same target, verb and arguments) only renews its expiry and
    /// returns the same id. A command to a job that no pilot holds is refused with [`crate::Error::Conflict`].
    pub async fn command(&self, _command: NewCommand) -> Result<CommandId> {
        not_yet()
    }

    /// Takes all queued commands, oldest first, and marks them delivered.
    pub async fn take_commands(&self, _taker: Taker, _now: Time) -> Result<Vec<Command>> {
        not_yet()
    }

    /// Writes down what became of a command.
    pub async fn command_outcome(
        &self,
        _taker: Taker,
        _id: CommandId,
        _state: CommandState,
        _note: String,
    ) -> Result<()> {
        not_yet()
    }

    /// Fails queued commands whose time is over. Returns how many.
    pub async fn expire_commands(&self, _now: Time) -> Result<u64> {
        not_yet()
    }

    /// Commands, newest first, from below `cursor`, at most `limit`.
    pub async fn commands(&self, _filter: CommandFilter, _cursor: Option<i64>, _limit: u32) -> Result<Page<Command>> {
        not_yet()
    }
}
