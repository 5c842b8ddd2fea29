//! What is known about pilots, and what batch systems say about them.

use super::{PilotEvent, PilotState};
use crate::{CommandId, ErrorClass, PilotId, Time};
use serde::{Deserialize, Serialize};

/// One pilot as its batch system shows it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BatchUpdate {
    /// The pilot.
    pub pilot: PilotId,
    /// What it means.
    #[schema(value_type = String)]
    pub event: PilotEvent,
    /// The batch system's own id, such as `4711_3`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub batch_id: String,
    /// The batch system's own word for the state.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub native_state: String,
    /// Held, suspended or being removed: a flag beside the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<PilotFlag>,
    /// Why it broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Something beside the state that counts show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PilotFlag {
    /// The batch system holds it back.
    Held,
    /// The batch system stopped it for a while.
    Suspended,
    /// Told to drain or to be removed.
    Retiring,
}

impl PilotSummary {
    /// Since when it has run; of one that never said hello, since when it has waited.
    pub fn since(&self) -> Time {
        self.started.unwrap_or(self.announced)
    }
}

/// How pilots of a label ended in some hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EndedPilots {
    /// Their factory.
    pub factory: String,
    /// Their label.
    pub label: String,
    /// The queue they served.
    pub queue: String,
    /// `done` or `fault`.
    pub state: PilotState,
    /// Why they are in fault.
    pub error_class: Option<ErrorClass>,
    /// How many.
    pub pilots: u64,
    /// The last of them.
    pub last: PilotId,
    /// Its last words; empty when it is kept no longer.
    pub message: String,
}

/// One pilot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PilotSummary {
    /// The pilot.
    pub id: PilotId,
    /// Its factory.
    pub factory: String,
    /// Its label.
    pub label: String,
    /// The queue it serves.
    pub queue: String,
    /// The queue's site.
    pub site: String,
    /// Name of the batch end point.
    pub batch: String,
    /// The batch system's own id.
    pub batch_id: String,
    /// The batch system's own word for the state.
    pub native_state: String,
    /// Its state.
    pub state: PilotState,
    /// A flag beside the state.
    pub flag: Option<PilotFlag>,
    /// How often it started.
    pub incarnation: u32,
    /// The worker node.
    pub node: String,
    /// Jobs it can run at once.
    pub slots: u32,
    /// Jobs it runs or holds now.
    pub jobs_now: u64,
    /// Jobs it has ended.
    pub jobs_ended: u64,
    /// When it was announced.
    pub announced: Time,
    /// When it said hello first.
    pub started: Option<Time>,
    /// When it took its first job; none before that, and of pilots whose jobs are not ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_job: Option<Time>,
    /// Its last call.
    pub last_heard: Option<Time>,
    /// When it was gone.
    pub ended: Option<Time>,
    /// Why it is in fault.
    pub error_class: Option<ErrorClass>,
    /// Its own or the batch system's last words.
    pub message: String,
    /// The command that sent it as a test of its label; none for what the label's chain asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<CommandId>,
    /// It is one of a factory of other software, which reports it by APFmon's calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reported: bool,
}
