//! Steps that look at pilots which ended lately: Throttle, ThrottleEmpty.

use super::settings::settings;
use super::{Outcome, Sched, python};
use crate::situation::{History, Situation};
use serde::{Deserialize, Serialize};

settings!(
    /// `sched.throttle`.
    Throttle {
        /// Seconds since their start for which ended pilots count; 3600 when not set.
        interval: i64,
        /// A pilot that ran less than so many seconds was too short; 10 when not set.
        maxtime: i64,
        /// The share of pilots that may be too short; 0.5 when not set.
        ratio: f64,
        /// Pilots each cycle while more are; 1 when not set.
        submit: i64,
    }
);
settings!(
    /// `sched.throttleempty`.
    ThrottleEmpty {
        /// Seconds since their start for which ended pilots count; 3600 when not set.
        interval: i64,
        /// Fewer ended pilots say nothing; 3 when not set.
        minimum: i64,
        /// The share of pilots that may have run no job; 0.5 when not set.
        ratio: f64,
        /// The most pilots each cycle while more did; 1 when not set.
        submit: i64,
    }
);

/// A pilot that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// How long it ran, in seconds.
    pub wallclock_s: f64,
    /// Seconds since it started; 0 counts in every interval.
    #[serde(default)]
    pub age_s: f64,
    /// Jobs that it ran; `None` when that is not known.
    #[serde(default)]
    pub jobs: Option<u64>,
}

/// Counts ended pilots as the settings of both steps ask.
pub fn count(ended: &[Ended], sched: &Sched) -> History {
    let interval = |seconds: Option<i64>| seconds.unwrap_or(3600) as f64;
    let shortest = sched.throttle.maxtime.unwrap_or(10) as f64;
    let mut history = History::default();
    for pilot in ended {
        if pilot.age_s < interval(sched.throttle.interval) {
            history.total += 1;
            history.short += i64::from(pilot.wallclock_s < shortest);
        }
        if let Some(jobs) = pilot.jobs.filter(|_| pilot.age_s < interval(sched.throttleempty.interval)) {
            history.judged += 1;
            history.empty += i64::from(jobs == 0);
        }
    }
    history
}

/// A fixed number, whatever came in, while too large a share of the label's pilots were too short: something eats them.
pub(super) fn throttle(n: i64, settings: &Throttle, situation: &Situation) -> Outcome {
    let Some(history) = situation.history.as_ref().filter(|history| history.total > 0) else {
        return (n, format!("Throttle:in={n},ret={n}"));
    };
    let History { total, short, .. } = history;
    let (ratio, submit) = (settings.ratio.unwrap_or(0.5), settings.submit.unwrap_or(1));
    let out = if *short as f64 / *total as f64 > ratio { submit } else { n };
    let ratio = python::float(ratio);
    (out, format!("Throttle:in={n},total={total},short={short},ratio={ratio},submit={submit},ret={out}"))
}

/// Few while too large a share of the label's pilots found no job.
pub(super) fn throttle_empty(n: i64, settings: &ThrottleEmpty, situation: &Situation) -> Outcome {
    let least = settings.minimum.unwrap_or(3).max(1);
    let Some(history) = situation.history.as_ref().filter(|history| history.judged >= least) else {
        return (n, format!("ThrottleEmpty:in={n},ret={n}"));
    };
    let History { judged, empty, .. } = history;
    let (ratio, submit) = (settings.ratio.unwrap_or(0.5), settings.submit.unwrap_or(1));
    let out = if *empty as f64 / *judged as f64 > ratio { n.min(submit) } else { n };
    let ratio = python::float(ratio);
    (out, format!("ThrottleEmpty:in={n},total={judged},empty={empty},ratio={ratio},submit={submit},ret={out}"))
}
