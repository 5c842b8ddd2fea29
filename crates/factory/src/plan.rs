//! What a cycle is to do: the world in, a plan out. No clock, no I/O, so that a grid can be simulated.

use crate::chain::{self, Sched, StepName};
use crate::config::{Config, guarded};
use crate::situation::Situation;
use crate::world::World;
use model::decision::Fact;
use model::spelling::hint;
use model::{Decision, DecisionId, Hold, PilotId, PilotState, Step, orders_on};
use wire::api::{PilotFlag, PilotSummary};

/// One label's part of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelPlan {
    /// What was decided and why; what becomes of it is filled in when it was done.
    pub decision: Decision,
    /// Pilots to submit.
    pub submit: u32,
    /// Pilots to take out of the batch system: pending ones, and running ones where they need not finish.
    pub remove: Vec<PilotId>,
    /// Running pilots to tell that they should finish.
    pub drain: Vec<PilotId>,
    /// Nodes that the new pilots shall not run on.
    pub avoid: Vec<String>,
}

/// Decides for every enabled label, in the order of their names. What one label takes, the next one no longer has.
pub fn plan(config: &Config, world: &mut World) -> Vec<LabelPlan> {
    world.count(config);
    let enabled = config.label.iter().filter(|(_, label)| label.enabled);
    enabled
        .map(|(name, _)| {
            let plan = plan_label(config, world, name);
            world.take(config, name, plan.submit);
            world.past.removal_wanted(name, plan.wants_mass_removal(), world.now);
            plan
        })
        .collect()
}

/// Decides for one label, in a world whose pilots were counted.
pub fn plan_label(config: &Config, world: &World, name: &str) -> LabelPlan {
    let Some(label) = config.label.get(name) else { return LabelPlan::nothing(config, world, name) };
    let own = label.chain(&config.factory);
    let chain = guarded(own);
    let sched = config.sched_of(label);
    let situation = world.situation(config, name, &chain, &sched).within(config.factory.stale());
    let (number, mut steps) = chain::decide(&chain, 0, &sched, &situation);
    // Guards that nobody asked for speak only when they have something to say.
    let mut place = 0..;
    steps.retain(|step| place.next().is_some_and(|place| place < own.len()) || !step.message.is_empty());
    let (remove, drain) = if number < 0 {
        // Who wants to see a test pilot run does not want it to go because no job waits; to drain means all.
        let drains = situation.orders.as_ref().is_some_and(|orders| orders.drain);
        let mut pilots = world.pilots_of(name);
        pilots.retain(|pilot| drains || pilot.test.is_none());
        choose(pilots, number.unsigned_abs(), Excess::of(config, name))
    } else {
        Default::default()
    };
    let facts = facts_of(&situation, &chain, &sched);
    let avoid = chain::avoided(&sched.avoidnodes, &situation).into_iter().map(str::to_owned).collect();
    LabelPlan {
        submit: number.clamp(0, i64::from(wire::api::ANNOUNCE_MAX)) as u32,
        decision: decision(config, world, name, facts, number, steps),
        remove,
        drain,
        avoid,
    }
}

impl LabelPlan {
    fn nothing(config: &Config, world: &World, name: &str) -> LabelPlan {
        let decision = decision(config, world, name, Situation::default().facts(), 0, Vec::new());
        LabelPlan { decision, submit: 0, remove: Vec::new(), drain: Vec::new(), avoid: Vec::new() }
    }

    /// A test: one pilot, whatever the chain says.
    pub(crate) fn one_pilot(config: &Config, world: &World, name: &str) -> LabelPlan {
        let plan = plan_label(config, world, name);
        LabelPlan { submit: 1, remove: Vec::new(), drain: Vec::new(), ..plan }
    }

    /// The safety stop speaks only when too many are to go at once.
    fn wants_mass_removal(&self) -> bool {
        self.decision.steps.iter().any(|step| step.plugin == StepName::SafetyStop.as_str() && !step.message.is_empty())
    }
}

/// Why no test pilot of a label can be submitted now; `None` when one can. A label that is paused, capped, backing off or
/// without jobs can be tested: that is what tests are for.
pub fn test_refusal(config: &Config, world: &World, name: &str) -> Option<String> {
    let Some(label) = config.label.get(name) else {
        return Some(format!("there is no label '{name}'{}", hint(name, config.label.keys().map(String::as_str))));
    };
    if !label.enabled {
        return Some(format!("label {name} is switched off"));
    }
    let orders = world.orders.as_ref().map(|read| read.value.as_slice()).unwrap_or_default();
    let holding = orders_on(orders, &config.factory.name, name, &label.queue, world.now);
    if let Some(drain) = holding.iter().find(|order| order.hold == Hold::Drain) {
        return Some(format!("label {name} is {}", drain.in_words()));
    }
    let trouble = world.trouble_of(config, name);
    if !trouble.is_empty() {
        return Some(trouble);
    }
    let view = world.batches.get(&label.batch);
    match view {
        Some(view) if view.silent => Some(format!("batch end point '{}' does not answer", label.batch)),
        Some(view) if view.free == Some(0) => Some(format!("batch end point '{}' is full", label.batch)),
        Some(view) if view.at.is_some() => None,
        _ => Some(format!("batch end point '{}' has not answered yet", label.batch)),
    }
}

/// What a decision keeps: the situation, and what is set for the steps of the chain. With both it can be replayed.
pub(crate) fn facts_of(situation: &Situation, chain: &[StepName], sched: &Sched) -> Vec<Fact> {
    let mut facts = situation.facts();
    for (section, key, value) in sched.values() {
        if chain.iter().any(|step| step.section() == Some(section)) {
            let name = format!("sched.{section}.{key}");
            facts.push(Fact { name, value: value.to_string(), age_s: 0.0 });
        }
    }
    facts
}

fn decision(config: &Config, world: &World, name: &str, facts: Vec<Fact>, number: i64, steps: Vec<Step>) -> Decision {
    Decision {
        id: DecisionId(0),
        time: world.now,
        last_time: world.now,
        times: 1,
        factory: config.factory.name.clone(),
        label: name.to_owned(),
        queue: config.label.get(name).map(|label| label.queue.clone()).unwrap_or_default(),
        facts,
        number,
        steps,
        announced: 0,
        accepted: 0,
        error: world.trouble_of(config, name),
    }
}

/// What becomes of running pilots in excess.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Excess {
    /// They are told to finish.
    Finish,
    /// They are taken out of the batch system.
    Leave,
    /// They go on: they may finish, and cannot be told to.
    Stay,
}

impl Excess {
    fn of(config: &Config, name: &str) -> Excess {
        match config.label.get(name) {
            Some(label) if !label.peaceful => Excess::Leave,
            Some(label) if config.is_foreign(label) => Excess::Stay,
            _ => Excess::Finish,
        }
    }
}

/// Which pilots go: pending ones first, the newest first; then running ones, idle ones first. Those to take out of the
/// batch system, and those to tell that they should finish.
fn choose(pilots: Vec<&PilotSummary>, count: u64, excess: Excess) -> (Vec<PilotId>, Vec<PilotId>) {
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
    let running = running.iter().take(count - pending.len()).map(|pilot| pilot.id);
    match excess {
        Excess::Finish => (pending, running.collect()),
        Excess::Leave => (pending.into_iter().chain(running).collect(), Vec::new()),
        Excess::Stay => (pending, Vec::new()),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::pilot as pilot_for_tests;
