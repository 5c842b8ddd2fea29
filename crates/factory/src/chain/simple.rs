//! Steps that need no facts: Scale, Fixed, Null.

use super::settings::settings;
use super::{Outcome, python};
use crate::situation::Situation;

settings!(
    /// `sched.scale`.
    Scale {
        /// Factor; 1.0 when not set.
        factor: f64,
    }
);
settings!(
    /// `sched.fixed`.
    Fixed {
        /// Pilots each cycle.
        pilotspercycle: i64,
    }
);

/// Multiplies, rounded up; also what is negative.
pub(super) fn scale(n: i64, settings: &Scale, _: &Situation) -> Outcome {
    let factor = settings.factor.unwrap_or(1.0);
    // A float keeps whole numbers exact up to 2^53, far more pilots than there are.
    let out = (n as f64 * factor).ceil() as i64;
    (out, format!("Scale:in={n},factor={},ret={out}", python::float(factor)))
}

/// A fixed number, its input ignored.
pub(super) fn fixed(n: i64, settings: &Fixed, _: &Situation) -> Outcome {
    match settings.pilotspercycle.unwrap_or(0) {
        0 => (0, format!("Fixed:comment=nosetup,in={n},ret=0")),
        out => (out, format!("Fixed:in={n},ret={out}")),
    }
}

/// None.
pub(super) fn null(n: i64, _: &Situation) -> Outcome {
    (0, format!("Null:in={n},out=0"))
}
