//! Bounds of one cycle: MinPerCycle, MaxPerCycle.

use super::{Maximum, Minimum, Outcome};
use crate::situation::Situation;

/// At most so many.
pub(super) fn max_per_cycle(n: i64, settings: &Maximum, _: &Situation) -> Outcome {
    match settings.maximum {
        None => (n, format!("MaxPerCycle:comment=Not set,in={n}")),
        Some(max) => {
            let out = n.min(max);
            (out, format!("MaxPerCycle:in={n},maxpercycle={max},ret={out}"))
        }
    }
}

/// At least so many. With 0, after the limits, it keeps them from removing pilots.
pub(super) fn min_per_cycle(n: i64, settings: &Minimum, _: &Situation) -> Outcome {
    match settings.minimum {
        None => (n, "MinPerCycle:comment=Not set".to_owned()),
        Some(min) => {
            let out = n.max(min);
            (out, format!("MinPerCycle:in={n},minpercycle={min},ret={out}"))
        }
    }
}
