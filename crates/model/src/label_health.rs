//! Whether the pilots of a label end well: the rule by which shifters of the first pilot monitor found broken labels.

use crate::PilotFlow;

/// Hours in which pilots are looked at.
pub const HOURS: u64 = 2;
/// Faults, and pilots submitted in the same time, from which on the share of faults says something.
const FAULTS_MIN: u64 = 10;
const SUBMITTED_MIN: u64 = 10;
/// Of a hundred pilots that ended, so many in fault are too many.
const FAULT_PERCENT: u64 = 50;

/// Of a hundred pilots that ended, how many were in fault, when that is too many.
pub fn fault_percent(flow: &PilotFlow) -> Option<u64> {
    let percent = (flow.fault * 100).checked_div(flow.ended())?;
    let says_something = flow.fault >= FAULTS_MIN && flow.submitted >= SUBMITTED_MIN;
    (says_something && percent >= FAULT_PERCENT).then_some(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_many_faults_among_many_ends_are_too_many() {
        let percent =
            |submitted, done, fault| fault_percent(&PilotFlow { submitted, done, fault, ..PilotFlow::default() });
        assert_eq!(percent(100, 10, 10), Some(50));
        assert_eq!(percent(100, 0, 30), Some(100));
        assert_eq!(percent(100, 11, 10), None);
        assert_eq!(percent(100, 0, 9), None);
        assert_eq!(percent(9, 0, 10), None, "what ends now was submitted before it was mended");
        assert_eq!(percent(0, 0, 0), None);
    }
}
