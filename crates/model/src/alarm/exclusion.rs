//! Exclusion: a label in trouble is held back for a time, and let go when a test pilot tells that it works again.

use super::record::{Alarm, Held, Severity, SubjectKind};
use super::settings::AlarmSettings;
use super::silence::Silence;
use crate::order::tidy_reason;
use crate::{
    AlarmId, Command, CommandId, CommandState, Hold, Order, OrderId, OrderScope, PilotId, PilotState, Time, orders_on,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// In whose name labels are held back.
pub const ISSUER: &str = "alarms";
/// A test pilot that has said hello and goes on for so long works.
const PROVEN_AFTER: Duration = Duration::from_secs(300);
/// So many evaluations before the end of an order the next one is given, so that nothing flows in between.
const LEAD_TURNS: u32 = 3;
/// An exclusion lasts at least so many evaluations.
pub const LEAST_TURNS: u32 = 2 * LEAD_TURNS;

/// A label that is held back because of an alarm; it may outlive the alarm, which ends when no pilots come any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// The alarm.
    pub alarm: AlarmId,
    /// The label's factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// How long each order lasts, in seconds.
    pub lasts_s: u64,
    /// The order that holds it now; 0 before it is given.
    pub order: OrderId,
    /// How many orders there were.
    pub times: u32,
    /// The command that asked for a test pilot of which nothing is known yet.
    pub probe: Option<CommandId>,
}

/// An exclusion with what became of what it asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// The exclusion.
    pub exclusion: Exclusion,
    /// Its order.
    pub order: Order,
    /// Its test pilot.
    pub probe: Option<Probe>,
}

/// What a test pilot tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Nothing yet.
    OnItsWay,
    /// That the label works.
    Works(PilotId),
    /// That it does not, in words.
    Fails(String),
}

/// A pilot as far as it tells whether its label works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPilot {
    /// The pilot.
    pub id: PilotId,
    /// Its state.
    pub state: PilotState,
    /// When it said hello.
    pub started: Option<Time>,
    /// Its last words.
    pub message: String,
}

/// Everything that is looked at.
#[derive(Clone, Debug, Default)]
pub struct World<'a> {
    /// Alarms that are not over.
    pub alarms: &'a [Alarm],
    /// Silences in force.
    pub silences: &'a [Silence],
    /// Orders in force.
    pub orders: &'a [Order],
    /// Exclusions that are not over.
    pub watched: &'a [Watched],
}

/// What is to be done about exclusions.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// As many labels as may be are held back already, which the alarm's history is to tell.
    Withhold(AlarmId, String),
    /// The label is held back, for the first time or again.
    Hold {
        /// The exclusion with what is known of it; the order gets its id when it is given.
        exclusion: Exclusion,
        /// The order.
        order: Order,
        /// Ask for a test pilot.
        test: bool,
    },
    /// The test pilot failed; the label stays held back.
    Failed(Exclusion, String),
    /// The label is let go: its order is to end.
    LetGo(Exclusion, String),
    /// The order has ended, by somebody or as the last that may be given.
    Ended(Exclusion, String),
}

impl Probe {
    /// What a command for a test pilot, and the pilot when it was sent, tell.
    pub fn of(command: &Command, pilot: Option<&TestPilot>, now: Time) -> Probe {
        let Some(TestPilot { id, state, started, message }) = pilot else {
            let is_refused = matches!(command.state, CommandState::Refused | CommandState::Failed);
            let words = format!("no test pilot was sent: {}", command.note);
            return if is_refused { Probe::Fails(words) } else { Probe::OnItsWay };
        };
        match (state, started) {
            (PilotState::Fault, _) => Probe::Fails(format!("test pilot {id} failed: {message}")),
            (PilotState::Done, None) => Probe::Fails(format!("test pilot {id} was gone before it said hello")),
            (PilotState::Done, Some(_)) => Probe::Works(*id),
            (_, Some(started)) if now.since(*started) >= PROVEN_AFTER => Probe::Works(*id),
            _ => Probe::OnItsWay,
        }
    }
}

/// What is to be done. `followers` are the factories that take orders. Asked again after it was done it says nothing.
pub fn exclude(world: &World<'_>, followers: &BTreeSet<String>, settings: &AlarmSettings, now: Time) -> Vec<Step> {
    let mut steps: Vec<Step> =
        world.watched.iter().filter_map(|watched| go_on(watched, world, settings, now)).collect();
    let is_over = |step: &&Step| matches!(step, Step::LetGo(..) | Step::Ended(..));
    let mut held = world.watched.len() - steps.iter().filter(is_over).count();
    let mut taken: BTreeSet<(&str, &str)> = world.watched.iter().map(|watched| watched.exclusion.place()).collect();
    for alarm in world.alarms.iter().filter(|alarm| followers.contains(&alarm.subject.factory)) {
        let Some(lasts) = wanted(alarm, world, settings, now) else { continue };
        if taken.contains(&(alarm.subject.factory.as_str(), alarm.subject.name.as_str())) {
            continue;
        }
        if held >= settings.exclusion.at_most {
            if alarm.held.is_none() {
                let words =
                    format!("not held back: {held} labels are already; more at once are rarely their own fault");
                steps.push(Step::Withhold(alarm.id, words));
            }
            continue;
        }
        held += 1;
        taken.insert((&alarm.subject.factory, &alarm.subject.name));
        steps.push(begin(alarm, lasts, now));
    }
    steps
}

