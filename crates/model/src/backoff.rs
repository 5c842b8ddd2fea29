//! How long a job waits before its next attempt.

use std::time::Duration;

/// The longest wait between two attempts.
pub const LONGEST: Duration = Duration::from_secs(600);

/// The wait before attempt `next_attempt` (2 or more): `first` doubled for each further attempt, at most [`LONGEST`].
///
/// No jitter: a job's next attempt is taken by whichever pilot asks, so there is no herd to spread.
pub fn before_attempt(next_attempt: u32, first: Duration) -> Duration {
    let doublings = next_attempt.saturating_sub(2).min(16);
    first.saturating_mul(1 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest() {
        let waits = [2, 3, 4, 40].map(|n| before_attempt(n, Duration::from_secs(5)).as_secs());
        assert_eq!(waits, [5, 10, 20, 600]);
    }
}
