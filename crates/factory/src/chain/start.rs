//! StartFromZero: the first pilot of a label that has none.

use super::settings::settings;
use super::{Outcome, python};
use crate::situation::Situation;

settings!(
    /// `sched.startfromzero`.
    StartFromZero {
        /// Pilots to start with; 1 when not set.
        pilots: i64,
        /// Seconds between two attempts when no job is known to wait, for a WMS that shows its jobs only to pilots; no
        /// such attempts when not set.
        probe: i64,
    }
);

/// At least a few pilots when the label has none, and jobs wait or a probe is due.
pub(super) fn start_from_zero(n: i64, settings: &StartFromZero, situation: &Situation) -> Outcome {
    let Some(batch) = &situation.batch else {
        return (n, format!("StartFromZero:comment=No batchinfo,in={n},ret={n}"));
    };
    if batch.live() > 0 {
        return (n, format!("StartFromZero:in={n},pending={},running={},ret={n}", batch.pending, batch.running));
    }
    let jobs = situation.wms.as_ref().map(|wms| wms.ready);
    let last_s = situation.label.as_ref().and_then(|label| label.last_submit_s);
    let is_due = |probe: i64| last_s.is_none_or(|last| last >= probe as f64);
    let out = n.max(settings.pilots.unwrap_or(1));
    let activated = python::or_none(jobs);
    match settings.probe {
        _ if jobs.is_some_and(|jobs| jobs > 0) => {
            (out, format!("StartFromZero:comment=start,in={n},activated={activated},ret={out}"))
        }
        Some(probe) if is_due(probe) => {
            (out, format!("StartFromZero:comment=probe,in={n},activated={activated},probe={probe},ret={out}"))
        }
        _ => (n, format!("StartFromZero:comment=no jobs,in={n},activated={activated},ret={n}")),
    }
}