impl Exclusion {
    fn place(&self) -> (&str, &str) {
        (&self.factory, &self.label)
    }

    fn lasts(&self) -> Duration {
        Duration::from_secs(self.lasts_s)
    }

    /// The order that holds its label until `until`.
    fn hold(self, why: &str, test: bool, now: Time) -> Step {
        let order = Order {
            id: OrderId(0),
            factory: self.factory.clone(),
            scope: OrderScope::Label(self.label.clone()),
            hold: Hold::Pause,
            by: ISSUER.to_owned(),
            at: now,
            reason: tidy_reason(&format!("alarm {}: {why}", self.alarm)),
            until: Some(now + self.lasts()),
            ended: None,
        };
        Step::Hold { exclusion: Exclusion { times: self.times + 1, ..self }, order, test }
    }
}

/// For how long the label of an alarm is to be held back, when it is.
fn wanted(alarm: &Alarm, world: &World<'_>, settings: &AlarmSettings, now: Time) -> Option<Duration> {
    let subject = &alarm.subject;
    let rule = settings.of(alarm.rule, subject);
    let is_worst = alarm.severity == Severity::Critical || rule.critical.is_none();
    let is_about_a_label = alarm.rule.can_exclude() && subject.kind == SubjectKind::Label;
    // Whoever has the alarm in hand decides; who ended an order of it has decided.
    let is_in_hand = alarm.acknowledged.is_some()
        || matches!(alarm.held, Some(Held::By(_)))
        || world.silences.iter().any(|silence| silence.covers(alarm, now));
    let is_held = || is_held(world, &subject.factory, &subject.name, &subject.queue, now);
    let is_wanted = alarm.is_open() && is_about_a_label && is_worst && !is_in_hand && !is_held();
    rule.exclude.filter(|_| is_wanted)
}

/// Whether an order in force lets a label submit nothing.
fn is_held(world: &World<'_>, factory: &str, label: &str, queue: &str, now: Time) -> bool {
    let orders = orders_on(world.orders, factory, label, queue, now);
    orders.iter().any(|order| matches!(order.hold, Hold::Pause | Hold::Drain))
}

fn begin(alarm: &Alarm, lasts: Duration, now: Time) -> Step {
    let exclusion = Exclusion {
        alarm: alarm.id,
        factory: alarm.subject.factory.clone(),
        label: alarm.subject.name.clone(),
        lasts_s: lasts.as_secs(),
        order: OrderId(0),
        times: 0,
        probe: None,
    };
    exclusion.hold(&alarm.words, false, now)
}

fn go_on(watched: &Watched, world: &World<'_>, settings: &AlarmSettings, now: Time) -> Option<Step> {
    let Watched { exclusion, order, probe } = watched;
    let one = || exclusion.clone();
    let (is_over, is_last) = (!order.is_in_force(now), exclusion.times >= settings.exclusion.times);
    let is_held = || {
        let alarm = world.alarms.iter().find(|alarm| alarm.id == exclusion.alarm);
        let queue = alarm.map_or("", |alarm| &alarm.subject.queue);
        is_held(world, &exclusion.factory, &exclusion.label, queue, now)
    };
    // Otherwise its time is over because no server ran before its end: it is given again, unless a test pilot works.
    if is_over && (is_last || was_ended(order) || is_held()) {
        return Some(Step::Ended(one(), ended(order)));
    }
    match probe {
        Some(Probe::Works(pilot)) if is_over => return Some(Step::Ended(one(), works(*pilot))),
        Some(Probe::Works(pilot)) => return Some(Step::LetGo(one(), works(*pilot))),
        Some(Probe::Fails(words)) if is_over => {
            return Some(Exclusion { probe: None, ..one() }.hold(words, true, now));
        }
        Some(Probe::Fails(words)) => return Some(Step::Failed(Exclusion { probe: None, ..one() }, words.clone())),
        Some(Probe::OnItsWay) | None => {}
    }
    let is_near = order.until.is_some_and(|until| now + settings.every * LEAD_TURNS >= until);
    if !is_near || is_last {
        return None;
    }
    let why = "a test pilot will tell whether it works again";
    Some(one().hold(why, probe.is_none(), now))
}

fn works(pilot: PilotId) -> String {
    format!("test pilot {pilot} works")
}

/// Whether somebody ended an order before its time.
fn was_ended(order: &Order) -> bool {
    order.ended.as_ref().is_some_and(|end| !end.by.is_empty())
}

fn ended(order: &Order) -> String {
    match order.ended.as_ref().filter(|_| was_ended(order)) {
        Some(end) if end.reason.is_empty() => format!("order {} was ended by {}", order.id, end.by),
        Some(end) => format!("order {} was ended by {}: {}", order.id, end.by, end.reason),
        None => format!("the time of order {} is over, and no test pilot has told that it works", order.id),
    }
}
