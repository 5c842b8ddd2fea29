use super::*;
use crate::{AlarmId, SilenceId};
use proptest::prelude::*;

/// Alarms over turns a minute apart, as a store would keep them.
struct World {
    alarms: Vec<Alarm>,
    ended: Vec<Alarm>,
    settings: AlarmSettings,
    silences: Vec<Silence>,
    next: i64,
    now: Time,
}

impl World {
    fn new() -> World {
        let (alarms, ended, silences) = (Vec::new(), Vec::new(), Vec::new());
        World { alarms, ended, settings: AlarmSettings::default(), silences, next: 1, now: NOW }
    }

    /// One turn; what is told.
    fn turn(&mut self, findings: &[Finding]) -> Vec<(Occasion, String)> {
        let turn = turn(self.alarms.clone(), findings, &self.settings, &self.silences, self.now);
        self.alarms = Vec::new();
        for (mut alarm, _) in turn.alarms {
            if alarm.id == AlarmId(0) {
                alarm.id = AlarmId(self.next);
                self.next += 1;
            }
            if alarm.cleared.is_some() { self.ended.push(alarm) } else { self.alarms.push(alarm) }
        }
        self.now = self.now + minutes(1);
        turn.notices.into_iter().map(|notice| (notice.occasion, notice.alarm.subject.to_string())).collect()
    }

    /// Turns with the same findings; what is told in all of them.
    fn turns(&mut self, count: usize, findings: &[Finding]) -> Vec<(Occasion, String)> {
        (0..count).flat_map(|_| self.turn(findings)).collect()
    }
}

fn finding(rule: Rule, subject: Subject, grade: Grade) -> Finding {
    Finding::new(rule, subject, grade, "bad".into())
}

fn a_label(name: &str) -> Subject {
    let subject = Subject::of_factory(SubjectKind::Label, name, "f");
    Subject { queue: "q".into(), site: "s".into(), ..subject }
}

fn faults(grade: Grade) -> Vec<Finding> {
    vec![finding(Rule::FaultRatio, a_label("l"), grade)]
}

const WARNING: Grade = Grade::Bad(Severity::Warning);
const CRITICAL: Grade = Grade::Bad(Severity::Critical);

fn told(occasion: Occasion) -> Vec<(Occasion, String)> {
    vec![(occasion, "label l of f".to_owned())]
}

#[test]
fn an_alarm_opens_after_its_hold_time_and_ends_after_some_quiet() {
    let mut world = World::new();
    assert_eq!(world.turns(10, &faults(WARNING)), [], "ten minutes are not over");
    assert_eq!(world.turn(&faults(WARNING)), told(Occasion::Opened));
    assert_eq!(world.turns(100, &faults(WARNING)), []);
    assert_eq!(world.turns(4, &[]), [], "a gap of some minutes is no end");
    assert_eq!(world.turns(100, &faults(Grade::Lingers)), [], "nor is a value in between");
    assert_eq!(world.turns(6, &[]), told(Occasion::Cleared));
    assert!(world.alarms.is_empty());
    assert_eq!(world.ended[0].id, AlarmId(1));
}

#[test]
fn what_does_not_last_is_forgotten() {
    let mut world = World::new();
    world.turns(9, &faults(WARNING));
    world.turn(&[]);
    assert!(world.alarms.is_empty() && world.ended.is_empty());
    world.turns(9, &faults(WARNING));
    world.turn(&faults(Grade::Lingers));
    assert!(world.alarms.is_empty(), "a value in between begins nothing");
}

#[test]
fn receivers_are_told_again_until_somebody_looks_after_it() {
    let mut world = World::new();
    world.turns(11, &faults(WARNING));
    assert_eq!(world.turns(360, &faults(WARNING)), told(Occasion::Again));
    let by = Acknowledgement { by: "ann".into(), at: world.now, why: String::new() };
    world.alarms[0].acknowledged = Some(by);
    assert_eq!(world.turns(800, &faults(WARNING)), []);
    assert_eq!(world.turns(2, &faults(CRITICAL)), told(Occasion::Worse), "that is news");
    assert_eq!(world.turns(2, &faults(WARNING)), []);
    assert_eq!(world.turns(2, &faults(CRITICAL)), [], "that is none any more");
}

#[test]
fn a_silence_keeps_quiet_until_it_ends() {
    let mut world = World::new();
    let of = Matcher { label: "l".into(), ..Matcher::default() };
    let (owner, reason) = ("ann".into(), "downtime".into());
    let until = NOW + minutes(60);
    world.silences = vec![Silence { id: SilenceId(1), of, owner, reason, made: NOW, until }];
    assert_eq!(world.turns(60, &faults(WARNING)), []);
    assert_eq!(world.turn(&faults(WARNING)), told(Occasion::Opened));
}

