//! Bounds of all pilots of a label or factory: MaxToRun, MaxPerFactory, KeepNRunning.

use super::Outcome;
use crate::config::{KeepNRunning, Maximum};
use crate::situation::Situation;

/// At most so many pending and running; negative when there are more.
pub fn max_to_run(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let Some(pilots) = situation.pilots else {
        return (0, format!("MaxToRun:comment=No batchinfo,in={n}"));
    };
    let Some(max) = settings.maximum else { return (n, String::new()) };
    let (pending, running) = (pilots.value.pending, pilots.value.running);
    let out = n.min(max.saturating_sub(pending + running));
    (out, format!("MaxToRun:in={n},maxtorun={max},pending={pending},running={running},ret={out}"))
}

/// At most so many of all labels together; none when the number of pilots is not known.
pub fn max_per_factory(n: i64, settings: &Maximum, situation: &Situation) -> Outcome {
    let Some(max) = settings.maximum else {
        return (n, format!("MaxPerFactory:comment=Not set,in={n},ret={n}"));
    };
    let Some(total) = situation.total else {
        return (0, format!("MaxPerFactory:comment=No batchinfo,in={n},ret=0"));
    };
    let out = if total > max {
        0
    } else if n.saturating_add(total) > max {
        max - total
    } else {
        n
    };
    (out, format!("MaxPerFactory:in={n},total={total},maxperfactory={max},ret={out}"))
}

/// The difference to a target: its setting, or its input when there is none. Negative when there are more.
pub fn keep_n_running(n: i64, settings: &KeepNRunning, situation: &Situation) -> Outcome {
    let Some(pilots) = situation.pilots else {
        return (0, "KeepNRunning:comment=Invalid queueinfo".to_owned());
    };
    let (pending, running) = (pilots.value.pending.max(0), pilots.value.running.max(0));
    let retiring = pilots.value.retiring.max(0);
    let out = settings.keep_running.unwrap_or(n).saturating_sub(running + pending);
    // AutoPyFactory was written in Python and its users' scripts know the word.
    let keep = settings.keep_running.map_or_else(|| "None".to_owned(), |keep| keep.to_string());
    let counts = format!("running={running},pending={pending},retiring={retiring}");
    (out, format!("KeepNRunning:in={n},keep={keep},{counts},ret={out}"))
}
