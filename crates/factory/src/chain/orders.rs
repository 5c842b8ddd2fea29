//! Orders: what people hold the label to.

use super::Outcome;
use crate::situation::{Ordered, Situation};

/// Draining asks for all pilots to go, pausing for none to come, a cap for no more than fit below it. Without an order it
/// passes its input.
pub(super) fn orders(n: i64, situation: &Situation) -> Outcome {
    let Some(ordered) = &situation.orders else { return (n, String::new()) };
    let out = held(n, ordered, situation);
    let cap = ordered.cap.map(|cap| format!(",cap={cap}")).unwrap_or_default();
    (out, format!("Orders:in={n}{cap},ret={out},why={}", ordered.why))
}

fn held(n: i64, ordered: &Ordered, situation: &Situation) -> i64 {
    let Some(batch) = &situation.batch else { return n.min(0) };
    if ordered.drain {
        return n.min(-batch.live().max(0));
    }
    let paused = if ordered.pause { n.min(0) } else { n };
    match ordered.cap {
        // Running pilots have work; only waiting ones are taken out.
        Some(cap) => paused.min(cap.saturating_sub(batch.live()).max(-batch.pending)),
        None => paused,
    }
}