#[test]
fn a_silent_factory_explains_its_labels_and_a_site_its_queues() {
    let queue = Subject { queue: "q".into(), site: "s".into(), ..Subject::new(SubjectKind::Queue, "q") };
    let site = Subject { site: "s".into(), ..Subject::new(SubjectKind::Site, "s") };
    let mut findings = faults(WARNING);
    findings.push(finding(Rule::FaultRatio, queue, WARNING));
    findings.push(finding(Rule::FaultRatio, site, WARNING));
    let mut world = World::new();
    let only_site = vec![(Occasion::Opened, "site s".to_owned())];
    assert_eq!(world.turns(20, &findings), only_site);
    let label = world.alarms.iter().find(|alarm| alarm.subject.kind == SubjectKind::Label).unwrap();
    assert_eq!(inhibitor(label, &world.alarms).unwrap().subject.name, "s");

    let mut world = World::new();
    let mut findings = faults(WARNING);
    findings.push(finding(Rule::FactorySilent, Subject::factory("f"), WARNING));
    findings.push(finding(Rule::FactorySilent, Subject::factory("g"), WARNING));
    let both = ["factory f", "factory g"].map(|name| (Occasion::Opened, name.to_owned()));
    assert_eq!(world.turns(20, &findings), both);
}

#[test]
fn faults_explain_short_runs_of_the_same_label() {
    let short = |name| finding(Rule::Short, a_label(name), WARNING);
    let findings = [faults(WARNING), vec![short("l"), short("m")]].concat();
    let mut world = World::new();
    let subjects = ["label l of f", "label m of f"].map(|name| (Occasion::Opened, name.to_owned()));
    assert_eq!(world.turns(60, &findings), subjects, "faults of l, short runs of m");
    let explained = world.alarms.iter().find(|alarm| alarm.rule == Rule::Short && alarm.subject.name == "l").unwrap();
    assert_eq!(inhibitor(explained, &world.alarms).unwrap().rule, Rule::FaultRatio);
    let lasting = world.turns(20, &findings[1..]);
    assert!(lasting.contains(&(Occasion::Opened, "label l of f".to_owned())), "what stays is told: {lasting:?}");
}

#[test]
fn info_is_shown_and_not_told() {
    let mut world = World::new();
    let finding = finding(Rule::SingleFactory, a_label("l"), Grade::Bad(Severity::Info));
    assert_eq!(world.turns(60, &[finding]), []);
    assert!(world.alarms[0].is_open());
}

fn grades() -> impl Strategy<Value = Option<Grade>> {
    prop_oneof![Just(None), Just(Some(Grade::Lingers)), Just(Some(WARNING)), Just(Some(CRITICAL))]
}

proptest! {
    /// Whatever is found: what is told of one alarm begins with its onset, ends with its end, and nothing is told twice.
    #[test]
    fn what_is_told_makes_sense(grades in prop::collection::vec((grades(), 1..30_usize), 1..20)) {
        let mut world = World::new();
        let mut last = None;
        for (grade, count) in grades {
            let findings = grade.map(faults).unwrap_or_default();
            for (occasion, _) in world.turns(count, &findings) {
                let is_new = matches!(last, None | Some(Occasion::Cleared));
                prop_assert_eq!(occasion == Occasion::Opened, is_new, "{:?} after {:?}", occasion, last);
                last = Some(occasion);
            }
            prop_assert!(world.alarms.len() <= 1);
        }
        let told = world.alarms.iter().any(|alarm| alarm.told.is_some());
        prop_assert_eq!(told, !matches!(last, None | Some(Occasion::Cleared)));
    }

    /// The same turn again changes nothing and tells nothing.
    #[test]
    fn a_turn_can_be_run_twice(count in 1..40_usize, grade in grades()) {
        let mut world = World::new();
        let findings = grade.map(faults).unwrap_or_default();
        world.turns(count, &findings);
        let before = world.alarms.clone();
        let once = turn(before, &findings, &world.settings, &[], world.now);
        let open: Vec<Alarm> = once.alarms.iter().map(|(alarm, _)| alarm.clone()).collect();
        let twice = turn(open.clone(), &findings, &world.settings, &[], world.now);
        prop_assert!(twice.notices.is_empty());
        let again: Vec<Alarm> = twice.alarms.iter().map(|(alarm, _)| alarm.clone()).collect();
        prop_assert_eq!(again, open);
    }
}
