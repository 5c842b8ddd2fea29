//! Scheduler chains: pure functions that turn a situation into a number of pilots, each step with its reason.
//!
//! The steps, their settings, their formulae and their messages are AutoPyFactory's, with three differences:
//! `MaxPerFactory` without a maximum passes its input, `Ready` is refused by the configuration check when there is
//! nothing to ask (see [`crate::config`]), and `MinPending` without batch information passes its input with a comment.

mod demand;
mod pending;
mod per_cycle;
mod status;
mod total;

use crate::config::{Sched, StepName};
use crate::situation::Situation;
use model::Step;

/// What one step makes of the number it is given: the new number and its message, empty when it has nothing to say.
pub type Outcome = (i64, String);

/// Runs a chain from zero. There is no clamp between the steps: a negative number means pilots to remove.
pub fn decide(chain: &[StepName], sched: &Sched, situation: &Situation) -> (i64, Vec<Step>) {
    let mut number = 0;
    let mut steps = Vec::with_capacity(chain.len());
    for name in chain {
        let (output, message) = step(*name, number, sched, situation);
        steps.push(Step { plugin: name.as_str().to_owned(), input: number, output, message });
        number = output;
    }
    (number, steps)
}

/// Runs one step.
pub fn step(name: StepName, n: i64, sched: &Sched, situation: &Situation) -> Outcome {
    match name {
        StepName::Ready => demand::ready(n, &sched.ready, situation),
        StepName::Scale => demand::scale(n, &sched.scale),
        StepName::Fixed => demand::fixed(n, &sched.fixed),
        StepName::Null => demand::null(n),
        StepName::MinPerCycle => per_cycle::min_per_cycle(n, &sched.minpercycle),
        StepName::MaxPerCycle => per_cycle::max_per_cycle(n, &sched.maxpercycle),
        StepName::MaxPending => pending::max_pending(n, &sched.maxpending, situation),
        StepName::MinPending => pending::min_pending(n, &sched.minpending, situation),
        StepName::MaxToRun => total::max_to_run(n, &sched.maxtorun, situation),
        StepName::MaxPerFactory => total::max_per_factory(n, &sched.maxperfactory, situation),
        StepName::KeepNRunning => total::keep_n_running(n, &sched.keepnrunning, situation),
        StepName::StatusTest => status::status_test(n, &sched.statustest, situation),
        StepName::StatusOffline => status::status_offline(n, &sched.statusoffline, situation),
    }
}

#[cfg(test)]
mod tests;
