//! One colour and one shape per state, the same on every page.

use askama::filters::HtmlSafe;
use model::{JobState, PilotState, QueueStatus};
use std::fmt;
use wire::api::AttemptOutcome;

/// The class of the style sheet that a job's state is shown with.
pub fn of_job(state: &JobState) -> &'static str {
    match state {
        JobState::Defined | JobState::Activated => "waiting",
        JobState::Sent | JobState::Starting => "created",
        JobState::Running => "running",
        JobState::Holding | JobState::Transferring => "exiting",
        JobState::Finished => "done",
        JobState::Failed => "fault",
        JobState::Cancelled | JobState::Closed => "dropped",
    }
}

/// The same for a pilot.
pub fn of_pilot(state: &PilotState) -> &'static str {
    match state {
        PilotState::Announced | PilotState::Submitted | PilotState::Pending => "created",
        PilotState::Running => "running",
        PilotState::Exiting => "exiting",
        PilotState::Done => "done",
        PilotState::Fault => "fault",
    }
}

/// The same for the outcome of an attempt.
pub fn of_outcome(outcome: &AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Underway => "running",
        AttemptOutcome::Finished => "done",
        AttemptOutcome::Failed | AttemptOutcome::Lost => "fault",
        AttemptOutcome::Cancelled => "dropped",
    }
}

/// The word for an outcome.
pub fn outcome_word(outcome: &AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Underway => "under way",
        AttemptOutcome::Finished => "finished",
        AttemptOutcome::Failed => "failed",
        AttemptOutcome::Lost => "lost",
        AttemptOutcome::Cancelled => "cancelled",
    }
}

/// A state as coloured shape and word.
#[derive(Clone, Copy)]
pub struct Badge {
    tone: &'static str,
    word: &'static str,
}

impl HtmlSafe for Badge {}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<span class="state s-{}">{}</span>"#, self.tone, self.word)
    }
}

/// Badge of a job's state.
pub fn job(state: &JobState) -> Badge {
    Badge { tone: of_job(state), word: state.as_str() }
}

/// Badge of a pilot's state.
pub fn pilot(state: &PilotState) -> Badge {
    Badge { tone: of_pilot(state), word: state.as_str() }
}

/// Badge of an attempt's outcome.
pub fn outcome(outcome: &AttemptOutcome) -> Badge {
    Badge { tone: of_outcome(outcome), word: outcome_word(outcome) }
}

/// Badge of a queue's status.
pub fn queue(status: &QueueStatus) -> Badge {
    let tone = match status {
        QueueStatus::Online => "done",
        QueueStatus::Offline => "fault",
        QueueStatus::Test | QueueStatus::BrokerOff => "created",
    };
    Badge { tone, word: status.as_str() }
}
