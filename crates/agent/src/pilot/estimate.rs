//! How many jobs to have at hand beyond the slots, from how long the last ones took.

use std::time::Duration;

/// Work that should be at hand per pilot.
const AHEAD: Duration = Duration::from_millis(100);
/// The most jobs at hand beyond the slots.
const PREFETCH_MAX: u32 = 256;
/// Work that should wait inside of a runner, so that it never waits for the pilot.
const QUEUED: Duration = Duration::from_millis(10);
/// The most jobs that wait inside of a runner.
const QUEUE_MAX: u32 = 16;
/// What a start costs beside the payload's own time.
const START_COST: Duration = Duration::from_micros(200);

/// A running mean of the time of a job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    mean_us: Option<u64>,
}

impl Estimate {
    /// Learns from one job. Believes in longer jobs at once and in shorter ones slowly, since jobs at hand behind a
    /// long one are lost to other pilots.
    pub(super) fn learn(&mut self, wall_us: u64) {
        let now = wall_us.saturating_add(START_COST.as_micros() as u64);
        self.mean_us = Some(match self.mean_us {
            None => now,
            Some(mean) if now > mean => mean.midpoint(now),
            Some(mean) => (mean * 7 + now) / 8,
        });
    }

    /// Jobs to have at hand beyond `slots`; none while nothing is known.
    pub(super) fn prefetch(&self, slots: u32) -> u32 {
        let Some(mean) = self.mean_us else { return 0 };
        let jobs = AHEAD.as_micros() as u64 * u64::from(slots) / mean.max(1);
        u32::try_from(jobs).unwrap_or(u32::MAX).min(PREFETCH_MAX)
    }

    /// Jobs that one runner may have, the running one included; at least one.
    pub(super) fn depth(&self) -> u32 {
        let Some(mean) = self.mean_us else { return 1 };
        let waiting = QUEUED.as_micros() as u64 / mean.max(1);
        1 + u32::try_from(waiting).unwrap_or(u32::MAX).min(QUEUE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_jobs_are_fetched_ahead_and_long_ones_are_not() {
        let mut estimate = Estimate::default();
        assert_eq!((estimate.prefetch(2), estimate.depth()), (0, 1));
        estimate.learn(500);
        assert!(estimate.prefetch(2) >= 200 && estimate.depth() > 8);
        estimate.learn(10_000_000);
        assert_eq!((estimate.prefetch(2), estimate.depth()), (0, 1));
        for _ in 0..200 {
            estimate.learn(0);
        }
        assert_eq!((estimate.prefetch(2), estimate.depth()), (PREFETCH_MAX, 1 + QUEUE_MAX));
    }
}
