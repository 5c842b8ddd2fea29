//! Steps that make a number from waiting jobs and pending pilots: Ready, Fillactivated, WeightedActivated.

use super::Outcome;
use super::settings::settings;
use crate::situation::Situation;

settings!(
    /// `sched.ready`.
    Ready {
        /// Waiting jobs to leave alone; 0 when not set.
        offset: i64,
    }
);
settings!(
    /// `sched.fillactivated`.
    Fillactivated {
        /// Pilots when the jobs or the pilots are not known; 0 when not set.
        default: i64,
    }
);
settings!(
    /// `sched.weightedactivated`.
    WeightedActivated {
        /// What a waiting job counts; 1.0 when not set.
        activated: f64,
        /// What a pending pilot counts; 1.0 when not set.
        pending: f64,
    }
);

/// Pilots for waiting jobs that nobody serves: max(0, jobs - offset - pending), its input ignored. With several slots
/// a pilot, jobs count by pilots that they fill, rounded up; the message then names the slots, and jobs that fit no
/// pilot of the label.
pub(super) fn ready(n: i64, settings: &Ready, situation: &Situation) -> Outcome {
    let (Some(wms), Some(batch)) = (&situation.wms, &situation.batch) else {
        return (0, "Ready:comment=Invalid wmsinfo or batchinfo".to_owned());
    };
    let (activated, pending) = (wms.unserved(), batch.pending);
    let offset = settings.offset.unwrap_or(0);
    let slots = situation.slots();
    let wanted = div_ceil(activated.saturating_sub(offset), slots);
    let out = wanted.saturating_sub(pending).max(0);
    let slots = if slots == 1 { String::new() } else { format!("slots={slots},") };
    let unfit = if wms.unfit == 0 { String::new() } else { format!("unfit={},", wms.unfit) };
    (out, format!("Ready:in={n},activated={activated},offset={offset},pending={pending},{slots}{unfit}ret={out}"))
}

/// max(0, jobs - pending), its input ignored; a default without information.
pub(super) fn fill_activated(n: i64, settings: &Fillactivated, situation: &Situation) -> Outcome {
    let without = |what: &str| {
        let out = settings.default.unwrap_or(0);
        (out, format!("Fillactivated:comment=Invalid {what},in={n},ret={out}"))
    };
    let Some(wms) = &situation.wms else { return without("wmsinfo") };
    let Some(batch) = &situation.batch else { return without("batchinfo") };
    let (activated, pending, running) = (wms.unserved(), batch.pending, batch.running);
    let out = activated.saturating_sub(pending).max(0);
    (out, format!("Fillactivated:in={n},activated={activated},pending={pending},running={running},ret={out}"))
}

/// max(0, jobs - pending), both weighted and cut to whole numbers, its input ignored.
pub(super) fn weighted_activated(n: i64, settings: &WeightedActivated, situation: &Situation) -> Outcome {
    let without = |what: &str| (0, format!("WeightedActivated:comment=no {what},in={n},ret=0"));
    let Some(wms) = &situation.wms else { return without("wmsinfo") };
    let Some(batch) = &situation.batch else { return without("batchinfo") };
    let weighted = |count: i64, weight: Option<f64>| (count as f64 * weight.unwrap_or(1.0)) as i64;
    let (activated, pending) = (wms.unserved(), batch.pending);
    let (jobs, pilots) = (weighted(activated, settings.activated), weighted(pending, settings.pending));
    let out = jobs.saturating_sub(pilots).max(0);
    let counts =
        format!("activated={activated},weightedactivated={jobs},pending={pending},weightedpending={pilots},ret={out}");
    (out, format!("WeightedActivated:in={n},{counts}"))
}

/// `a / b`, rounded up.
pub(super) fn div_ceil(a: i64, b: i64) -> i64 {
    a.div_euclid(b) + i64::from(a.rem_euclid(b) != 0)
}
