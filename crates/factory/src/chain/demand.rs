//! Steps that make or scale a number: Ready, Scale, Fixed, Null.

use super::Outcome;
use crate::config::{Fixed, Ready, Scale};
use crate::situation::Situation;

/// Pilots for waiting jobs that nobody serves: max(0, jobs - offset - pending), its input ignored. With several slots
/// a pilot, jobs count by pilots that they fill, rounded up; the message then names the slots.
pub fn ready(n: i64, settings: &Ready, situation: &Situation) -> Outcome {
    let (Some(jobs), Some(pilots)) = (situation.jobs, situation.pilots) else {
        return (0, "Ready:comment=Invalid wmsinfo or batchinfo".to_owned());
    };
    let (activated, pending) = (jobs.value.unserved(), pilots.value.pending);
    let offset = settings.offset.unwrap_or(0);
    let slots = situation.slots.max(1);
    let wanted = div_ceil(activated.saturating_sub(offset), slots);
    let out = wanted.saturating_sub(pending).max(0);
    let by_slots = if slots == 1 { String::new() } else { format!("slots={slots},") };
    (out, format!("Ready:in={n},activated={activated},offset={offset},pending={pending},{by_slots}ret={out}"))
}

/// Multiplies, rounded up; also what is negative.
pub fn scale(n: i64, settings: &Scale) -> Outcome {
    let factor = settings.factor.unwrap_or(1.0);
    // A float keeps whole numbers exact up to 2^53, far more pilots than there are.
    let out = (n as f64 * factor).ceil() as i64;
    (out, format!("Scale:in={n},factor={factor:?},ret={out}"))
}

/// A fixed number, its input ignored.
pub fn fixed(n: i64, settings: &Fixed) -> Outcome {
    match settings.pilotspercycle.unwrap_or(0) {
        0 => (0, format!("Fixed:comment=nosetup,in={n},ret=0")),
        out => (out, format!("Fixed:in={n},ret={out}")),
    }
}

/// None.
pub fn null(n: i64) -> Outcome {
    (0, format!("Null:in={n},out=0"))
}

fn div_ceil(a: i64, b: i64) -> i64 {
    a.div_euclid(b) + i64::from(a.rem_euclid(b) != 0)
}
