//! States and classes as the numbers that are stored.

use crate::{Error, Result};
use model::job::AttemptOutcome;
use model::pilot::{Source, Word};
use model::{ErrorClass, JobState, PilotState, QueueStatus};

/// A state from its number.
pub(crate) fn job_state(code: i64) -> Result<JobState> {
    of(&JobState::ALL, code, "job state")
}

/// A pilot's state from its number.
pub(crate) fn pilot_state(code: i64) -> Result<PilotState> {
    of(&PilotState::ALL, code, "pilot state")
}

/// A queue's status from its number.
pub(crate) fn queue_status(code: i64) -> Result<QueueStatus> {
    of(&QueueStatus::ALL, code, "queue status")
}

/// Who said something about a pilot, from its number.
pub(crate) fn source(code: i64) -> Result<Source> {
    of(&Source::ALL, code, "source")
}

/// What was said about a pilot, from its number.
pub(crate) fn word(code: i64) -> Result<Word> {
    of(&Word::ALL, code, "word")
}

/// An error class from its number.
pub(crate) fn error_class(code: Option<i64>) -> Result<Option<ErrorClass>> {
    code.map(|code| of(&ErrorClass::ALL, code, "error class")).transpose()
}

/// The number of an error class.
pub(crate) fn error_code(class: Option<ErrorClass>) -> Option<i64> {
    class.map(|class| class as i64)
}

const OUTCOMES: [AttemptOutcome; 5] = [
    AttemptOutcome::Underway,
    AttemptOutcome::Finished,
    AttemptOutcome::Failed,
    AttemptOutcome::Lost,
    AttemptOutcome::Cancelled,
];

/// An outcome from its number.
pub(crate) fn outcome(code: i64) -> Result<AttemptOutcome> {
    of(&OUTCOMES, code, "outcome")
}

fn of<T: Copy>(all: &[T], code: i64, what: &str) -> Result<T> {
    let at = usize::try_from(code).ok();
    at.and_then(|at| all.get(at)).copied().ok_or_else(|| Error::Corrupt(format!("{code} is no {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_place_as_number() {
        JobState::ALL.into_iter().for_each(|state| assert_eq!(job_state(state as i64).unwrap(), state));
        PilotState::ALL.into_iter().for_each(|state| assert_eq!(pilot_state(state as i64).unwrap(), state));
        QueueStatus::ALL.into_iter().for_each(|status| assert_eq!(queue_status(status as i64).unwrap(), status));
        ErrorClass::ALL.into_iter().for_each(|class| assert_eq!(error_class(Some(class as i64)).unwrap(), Some(class)));
        OUTCOMES.into_iter().for_each(|end| assert_eq!(outcome(end as i64).unwrap(), end));
        assert!(job_state(11).is_err() && job_state(-1).is_err());
    }
}
