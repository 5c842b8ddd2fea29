//! Bounds over the whole life of a label: KeepNQueueLife, MinToSubmit, MaxToSubmit.

use super::settings::settings;
use super::{Maximum, Minimum, Outcome, python};
use crate::situation::Situation;

settings!(
    /// `sched.keepnqueuelife`.
    KeepNQueueLife {
        /// How many in all; when not set the number that comes in is the target.
        njobs: i64,
    }
);

/// The difference between a target and all pilots that the label ever had.
pub(super) fn keep_n_queue_life(n: i64, settings: &KeepNQueueLife, situation: &Situation) -> Outcome {
    let Some(ever) = ever(situation) else {
        return (0, "KeepNQueueLife:comment=Invalid queueinfo".to_owned());
    };
    let out = settings.njobs.unwrap_or(n).saturating_sub(ever);
    let keep = python::or_none(settings.njobs);
    (out, format!("KeepNQueueLife:in={n},keep={keep},jobsinqueue={ever},ret={out}"))
}

/// At most so many over the life of the label. Removing pilots would not make them fewer, so it never does.
pub(super) fn max_to_submit(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let Some(max) = settings.maximum else {
        return (n, format!("MaxToSubmit:comment=Not set,in={n},ret={n}"));
    };
    let Some(ever) = ever(situation) else {
        let out = n.min(0);
        return (out, format!("MaxToSubmit:comment=No batchinfo,in={n},ret={out}"));
    };
    let out = n.min(max.saturating_sub(ever).max(0));
    (out, format!("MaxToSubmit:in={n},submitted={ever},maxtosubmit={max},ret={out}"))
}

/// At least so many over the life of the label.
pub(super) fn min_to_submit(n: i64, settings: &Minimum, situation: &Situation) -> Outcome {
    let Some(min) = settings.minimum else {
        return (n, format!("MinToSubmit:comment=Not set,in={n},ret={n}"));
    };
    let Some(ever) = ever(situation) else {
        return (n, format!("MinToSubmit:comment=No batchinfo,in={n},ret={n}"));
    };
    let out = n.max(min.saturating_sub(ever));
    (out, format!("MinToSubmit:in={n},submitted={ever},mintosubmit={min},ret={out}"))
}

/// Pilots that the label ever had: pending, running, and those that are gone or going.
fn ever(situation: &Situation) -> Option<i64> {
    let batch = situation.batch.as_ref()?;
    Some(batch.live().saturating_add(batch.done?))
}
