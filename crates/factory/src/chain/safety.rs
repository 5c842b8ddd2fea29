//! SafetyStop: a wrong number, from a source that answers nonsense, must not drain a whole site.

use super::Outcome;
use super::settings::settings;
use crate::situation::Situation;

settings!(
    /// `sched.safetystop`.
    SafetyStop {
        /// The share of pending and running pilots that may go at once; 0.5 when not set.
        ratio: f64,
        /// So many may always go at once; 10 when not set.
        minimum: i64,
        /// Seconds for which more must have been wanted without a break until they go; 900 when not set.
        hold: i64,
    }
);

/// Passes what is not negative, and removals of few pilots. More go only when they were wanted for long.
pub(super) fn safety_stop(n: i64, settings: &SafetyStop, situation: &Situation) -> Outcome {
    if n >= 0 {
        return (n, String::new());
    }
    let Some(batch) = &situation.batch else {
        return (0, format!("SafetyStop:comment=No batchinfo,in={n},ret=0"));
    };
    let pilots = batch.live().max(0);
    let share = (pilots as f64 * settings.ratio.unwrap_or(0.5)) as i64;
    let limit = share.max(settings.minimum.unwrap_or(10));
    if n.saturating_neg() <= limit {
        return (n, String::new());
    }
    let hold = settings.hold.unwrap_or(900);
    let wanted_s = situation.label.as_ref().and_then(|label| label.removal_wanted_s);
    let (out, comment) = match wanted_s {
        Some(wanted_s) if wanted_s >= hold as f64 => (n, "wanted for long"),
        _ => (0, "mass removal"),
    };
    (out, format!("SafetyStop:comment={comment},in={n},pilots={pilots},limit={limit},hold={hold},ret={out}"))
}
