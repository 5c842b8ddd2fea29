//! How long something took, many times: counts by logarithmic buckets, which can be added up.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Buckets of a factor of two: each is 19 % wider than the one before, so that a quantile is at most 9 % off.
const PER_OCTAVE: f64 = 4.0;
/// The last bucket, about 48 days.
const LAST: u32 = 88;

/// Counts by bucket. Bucket `b` holds what took about `2^(b/4)` seconds; bucket 0 also what was shorter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations(pub BTreeMap<u32, u64>);

/// What about the durations of a bucket are.
fn seconds_of(bucket: u32) -> f64 {
    (f64::from(bucket) / PER_OCTAVE).exp2()
}

impl Durations {
    /// The bucket of a duration.
    pub fn bucket(duration: Duration) -> u32 {
        let bucket = (duration.as_secs_f64().max(1.0).log2() * PER_OCTAVE).round();
        if bucket >= f64::from(LAST) { LAST } else { bucket as u32 }
    }

    /// Adds some.
    pub fn add(&mut self, bucket: u32, count: u64) {
        *self.0.entry(bucket).or_default() += count;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many took at most so many seconds, within 9 %.
    pub fn at_most(&self, seconds: f64) -> u64 {
        self.0.iter().take_while(|(bucket, _)| seconds_of(**bucket) <= seconds).map(|(_, count)| count).sum()
    }

    /// Seconds of all together, within 9 %.
    pub fn sum_s(&self) -> f64 {
        self.0.iter().fold(0.0, |sum, (bucket, count)| sum + seconds_of(*bucket) * *count as f64)
    }

    /// What a share of them (0 to 1) took at most, within 9 %; none when there are none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = (self.count() as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        let bucket = self.0.iter().find(|(_, count)| {
            seen += *count;
            seen >= wanted
        });
        bucket.map(|(bucket, _)| Duration::from_secs_f64(seconds_of(*bucket)))
    }
}
