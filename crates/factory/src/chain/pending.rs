//! Bounds of pending pilots: MaxPending, MinPending.

use super::Outcome;
use crate::config::{MaxPending, Minimum};
use crate::situation::Situation;

/// At most so many pending. With none pending there is no limit at all: none pending means free slots.
pub fn max_pending(n: i64, settings: &MaxPending, situation: &Situation) -> Outcome {
    let Some(pilots) = situation.pilots else {
        return (n, "MaxPending:comment=No queueinfo.".to_owned());
    };
    let Some(max) = settings.maximum else { return (n, String::new()) };
    let pending = pilots.value.pending;
    let room = max.saturating_sub(pending);
    let out = match (pending, settings.allow_negative.unwrap_or(true)) {
        (0, _) => n,
        (_, true) => n.min(room),
        (_, false) => n.min(room.max(0)),
    };
    (out, format!("MaxPending:in={n},pending={pending},maxpending={max},ret={out}"))
}

/// At least so many pending.
pub fn min_pending(n: i64, settings: &Minimum, situation: &Situation) -> Outcome {
    let Some(pilots) = situation.pilots else {
        return (n, format!("MinPending:comment=No queueinfo,in={n},ret={n}"));
    };
    let pending = pilots.value.pending;
    match settings.minimum {
        None => (n, format!("MinPending:comment=not set,in={n},pending={pending},ret={n}")),
        Some(min) => {
            let out = n.max(min.saturating_sub(pending));
            (out, format!("MinPending:in={n},minpending={min},pending={pending},ret={out}"))
        }
    }
}
