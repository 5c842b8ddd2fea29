//! Bounds of pending pilots: MaxPending, MinPending.

use super::settings::settings;
use super::{Minimum, Outcome, python};
use crate::situation::Situation;

settings!(
    /// `sched.maxpending`.
    MaxPending {
        /// The most pending pilots; no bound when not set.
        maximum: i64,
        /// Whether too many pending pilots make the number negative; true when not set.
        allow_negative: bool,
        /// Whether there is no limit while none is pending: then there may be free slots; true when not set.
        no_limit_when_empty: bool,
    }
);

/// At most so many pending. With none pending there is no limit at all, unless it is set.
pub(super) fn max_pending(n: i64, settings: &MaxPending, situation: &Situation) -> Outcome {
    let Some(batch) = &situation.batch else {
        return (n, "MaxPending:comment=No queueinfo.".to_owned());
    };
    let pending = batch.pending;
    let unlimited = pending == 0 && settings.no_limit_when_empty.unwrap_or(true);
    let out = match settings.maximum.filter(|_| !unlimited) {
        None => n,
        Some(max) => {
            let room = max.saturating_sub(pending);
            n.min(if settings.allow_negative.unwrap_or(true) { room } else { room.max(0) })
        }
    };
    let max = python::or_none(settings.maximum);
    (out, format!("MaxPending:in={n},pending={pending},maxpending={max},ret={out}"))
}

/// At least so many pending.
pub(super) fn min_pending(n: i64, settings: &Minimum, situation: &Situation) -> Outcome {
    let Some(batch) = &situation.batch else {
        return (n, format!("MinPending:comment=No queueinfo,in={n},ret={n}"));
    };
    let pending = batch.pending;
    match settings.minimum {
        None => (n, format!("MinPending:comment=not set,in={n},pending={pending},ret={n}")),
        Some(min) => {
            let out = n.max(min.saturating_sub(pending));
            (out, format!("MinPending:in={n},minpending={min},pending={pending},ret={out}"))
        }
    }
}
