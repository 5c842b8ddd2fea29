//! From an alarm to an order, a test pilot, and the end.

use super::*;
use crate::alarm::exclusion::{Exclusion, ISSUER, Probe, Step, TestPilot, Watched, World, exclude};
use crate::{
    AlarmId, Command, CommandId, CommandState, Hold, Order, OrderEnd, OrderId, OrderScope, PilotId, PilotState,
    SilenceId, Target, Verb,
};

fn settings() -> AlarmSettings {
    let change = Change { exclude: Some(minutes(60)), ..Change::default() };
    AlarmSettings { rules: [(Rule::FaultRatio, change)].into(), ..AlarmSettings::default() }
}

fn alarm(id: i64, label: &str, severity: Severity) -> Alarm {
    let subject = Subject::of_factory(SubjectKind::Label, label, "f");
    Alarm {
        id: AlarmId(id),
        rule: Rule::FaultRatio,
        subject: Subject { queue: "q".into(), site: "s".into(), ..subject },
        severity,
        worst: severity,
        began: NOW,
        opened: Some(NOW),
        seen: NOW,
        cleared: None,
        words: "all of its pilots end in fault".into(),
        figures: Vec::new(),
        error_class: None,
        error_text: String::new(),
        pilots: Vec::new(),
        acknowledged: None,
        told: None,
        held: None,
    }
}

fn steps(alarms: &[Alarm], orders: &[Order], watched: &[Watched], now: Time) -> Vec<Step> {
    let world = World { alarms, orders, watched, ..World::default() };
    exclude(&world, &["f".to_owned()].into(), &settings(), now)
}

fn order(id: i64, label: &str, by: &str, hold: Hold) -> Order {
    let until = Some(NOW + minutes(60));
    let (factory, scope) = ("f".into(), OrderScope::Label(label.into()));
    let (by, reason) = (by.into(), String::new());
    Order { id: OrderId(id), factory, scope, hold, by, at: NOW, reason, until, ended: None }
}

fn watched(label: &str, times: u32, probe: Option<Probe>) -> Watched {
    let exclusion = Exclusion {
        alarm: AlarmId(1),
        factory: "f".into(),
        label: label.into(),
        lasts_s: 3600,
        order: OrderId(1),
        times,
        probe: probe.is_some().then_some(CommandId(7)),
    };
    Watched { exclusion, order: order(1, label, ISSUER, Hold::Pause), probe }
}

#[test]
fn the_worst_alarm_of_a_rule_holds_its_label_back() {
    let [Step::Hold { exclusion, order, test }] = &steps(&[alarm(3, "l", Severity::Critical)], &[], &[], NOW)[..]
    else {
        panic!("no order");
    };
    assert_eq!(
        (order.in_words(), *test),
        ("paused by alarms until 2023-11-14 23:13 UTC: alarm 3: all of its pilots end in fault".to_owned(), false)
    );
    assert_eq!((exclusion.alarm, exclusion.times, order.scope.in_words()), (AlarmId(3), 1, "label l".to_owned()));
}

#[test]
fn what_is_milder_in_hand_or_held_already_is_left_alone() {
    let critical = || alarm(3, "l", Severity::Critical);
    let none = |alarm: Alarm| assert_eq!(steps(&[alarm], &[], &[], NOW), []);
    none(alarm(3, "l", Severity::Warning));
    none(Alarm { opened: None, ..critical() });
    none(Alarm { rule: Rule::Short, ..critical() });
    none(Alarm { subject: Subject { factory: "g".into(), ..critical().subject }, ..critical() });
    none(Alarm { held: Some(Held::By(OrderId(1))), ..critical() });
    let by = Acknowledgement { by: "ann".into(), at: NOW, why: String::new() };
    none(Alarm { acknowledged: Some(by), ..critical() });
    assert_eq!(steps(&[critical()], &[order(1, "l", "ann", Hold::Drain)], &[], NOW), []);
    assert_eq!(steps(&[critical()], &[order(1, "l", "ann", Hold::Cap(3))], &[], NOW).len(), 1);
    assert_eq!(steps(&[critical()], &[], &[watched("l", 1, None)], NOW), [], "another rule did");
    let (id, of) = (SilenceId(1), Matcher::exactly(Rule::FaultRatio, &critical().subject));
    let (owner, until) = ("ann".into(), NOW + minutes(9));
    let silence = Silence { id, of, owner, reason: String::new(), made: NOW, until };
    let (alarms, silences) = ([critical()], [silence]);
    let world = World { alarms: &alarms, silences: &silences, ..World::default() };
    assert_eq!(exclude(&world, &["f".to_owned()].into(), &settings(), NOW), []);
}

#[test]
fn no_more_labels_are_held_back_than_may_be() {
    let mut alarms: Vec<Alarm> = (1..=7).map(|id| alarm(id, &format!("l{id}"), Severity::Critical)).collect();
    let steps_of = |alarms: &[Alarm]| steps(alarms, &[], &[], NOW);
    let first = steps_of(&alarms);
    assert_eq!(first.iter().filter(|step| matches!(step, Step::Hold { .. })).count(), 5);
    let withheld: Vec<i64> =
        first.iter().filter_map(|step| if let Step::Withhold(id, _) = step { Some(id.0) } else { None }).collect();
    assert_eq!(withheld, [6, 7]);
    alarms[5].held = Some(Held::Not);
    assert_eq!(steps_of(&alarms).len(), 6, "it is said once");
    assert_eq!(steps_of(&alarms[5..]).len(), 2, "it is held back when there is room");
}

