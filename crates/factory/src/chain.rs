//! Scheduler chains: pure functions that turn a situation into a number of pilots, each step with its reason.
//!
//! AutoPyFactory's steps have its settings, formulae and messages, with three differences: `MaxPerFactory` without a
//! maximum passes its input, `Ready` is refused by the configuration check when there is nothing to ask (see
//! [`crate::config`]), and `MinPending` without batch information passes its input with a comment.

mod back_off;
mod classic;
mod command;
mod credential;
mod demand;
mod fit;
mod life;
mod nodes;
mod orders;
mod pending;
mod per_cycle;
mod python;
mod safety;
mod settings;
mod simple;
mod start;
mod status;
mod table;
mod throttle;
mod total;
mod view;

pub use back_off::BackOff;
pub use classic::{Classic, FairShare};
pub use command::Command;
pub use demand::{Fillactivated, Ready, WeightedActivated};
pub use fit::ReadyFit;
pub use life::KeepNQueueLife;
pub use nodes::AvoidNodes;
pub(crate) use nodes::avoided;
pub use pending::MaxPending;
pub use safety::SafetyStop;
pub use settings::{Maximum, Minimum, Setting, Settings, Value};
pub use simple::{Fixed, Scale};
pub use start::StartFromZero;
pub use status::{StatusOffline, StatusTest};
pub use table::{Kind, Sched, StepName};
pub use throttle::{Ended, Throttle, ThrottleEmpty, count};
pub use total::{KeepNRunning, Target};
pub use view::Stale;

use crate::situation::Situation;
use model::Step;

/// What one step makes of the number it is given: the new number and its message, empty when it has nothing to say.
pub type Outcome = (i64, String);

/// Runs a chain on a number, zero in a cycle. There is no clamp between the steps: a negative number means pilots to
/// remove.
pub fn decide(chain: &[StepName], input: i64, sched: &Sched, situation: &Situation) -> (i64, Vec<Step>) {
    let mut number = input;
    let mut steps = Vec::with_capacity(chain.len());
    for name in chain {
        let (output, message) = table::run(*name, number, sched, situation);
        steps.push(Step { plugin: name.as_str().to_owned(), input: number, output, message });
        number = output;
    }
    (number, steps)
}

#[cfg(test)]
mod tests;
