//! The life of a credential: when it is due to be renewed, when it alarms, when labels wait for it, and in which words.
//! No clock, no I/O.

use model::Time;
use std::time::Duration;

/// Shares of life left, in percent, at which the factory raises its voice.
pub const ALARMS_PERCENT: [u8; 3] = [50, 25, 10];
/// A pause after failures is at most so many times the first one.
const PAUSES_MAX: u32 = 16;

/// What a look at a credential found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whose it is.
    pub who: String,
    /// Groups and roles, or scopes.
    pub attributes: Vec<String>,
    /// Since when it has been there and good.
    pub began: Time,
    /// When it ends; `None` when it does not.
    pub ends: Option<Time>,
    /// When its attributes end; `None` when they do not, or when it has none.
    pub attributes_end: Option<Time>,
}

/// The rules of a life.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// With so much of its life left it is due, in percent.
    pub renew_at_percent: f64,
    /// With less left it cannot be used.
    pub min_life: Duration,
    /// The first pause after a failure, and the least time between two attempts.
    pub retry: Duration,
}

/// What came of the attempts to renew it since the last good one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// When the last attempt ended, a good one too.
    pub last: Option<Time>,
    /// Failures in a row.
    pub failures: u32,
    /// What the last one said; empty after a good one.
    pub error: String,
}

impl Seen {
    /// When the part of it ends that ends first.
    pub fn end(&self) -> Option<Time> {
        self.ends.into_iter().chain(self.attributes_end).min()
    }

    /// Life left at this time; `None` when it has no end.
    pub fn left(&self, now: Time) -> Option<Duration> {
        self.end().map(|end| end.since(now))
    }

    /// The same as a share of its whole life, in percent.
    pub fn left_percent(&self, now: Time) -> Option<f64> {
        let end = self.end()?;
        let whole = end.since(self.began).as_secs_f64();
        Some(if whole > 0.0 { (end.since(now).as_secs_f64() / whole * 100.0).min(100.0) } else { 0.0 })
    }

    /// The last alarm that its age raises.
    pub fn alarm(&self, now: Time) -> Option<u8> {
        let left = self.left_percent(now)?;
        ALARMS_PERCENT.into_iter().rfind(|percent| left <= f64::from(*percent))
    }

    /// Why it cannot be used at this time; `None` when it can.
    pub fn refusal(&self, min_life: Duration, now: Time) -> Option<String> {
        let end = self.end()?;
        let part = match self.attributes_end {
            Some(attributes) if Some(attributes) != self.ends && attributes == end => "its attributes",
            _ => "it",
        };
        if end <= now {
            return Some(format!("{part} ended at {}", shown(end)));
        }
        let short = end.since(now) < min_life;
        short.then(|| format!("{part} will end at {}, with less than {} s left", shown(end), min_life.as_secs()))
    }

    fn due(&self, policy: &Policy) -> Option<Time> {
        let end = self.end()?;
        let share = (1.0 - policy.renew_at_percent / 100.0).clamp(0.0, 1.0);
        Some(self.began + end.since(self.began).mul_f64(share))
    }
}

impl Tries {
    /// When the next attempt is due; `None` for never. What cannot be used is due at once, and after failures only after
    /// a pause.
    pub fn due(&self, seen: Option<&Seen>, policy: &Policy) -> Option<Time> {
        let by_life = match seen {
            Some(seen) => seen.due(policy)?,
            None => Time(0),
        };
        let paused = self.last.map_or(Time(0), |last| last + self.pause(policy.retry));
        Some(by_life.max(paused))
    }

    fn pause(&self, first: Duration) -> Duration {
        first * 2u32.saturating_pow(self.failures.saturating_sub(1)).min(PAUSES_MAX)
    }

    /// What failed, in words; empty when nothing did.
    pub fn words(&self) -> String {
        match self.failures {
            0 => String::new(),
            1 => format!("failed to {}", self.error),
            failures => format!("failed {failures} times in a row, at last to {}", self.error),
        }
    }

    /// Takes note of an attempt.
    pub fn note(&mut self, result: Result<(), String>, at: Time) {
        self.last = Some(at);
        match result {
            Ok(()) => (self.failures, self.error) = (0, String::new()),
            Err(error) => (self.failures, self.error) = (self.failures.saturating_add(1), error),
        }
    }
}

/// A time for people.
pub fn shown(time: Time) -> String {
    let timestamp = jiff::Timestamp::from_second(time.as_secs()).unwrap_or_default();
    timestamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy =
        Policy { renew_at_percent: 60.0, min_life: Duration::from_secs(10), retry: Duration::from_secs(2) };

    fn at(s: i64) -> Time {
        Time(s * 1000)
    }

    fn seen(ends: i64, attributes_end: Option<i64>) -> Seen {
        let (who, attributes) = ("/CN=me".to_owned(), Vec::new());
        Seen { who, attributes, began: at(1000), ends: Some(at(ends)), attributes_end: attributes_end.map(at) }
    }

    #[test]
    fn the_part_that_ends_first_counts() {
        let proxy = seen(1300, Some(1100));
        assert_eq!((proxy.end(), proxy.left(at(1040))), (Some(at(1100)), Some(Duration::from_secs(60))));
        assert_eq!(
            proxy.refusal(POLICY.min_life, at(1100)).unwrap(),
            "its attributes ended at 1970-01-01 00:18:20 UTC"
        );
        let words = "it will end at 1970-01-01 00:18:20 UTC, with less than 10 s left";
        assert_eq!(seen(1100, Some(1200)).refusal(POLICY.min_life, at(1091)).unwrap(), words);
        assert_eq!(seen(1100, None).refusal(POLICY.min_life, at(1090)), None);
        let key = Seen { ends: None, ..seen(0, None) };
        assert_eq!((key.refusal(POLICY.min_life, at(9999)), key.alarm(at(9999))), (None, None));
    }

    #[test]
    fn alarms_are_raised_at_their_shares() {
        let alarms = [1049, 1050, 1074, 1075, 1089, 1090, 2000].map(|now| seen(1100, None).alarm(at(now)));
        assert_eq!(alarms, [None, Some(50), Some(50), Some(25), Some(25), Some(10), Some(10)]);
    }

    #[test]
    fn it_is_due_by_its_life_and_after_failures_with_growing_pauses() {
        let (alive, mut tries) = (seen(1100, None), Tries::default());
        assert_eq!(tries.due(None, &POLICY), Some(at(0)));
        assert_eq!(tries.due(Some(&alive), &POLICY), Some(at(1040)));
        let mut pauses = Vec::new();
        for _ in 0..7 {
            tries.note(Err("no answer".into()), at(1050));
            pauses.push(tries.due(Some(&alive), &POLICY).unwrap().since(at(1050)).as_secs());
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 32, 32]);
        tries.note(Ok(()), at(1090));
        assert_eq!(tries.error, "");
        // What is made so short that it is due at once is not asked for without end.
        assert_eq!(tries.due(Some(&seen(1000, None)), &POLICY), Some(at(1092)));
        assert_eq!(tries.due(Some(&Seen { ends: None, ..alive }), &POLICY), None);
    }
}