#[test]
fn before_the_time_is_over_a_test_pilot_is_sent_while_the_label_stays_held() {
    let early = steps(&[], &[], &[watched("l", 1, None)], NOW + minutes(56));
    assert_eq!(early, []);
    let late = NOW + minutes(57);
    let again = |probe: Option<Probe>| match &steps(&[], &[], &[watched("l", 1, probe)], late)[..] {
        [Step::Hold { exclusion, order, test }] => (exclusion.times, order.until, *test),
        other => panic!("{other:?}"),
    };
    assert_eq!(again(None), (2, Some(late + minutes(60)), true));
    assert_eq!(again(Some(Probe::OnItsWay)), (2, Some(late + minutes(60)), false), "one test pilot is enough");
    assert_eq!(steps(&[], &[], &[watched("l", 5, None)], late), [], "the order ends by itself");
}

#[test]
fn a_test_pilot_lets_the_label_go_or_keeps_it() {
    let one = |probe| steps(&[], &[], &[watched("l", 2, Some(probe))], NOW + minutes(1)).pop().unwrap();
    let Step::LetGo(_, words) = one(Probe::Works(PilotId(4))) else { panic!("it is kept") };
    assert_eq!(words, "test pilot 4 works");
    let Step::Failed(exclusion, words) = one(Probe::Fails("no".into())) else { panic!("it is let go") };
    assert_eq!((exclusion.probe, words.as_str()), (None, "no"));
}

#[test]
fn an_order_that_somebody_ended_is_not_given_again() {
    let mut ended = watched("l", 1, None);
    ended.order.ended = Some(OrderEnd { by: "ann".into(), at: NOW, reason: "mended".into() });
    let held = Alarm { held: Some(Held::By(OrderId(1))), ..alarm(1, "l", Severity::Critical) };
    let [Step::Ended(_, words)] = &steps(std::slice::from_ref(&held), &[], &[ended], NOW)[..] else {
        panic!("not ended")
    };
    assert_eq!(words, "order 1 was ended by ann: mended");
    assert_eq!(steps(&[held], &[], &[], NOW), [], "the same alarm");
    assert_eq!(steps(&[alarm(2, "l", Severity::Critical)], &[], &[], NOW).len(), 1, "it has come again");
}

#[test]
fn an_order_whose_end_no_server_saw_is_given_again() {
    let late = NOW + minutes(90);
    let at = |times, probe, orders: &[Order]| steps(&[], orders, &[watched("l", times, probe)], late);
    let again = |probe: Option<Probe>| match &at(1, probe, &[])[..] {
        [Step::Hold { exclusion, order, test }] => (exclusion.times, order.until, *test),
        other => panic!("{other:?}"),
    };
    assert_eq!(again(None), (2, Some(late + minutes(60)), true));
    assert_eq!(again(Some(Probe::OnItsWay)), (2, Some(late + minutes(60)), false));
    assert_eq!(again(Some(Probe::Fails("no".into()))), (2, Some(late + minutes(60)), true));
    let ends = |found: Vec<Step>, why: &str| match &found[..] {
        [Step::Ended(_, words)] => assert!(words.contains(why), "{words}"),
        other => panic!("{other:?}"),
    };
    ends(at(5, None, &[]), "no test pilot has told");
    ends(at(1, Some(Probe::Works(PilotId(4))), &[]), "test pilot 4 works");
    let of_ann = Order { until: None, ..order(2, "l", "ann", Hold::Pause) };
    ends(at(1, None, &[of_ann]), "no test pilot has told");
    let written_down = OrderEnd { by: String::new(), at: NOW + minutes(60), reason: "its time was over".into() };
    let mut over = watched("l", 1, None);
    over.order.ended = Some(written_down);
    assert!(matches!(&steps(&[], &[], &[over], late)[..], [Step::Hold { .. }]));
}

#[test]
fn a_test_pilot_works_when_it_ended_well_or_has_run_for_a_while() {
    let command = |state| Command {
        id: CommandId(7),
        target: Target::Factory("f".into()),
        verb: Verb::Test,
        arguments: vec!["l".into()],
        issuer: ISSUER.into(),
        time: NOW,
        expires: NOW + minutes(5),
        state,
        note: "its end point is full".into(),
        sent: None,
    };
    let sent = |state, started: Option<u64>| {
        let started = started.map(|ago| NOW + minutes(60) - minutes(ago));
        let pilot = TestPilot { id: PilotId(4), state, started, message: "no space left".into() };
        Probe::of(&command(CommandState::Done), Some(&pilot), NOW + minutes(60))
    };
    let fails = |words: &str| Probe::Fails(words.to_owned());
    assert_eq!(Probe::of(&command(CommandState::Delivered), None, NOW), Probe::OnItsWay);
    let refused = Probe::of(&command(CommandState::Refused), None, NOW);
    assert_eq!(refused, fails("no test pilot was sent: its end point is full"));
    assert_eq!(sent(PilotState::Pending, None), Probe::OnItsWay);
    assert_eq!(sent(PilotState::Running, None), Probe::OnItsWay, "only the batch system says so");
    assert_eq!(sent(PilotState::Running, Some(4)), Probe::OnItsWay);
    assert_eq!(sent(PilotState::Running, Some(5)), Probe::Works(PilotId(4)));
    assert_eq!(sent(PilotState::Done, Some(1)), Probe::Works(PilotId(4)));
    assert_eq!(sent(PilotState::Done, None), fails("test pilot 4 was gone before it said hello"));
    assert_eq!(sent(PilotState::Fault, Some(9)), fails("test pilot 4 failed: no space left"));
}
