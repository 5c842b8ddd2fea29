//! Orders, commands and tests.

use super::{before, pilot};
use crate::pages::label::TestRun;
use model::{
    Command, CommandId, CommandState, Hold, Order, OrderEnd, OrderId, OrderScope, PilotId, PilotState, Target, Time,
    Verb,
};

pub fn order(id: i64, scope: OrderScope, hold: Hold) -> Order {
    Order {
        id: OrderId(id),
        factory: "f1".into(),
        scope,
        hold,
        by: "ann".into(),
        at: before(600),
        reason: "CE under <repair>".into(),
        until: None,
        ended: None,
    }
}

/// Two in force, and one that somebody ended.
pub fn orders() -> Vec<Order> {
    let label = || OrderScope::Label("glasgow-slurm".into());
    let ended = OrderEnd { by: "bob".into(), at: before(60), reason: "repaired".into() };
    vec![
        Order { until: Some(Time(before(0).0 + 3_600_000)), ..order(3, label(), Hold::Pause) },
        order(2, OrderScope::All, Hold::Cap(20)),
        Order { ended: Some(ended), ..order(1, label(), Hold::Drain) },
    ]
}

/// By an alarm.
pub fn exclusion() -> Order {
    let label = OrderScope::Label("glasgow-slurm".into());
    let reason = "alarm 5: 90 % of its pilots end in <fault>".into();
    let until = Some(Time(before(0).0 + 3_600_000));
    Order { by: model::alarm::exclusion::ISSUER.into(), reason, until, ..order(4, label, Hold::Pause) }
}

fn command(id: i64, target: Target, verb: Verb, state: CommandState) -> Command {
    let note = match state {
        CommandState::Refused => "batch end point 'slurm' is <full>".to_owned(),
        CommandState::Done => "pilot 5 was submitted".to_owned(),
        _ => String::new(),
    };
    Command {
        id: CommandId(id),
        target,
        verb,
        arguments: if verb == Verb::Test { vec!["glasgow-slurm".into()] } else { Vec::new() },
        issuer: "ann".into(),
        time: before(90),
        expires: Time(before(0).0 + 210_000),
        state,
        note,
        sent: (verb == Verb::Test && state == CommandState::Done).then_some(PilotId(5)),
    }
}

/// Newest first: to a factory, a pilot and a job, of each kind of state.
pub fn commands() -> Vec<Command> {
    let factory = || Target::Factory("f1".into());
    vec![
        command(9, factory(), Verb::Cycle, CommandState::Queued),
        command(8, factory(), Verb::Test, CommandState::Refused),
        command(7, factory(), Verb::Test, CommandState::Done),
        command(6, Target::Pilot(PilotId(5)), Verb::Drain, CommandState::Delivered),
    ]
}

/// Of the tests among them.
pub fn tests() -> Vec<TestRun> {
    let tests = commands().into_iter().filter(|command| command.verb == Verb::Test);
    let run = |command: Command| {
        let sent = command.sent.map(|id| pilot(id.0, PilotState::Running));
        TestRun { command, pilot: sent }
    };
    tests.map(run).collect()
}
