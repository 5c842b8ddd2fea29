//! BackOff: a broken end point or label waits, all others go on.
//!
//! Without it a wrong path in the configuration would submit a broken pilot in every cycle for ever. It never stops an
//! end point for good: when the wait is over, few pilots try.

use super::Outcome;
use super::settings::settings;
use crate::situation::Situation;

settings!(
    /// `sched.backoff`.
    BackOff {
        /// Failures in a row after which it waits; 3 when not set.
        patience: i64,
        /// The first wait in seconds, doubled by each further failure; 15 when not set.
        interval: i64,
        /// The longest wait in seconds; 600 when not set.
        maximum: i64,
        /// Pilots that try when a wait is over; 1 when not set.
        submit: i64,
    }
);

/// The most doublings, so that nothing overflows.
const DOUBLINGS_MAX: u32 = 40;

/// None while the label or its end point waits after failures, few when the wait is over. A number that is not above
/// zero passes.
pub(super) fn back_off(n: i64, settings: &BackOff, situation: &Situation) -> Outcome {
    let label = situation.label.as_ref().map(|label| ("label", label.failures, label.last_failure_s));
    let point = situation.endpoint.as_ref().map(|point| ("endpoint", point.failures, point.last_failure_s));
    let patience = settings.patience.unwrap_or(3).max(1);
    let failing = [label, point].into_iter().flatten().filter(|(_, failures, _)| n > 0 && *failures >= patience);
    let outcomes = failing.map(|(by, failures, last_s)| {
        let wait = wait_s(settings, failures - patience);
        let over = last_s.is_some_and(|last| last >= wait as f64);
        let out = if over { n.min(settings.submit.unwrap_or(1).max(0)) } else { 0 };
        (out, format!("BackOff:in={n},by={by},failures={failures},wait={wait},ret={out}"))
    });
    outcomes.min_by_key(|(out, _)| *out).unwrap_or((n, String::new()))
}

fn wait_s(settings: &BackOff, further: i64) -> i64 {
    doubled_s(settings.interval.unwrap_or(15), further, settings.maximum.unwrap_or(600))
}

/// `first_s`, doubled `further` times, at most `most_s`; never below zero.
pub(super) fn doubled_s(first_s: i64, further: i64, most_s: i64) -> i64 {
    let doublings = u32::try_from(further).unwrap_or(u32::MAX).min(DOUBLINGS_MAX);
    first_s.max(0).saturating_mul(1 << doublings).min(most_s).max(0)
}
