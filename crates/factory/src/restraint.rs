//! Restraint of a label whose pilots are refused or break before they say hello: without it a wrong path or partition in
//! the configuration would submit pilots in vain in every cycle for ever.

use model::{Step, Time};
use std::time::Duration;

/// Vain submissions in a row after which a label waits.
const PATIENCE: u32 = 3;
/// The first wait; doubled by each further one.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What a label remembers of its pilots' starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restraint {
    /// Submissions in a row of which no pilot said hello.
    broken: u32,
    /// When it may submit again.
    until: Time,
}

impl Restraint {
    /// Pilots were refused, or broke before their hello. Those that broke together count as one, so that one bad node's
    /// worth of pilots does not stop a label for long.
    pub fn broke(&mut self, now: Time) {
        self.broken = self.broken.saturating_add(1);
        if self.broken >= PATIENCE {
            let doublings = (self.broken - PATIENCE).min(16);
            self.until = now + FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
        }
    }

    /// A pilot said hello.
    pub fn started(&mut self) {
        *self = Restraint::default();
    }

    /// The step that holds the label back, while it does. A single pilot still tries when the wait is over.
    pub fn step(&self, number: i64, now: Time) -> Option<Step> {
        if self.broken < PATIENCE || number <= 0 {
            return None;
        }
        let output = if now < self.until { 0 } else { number.min(1) };
        let message = format!("Restraint:in={number},broken={},ret={output}", self.broken);
        Some(Step { plugin: "Restraint".to_owned(), input: number, output, message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_tries_with_one() {
        let mut restraint = Restraint::default();
        let now = Time(1_000_000);
        restraint.broke(now);
        restraint.broke(now);
        assert_eq!(restraint.step(5, now), None);
        restraint.broke(now);
        assert_eq!(restraint.step(5, now).map(|step| step.output), Some(0));
        assert_eq!(restraint.step(5, now + FIRST_WAIT).map(|step| step.output), Some(1));
        for _ in 0..100 {
            restraint.broke(now);
        }
        assert_eq!(restraint.step(5, now + LONGEST_WAIT).map(|step| step.output), Some(1));
        restraint.started();
        assert_eq!(restraint.step(5, now), None);
    }
}
