//! What people hold a label to.

use model::{Hold, Order};
use serde::{Deserialize, Serialize};

/// What people hold the label to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ordered {
    /// All its pilots are to go.
    pub drain: bool,
    /// None is to come.
    pub pause: bool,
    /// At most so many may be there; `None` for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<i64>,
    /// Who says so, until when and why.
    pub why: String,
    /// Seconds since the server said so.
    pub age_s: f64,
}

impl Ordered {
    /// Of the orders that hold a label, the strictest first; `None` without any.
    pub fn of(holding: &[&Order], age_s: f64) -> Option<Ordered> {
        let has = |hold: Hold| holding.iter().any(|order| order.hold == hold);
        let cap = holding.iter().find_map(|order| match order.hold {
            Hold::Cap(pilots) => Some(pilots.into()),
            _ => None,
        });
        let why = holding.iter().map(|order| order.in_words()).collect::<Vec<_>>().join("; ");
        let ordered = Ordered { drain: has(Hold::Drain), pause: has(Hold::Pause), cap, why, age_s };
        (!holding.is_empty()).then_some(ordered)
    }
}
