//! Why an attempt or a pilot ended badly, in classes that decide about retries and blame.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who or what is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorClass {
    /// The payload ended with a non-zero exit code or by a signal of its own.
    Payload,
    /// The payload could not be started: no such program, no permission, bad script.
    Start,
    /// It used more memory than it asked for.
    Memory,
    /// It ran longer than it asked for, or than the pilot had left.
    WallTime,
    /// Its scratch directory or output grew beyond its bound.
    Disk,
    /// An input could not be brought.
    StageIn,
    /// An output was missing or could not be taken away.
    StageOut,
    /// Somebody killed it.
    Killed,
    /// The pilot or its node went away.
    Lost,
    /// The pilot ended before the job could: its life was over or it was told to stop.
    Evicted,
    /// The node failed its check.
    Node,
    /// The batch system refused or removed the pilot.
    Batch,
    /// A fault of Pilotage itself.
    Internal,
}

impl ErrorClass {
    /// All classes.
    pub const ALL: [ErrorClass; 13] = [
        ErrorClass::Payload,
        ErrorClass::Start,
        ErrorClass::Memory,
        ErrorClass::WallTime,
        ErrorClass::Disk,
        ErrorClass::StageIn,
        ErrorClass::StageOut,
        ErrorClass::Killed,
        ErrorClass::Lost,
        ErrorClass::Evicted,
        ErrorClass::Node,
        ErrorClass::Batch,
        ErrorClass::Internal,
    ];

    /// Whether the infrastructure, not the user's job, is to blame: such an attempt does not use up the user's attempts.
    pub fn is_infrastructure(self) -> bool {
        matches!(
            self,
            ErrorClass::Lost | ErrorClass::Evicted | ErrorClass::Node | ErrorClass::Batch | ErrorClass::Internal
        )
    }

    /// Whether another attempt may help.
    pub fn is_retryable(self) -> bool {
        !matches!(self, ErrorClass::Killed)
    }

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorClass::Payload => "payload",
            ErrorClass::Start => "start",
            ErrorClass::Memory => "memory",
            ErrorClass::WallTime => "wall-time",
            ErrorClass::Disk => "disk",
            ErrorClass::StageIn => "stage-in",
            ErrorClass::StageOut => "stage-out",
            ErrorClass::Killed => "killed",
            ErrorClass::Lost => "lost",
            ErrorClass::Evicted => "evicted",
            ErrorClass::Node => "node",
            ErrorClass::Batch => "batch",
            ErrorClass::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ErrorClass {
    type Err = String;

    fn from_str(text: &str) -> Result<ErrorClass, String> {
        ErrorClass::ALL
            .into_iter()
            .find(|class| class.as_str() == text)
            .ok_or_else(|| format!("'{text}' is no error class"))
    }
}
