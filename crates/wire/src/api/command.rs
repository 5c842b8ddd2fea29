//! `/commands` and the long polls of pilots and factories.

use model::{Command, CommandState, Target, Verb};
use serde::{Deserialize, Serialize};

/// `POST /commands`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// Whom it is for.
    pub target: Target,
    /// What is to be done.
    pub verb: Verb,
    /// Free arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Seconds after which it fails if nobody has taken it; 300 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_s: Option<u32>,
}

/// `GET /pilots/{id}/commands?wait_s=30` and `GET /factories/{name}/commands?wait_s=30`; also `GET /commands`.
///
/// The factory's long poll answers at once with an empty list when any queue got activated jobs since the poll began: the
/// factory then looks at the demand and runs a cycle.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CommandList {
    /// Commands, oldest first. A long poll marks them delivered.
    pub commands: Vec<Command>,
    /// Of a listing: cursor of the page with older ones; null on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Query of `GET /commands`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommandQuery {
    /// Only to this factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factory: Option<String>,
    /// Only this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<Verb>,
    /// Only in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<CommandState>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Rows wanted; 100 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Query of the long polls.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommandPoll {
    /// Longest wait in seconds.
    #[serde(default)]
    pub wait_s: u32,
}

/// `POST /commands/{id}/outcome`, by the target.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandOutcome {
    /// `accepted`, `refused`, `done` or `failed`.
    pub state: CommandState,
    /// In words.
    #[serde(default)]
    pub note: String,
}
