//! What an answer of a monitor means for what was told.

use wire::apfmon::MonitorError;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has it.
    Taken,
    /// It will never take it: it has it already, or something that follows it.
    Refused,
    /// It does not know what this belongs to.
    Unknown,
    /// It, or something on the way to it, cannot take it now.
    Later,
}

/// Refusals that are of the way or of the moment, not of what was told.
const PASSING: [u16; 6] = [401, 403, 407, 408, 425, 429];

/// Judges an answer. Monitors say nothing in a body that a program could rely on.
pub fn verdict(answer: &Result<(), MonitorError>) -> Verdict {
    match answer {
        Ok(()) => Verdict::Taken,
        Err(MonitorError::Answered { status: 404, .. }) => Verdict::Unknown,
        Err(MonitorError::Answered { status: 400..=499, .. }) if !is_passing(answer) => Verdict::Refused,
        Err(_) => Verdict::Later,
    }
}

fn is_passing(answer: &Result<(), MonitorError>) -> bool {
    matches!(answer, Err(MonitorError::Answered { status, .. }) if PASSING.contains(status))
}

/// Events that break the monitor itself must not hold up all others for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// Errors of the monitor's own in a row.
    broken: u32,
}

/// After so many errors of the monitor's own, events are told one by one, to find the one that breaks it.
const ONE_BY_ONE: u32 = 4;
/// After so many, that one is given up.
const GIVEN_UP: u32 = 16;

impl Patience {
    /// How many events to tell together.
    pub fn most(self) -> usize {
        if self.broken >= ONE_BY_ONE { 1 } else { usize::MAX }
    }

    /// Notes a failure; whether the first event is to be given up.
    pub fn wears_out(&mut self, error: &MonitorError) -> bool {
        let is_its_own = matches!(error, MonitorError::Answered { status: 500..=599, .. });
        self.broken = if is_its_own { self.broken + 1 } else { 0 };
        self.broken >= GIVEN_UP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Verdict {
        verdict(&Err(MonitorError::Answered { call: String::new(), status, excerpt: String::new() }))
    }

    #[test]
    fn a_refusal_is_final_only_when_it_is_of_what_was_told() {
        assert_eq!(verdict(&Ok(())), Verdict::Taken);
        assert_eq!([400, 405, 413].map(answered), [Verdict::Refused; 3], "repeated, or out of order");
        assert_eq!(answered(404), Verdict::Unknown);
        assert_eq!([302, 401, 403, 407, 429, 500, 502, 503].map(answered), [Verdict::Later; 8]);
        let silent = MonitorError::NoAnswer { call: String::new(), reason: String::new() };
        assert_eq!(verdict(&Err(silent)), Verdict::Later);
    }

    #[test]
    fn one_event_that_breaks_the_monitor_is_found_and_given_up() {
        let error = |status| MonitorError::Answered { call: String::new(), status, excerpt: String::new() };
        let mut patience = Patience::default();
        let worn_out = (1..=15).filter(|_| patience.wears_out(&error(500))).count();
        assert_eq!((worn_out, patience.most()), (0, 1));
        assert!(patience.wears_out(&error(500)));
        assert!(!patience.wears_out(&error(429)), "somebody on the way");
        assert_eq!(patience, Patience::default());
    }
}
