//! Orders: what people hold the labels of a factory to, until they say otherwise or a time is over.

use crate::{OrderId, Time};
use serde::{Deserialize, Serialize};

/// The most characters of a reason that are kept.
pub const REASON_MAX_CHARS: usize = 200;

/// What an order holds labels to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// Nothing is submitted; pilots that are there go on.
    Pause,
    /// Nothing is submitted, waiting pilots are taken out, running ones finish what they run.
    Drain,
    /// At most so many pilots wait and run together; waiting ones above it are taken out, running ones go on.
    Cap(u32),
}

/// Which labels of its factory an order is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OrderScope {
    /// All of them, those too that come later.
    All,
    /// One label.
    Label(String),
    /// All that serve a queue.
    Queue(String),
}

/// How an order ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderEnd {
    /// Who ended it; empty when its time was over.
    pub by: String,
    /// When.
    pub at: Time,
    /// Why, in their words; may be empty.
    pub reason: String,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Order {
    /// Given by the store.
    pub id: OrderId,
    /// The factory.
    pub factory: String,
    /// Which of its labels.
    pub scope: OrderScope,
    /// What they are held to.
    pub hold: Hold,
    /// Who gave it.
    pub by: String,
    /// When it was given.
    pub at: Time,
    /// Why, in their words.
    pub reason: String,
    /// When it ends by itself; none when somebody has to end it.
    pub until: Option<Time>,
    /// How it ended; none while nobody ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<OrderEnd>,
}

impl Hold {
    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Hold::Pause => "pause",
            Hold::Drain => "drain",
            Hold::Cap(_) => "cap",
        }
    }

    /// What a label is that is held so: `paused`, `draining`, `capped at 5`.
    pub fn participle(self) -> String {
        match self {
            Hold::Pause => "paused".to_owned(),
            Hold::Drain => "draining".to_owned(),
            Hold::Cap(pilots) => format!("capped at {pilots}"),
        }
    }
}

impl OrderScope {
    /// Whether a label that serves a queue is meant.
    pub fn includes(&self, label: &str, queue: &str) -> bool {
        match self {
            OrderScope::All => true,
            OrderScope::Label(name) => name == label,
            OrderScope::Queue(name) => name == queue,
        }
    }

    /// In words: `all labels`, `label x`, `labels of queue y`.
    pub fn in_words(&self) -> String {
        match self {
            OrderScope::All => "all labels".to_owned(),
            OrderScope::Label(name) => format!("label {name}"),
            OrderScope::Queue(name) => format!("labels of queue {name}"),
        }
    }
}

impl Order {
    /// Whether it holds anybody at this time.
    pub fn is_in_force(&self, now: Time) -> bool {
        self.ended.is_none() && self.until.is_none_or(|until| until > now)
    }

    /// Whether `other` takes its place: the same labels held to the same thing, with another number perhaps.
    pub fn is_replaced_by(&self, other: &Order) -> bool {
        self.factory == other.factory && self.scope == other.scope && self.hold.as_str() == other.hold.as_str()
    }

    /// `paused by ann until 2026-11-22 14:00 UTC: CE under repair`.
    pub fn in_words(&self) -> String {
        let until = self.until.map(|until| format!(" until {}", until.to_the_minute())).unwrap_or_default();
        let reason = if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) };
        format!("{} by {}{until}{reason}", self.hold.participle(), self.by)
    }
}

/// The orders that hold a label now, the strictest first: draining before pausing before the lowest cap.
pub fn orders_on<'a>(orders: &'a [Order], factory: &str, label: &str, queue: &str, now: Time) -> Vec<&'a Order> {
    let holds =
        |order: &&Order| order.factory == factory && order.is_in_force(now) && order.scope.includes(label, queue);
    let mut holding: Vec<&Order> = orders.iter().filter(holds).collect();
    holding.sort_by_key(|order| match order.hold {
        Hold::Drain => (0, 0),
        Hold::Pause => (1, 0),
        Hold::Cap(pilots) => (2, pilots),
    });
    holding
}

/// A reason as it is kept: one line, no control characters, cut to [`REASON_MAX_CHARS`].
pub fn tidy_reason(reason: &str) -> String {
    let words: Vec<&str> =
        reason.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(REASON_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: i64, scope: OrderScope, hold: Hold) -> Order {
        Order {
            id: OrderId(id),
            factory: "f".into(),
            scope,
            hold,
            by: "ann".into(),
            at: Time(0),
            reason: "CE under repair".into(),
            until: None,
            ended: None,
        }
    }

    #[test]
    fn the_strictest_order_on_a_label_comes_first() {
        let label = |name: &str| OrderScope::Label(name.into());
        let orders = [
            order(1, label("a"), Hold::Cap(9)),
            order(2, OrderScope::All, Hold::Cap(3)),
            order(3, OrderScope::Queue("q".into()), Hold::Pause),
            order(4, label("b"), Hold::Drain),
            Order { until: Some(Time(10)), ..order(5, label("a"), Hold::Drain) },
            Order {
                ended: Some(OrderEnd { by: "bob".into(), at: Time(1), reason: String::new() }),
                ..order(6, label("a"), Hold::Drain)
            },
        ];
        let on = |label: &str, queue: &str, now: i64| -> Vec<i64> {
            orders_on(&orders, "f", label, queue, Time(now)).iter().map(|order| order.id.0).collect()
        };
        assert_eq!(on("a", "q", 9), [5, 3, 2, 1]);
        assert_eq!(on("a", "q", 10), [3, 2, 1], "its time is over");
        assert_eq!(on("b", "other", 10), [4, 2]);
        assert!(orders_on(&orders, "g", "a", "q", Time(0)).is_empty(), "a label of another factory");
    }

    #[test]
    fn an_order_says_who_until_when_and_why() {
        let mut one = order(1, OrderScope::All, Hold::Pause);
        assert_eq!(one.in_words(), "paused by ann: CE under repair");
        one.until = Some(Time(1_800_000_000_000));
        one.hold = Hold::Cap(5);
        assert_eq!(one.in_words(), "capped at 5 by ann until 2027-01-15 08:00 UTC: CE under repair");
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        assert_eq!(tidy_reason("  the CE\n is\u{7} broken "), "the CE is broken");
        assert_eq!(tidy_reason(&"ä".repeat(300)).chars().count(), REASON_MAX_CHARS);
    }
}
