//! What a cycle is to do: the world in, a plan out. No clock, no I/O, so that a grid can be simulated.

use crate::chain;
use crate::config::Config;
use crate::restraint::Restraint;
use crate::situation::Situation;
use crate::world::{BatchView, World};
use model::{Decision, DecisionId, PilotId, PilotState, Step};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::api::{PilotFlag, PilotSummary};

/// Ages up to so many cycles are usual and not worth a word.
const USUAL_CYCLES: u32 = 3;

/// One label's part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPlan {
    /// What was decided and why; what becomes of it is filled in when it was done.
    pub decision: Decision,
    /// Pilots to submit.
    pub submit: u32,
    /// Pending pilots to take out of the batch system.
    pub remove: Vec<PilotId>,
    /// Running pilots to tell that they should finish.
    pub drain: Vec<PilotId>,
}

/// Decides for every enabled label, in the order of their names. What one label takes, the next one no longer has.
pub fn plan(config: &Config, world: &mut World, restraint: &BTreeMap<String, Restraint>) -> Vec<LabelPlan> {
    let enabled = config.label.iter().filter(|(_, label)| label.enabled);
    enabled
        .map(|(name, _)| {
            let plan = plan_label(config, world, name, restraint.get(name));
            world.take(config, name, i64::from(plan.submit));
            plan
        })
        .collect()
}

/// Decides for one label.
pub fn plan_label(config: &Config, world: &World, name: &str, restraint: Option<&Restraint>) -> LabelPlan {
    let Some(label) = config.label.get(name) else { return LabelPlan::nothing(config, world, name) };
    let usual = config.factory.cycle() * USUAL_CYCLES + Duration::from_secs(60);
    let situation = world.situation(config, name).within(config.factory.stale());
    let (mut number, mut steps) = chain::decide(label.chain(&config.factory), &config.sched_of(label), &situation);
    if let Some(ages) = situation.staleness(usual) {
        steps.push(passing("Stale", number, format!("Stale:comment=old values used,{ages}")));
    }
    if let Some(step) = restraint.and_then(|restraint| restraint.step(number, world.now)) {
        number = step.output;
        steps.push(step);
    }
    if let Some(step) = world.batches.get(&label.batch).and_then(|view| capacity_step(number, view)) {
        number = step.output;
        steps.push(step);
    }
    let (remove, drain) =
        if number < 0 { choose(world.pilots_of(name), number.unsigned_abs()) } else { Default::default() };
    LabelPlan {
        submit: number.clamp(0, i64::from(wire::api::ANNOUNCE_MAX)) as u32,
        decision: decision(config, world, name, &situation, number, steps),
        remove,
        drain,
    }
}

impl LabelPlan {
    fn nothing(config: &Config, world: &World, name: &str) -> LabelPlan {
        let decision = decision(config, world, name, &Situation::default(), 0, Vec::new());
        LabelPlan { decision, submit: 0, remove: Vec::new(), drain: Vec::new() }
    }
}

fn passing(plugin: &str, number: i64, message: String) -> Step {
    Step { plugin: plugin.to_owned(), input: number, output: number, message }
}

/// Full is not broken: no more is announced than the end point says it takes, and none to one that does not answer.
fn capacity_step(number: i64, view: &BatchView) -> Option<Step> {
    let cut = |output: i64, message: String| {
        (number > output).then(|| Step { plugin: "Capacity".to_owned(), input: number, output, message })
    };
    if view.silent {
        return cut(0, format!("Capacity:comment=the batch system does not answer,in={number},ret=0"));
    }
    let free = i64::try_from(view.free?).unwrap_or(i64::MAX);
    cut(free, format!("Capacity:in={number},free={free},ret={free}"))
}

fn decision(
    config: &Config,
    world: &World,
    name: &str,
    situation: &Situation,
    number: i64,
    steps: Vec<Step>,
) -> Decision {
    Decision {
        id: DecisionId(0),
        time: world.now,
        last_time: world.now,
        times: 1,
        factory: config.factory.name.clone(),
        label: name.to_owned(),
        queue: config.label.get(name).map(|label| label.queue.clone()).unwrap_or_default(),
        facts: situation.facts(),
        number,
        steps,
        announced: 0,
        accepted: 0,
        error: world.trouble_of(config, name),
    }
}

/// Which pilots go: pending ones first, the newest first; then running ones, idle ones first, told to finish.
fn choose(pilots: Vec<&PilotSummary>, count: u64) -> (Vec<PilotId>, Vec<PilotId>) {
    let staying = |pilot: &&&PilotSummary| pilot.flag != Some(PilotFlag::Retiring);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut pending: Vec<PilotId> = pilots
        .iter()
        .filter(staying)
        .filter(|pilot| matches!(pilot.state, PilotState::Submitted | PilotState::Pending))
        .map(|pilot| pilot.id)
        .collect();
    pending.sort_by(|a, b| b.cmp(a));
    pending.truncate(count);
    let mut running: Vec<&&PilotSummary> =
        pilots.iter().filter(staying).filter(|pilot| pilot.state == PilotState::Running).collect();
    running.sort_by_key(|pilot| (pilot.jobs_now, std::cmp::Reverse(pilot.id)));
    let drain = running.iter().take(count - pending.len()).map(|pilot| pilot.id).collect();
    (pending, drain)
}

#[cfg(test)]
mod tests;
