//! Decisions: the outcome of one label's scheduling cycle, with every step's reason.

use crate::{DecisionId, Time};
use serde::{Deserialize, Serialize};

/// One step of the scheduler chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Step {
    /// The step's name, such as `Ready` or `MaxPending`.
    pub plugin: String,
    /// The number that came in.
    #[serde(rename = "in")]
    pub input: i64,
    /// The number that went out.
    #[serde(rename = "out")]
    pub output: i64,
    /// `Plugin:key=value,...`, the grammar of AutoPyFactory; empty when the step has nothing to say.
    #[serde(default)]
    pub message: String,
}

/// One value that the steps were given, with its age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Fact {
    /// Dotted name such as `wms.ready` or `batch.pending`.
    pub name: String,
    /// The value as text.
    pub value: String,
    /// Seconds between reading it and deciding.
    pub age_s: f64,
}

/// What a label decided in one cycle, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Decision {
    /// Given by the store; 0 before.
    #[serde(default)]
    pub id: DecisionId,
    /// When it was taken first.
    pub time: Time,
    /// When an equal decision was taken last.
    pub last_time: Time,
    /// How many equal decisions in a row this row stands for.
    pub times: u64,
    /// The factory that decided.
    pub factory: String,
    /// The label it decided for.
    pub label: String,
    /// The queue the label serves.
    pub queue: String,
    /// What the chain was given.
    pub facts: Vec<Fact>,
    /// The outcome: pilots to submit, or to remove when negative.
    pub number: i64,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Pilots announced to the server.
    pub announced: u64,
    /// Pilots the batch system accepted.
    pub accepted: u64,
    /// What went wrong in this cycle; empty when nothing did.
    #[serde(default)]
    pub error: String,
}

impl Decision {
    /// Whether `later` says the same and can be folded into this one: same number, steps and error, nothing submitted.
    pub fn same_as(&self, later: &Decision) -> bool {
        let silent = |d: &Decision| d.announced == 0 && d.accepted == 0;
        self.factory == later.factory
            && self.label == later.label
            && self.number == later.number
            && self.steps == later.steps
            && self.error == later.error
            && silent(self)
            && silent(later)
    }

    /// The messages of all steps joined by `;`, as AutoPyFactory sent them to its monitor.
    pub fn message(&self) -> String {
        let said: Vec<&str> = self.steps.iter().map(|s| s.message.as_str()).filter(|m| !m.is_empty()).collect();
        said.join(";")
    }
}
