use super::*;
use crate::{
    CredentialInfo, Durations, EndedPilots, ErrorClass, FactoryHealth, FileSystemHealth, FlowAt, Levels, NodeCounts,
    PilotId, PilotState, Reported, SourceInfo,
};
use std::collections::BTreeMap;

fn of(facts: Facts) -> Vec<String> {
    told(&situation(vec![label("l", "q", facts)]), &AlarmSettings::default())
}

fn recent(recent: PilotFlow) -> Facts {
    Facts { recent, ..Facts::default() }
}

const NONE: [&str; 0] = [];

#[test]
fn only_many_faults_among_many_ends_are_too_many() {
    let grade = |submitted, done, fault| {
        let found = of(recent(flow(submitted, done, fault)));
        found.first().map(|line| line.split(' ').nth(1).unwrap().to_owned()).unwrap_or_default()
    };
    assert_eq!(grade(100, 10, 10), "warning");
    assert_eq!(grade(100, 11, 10), "lingers", "48 % does not open an alarm and does not end one");
    assert_eq!(grade(100, 16, 10), "", "38 %");
    assert_eq!(grade(100, 0, 9), "");
    assert_eq!(grade(9, 0, 10), "", "what ends now was submitted before it was mended");
    assert_eq!(grade(0, 0, 0), "");
    assert_eq!(grade(100, 0, 99), "warning");
    assert_eq!(grade(100, 0, 100), "critical");
    assert_eq!(grade(100, 12, 100), "warning");
}

#[test]
fn labels_in_the_same_trouble_are_one_of_their_queue_and_queues_one_of_their_site() {
    let bad = || recent(flow(20, 0, 20));
    let labels = vec![label("a", "q", bad()), label("b", "q", bad()), label("c", "r", bad()), label("d", "r", bad())];
    let lines = told(&situation(labels), &AlarmSettings::default());
    let subjects: Vec<&str> = lines.iter().filter_map(|line| line.split(':').next()).collect();
    let wanted = ["label a of f", "label b of f", "label c of f", "label d of f", "queue q", "queue r", "site s"]
        .map(|subject| format!("fault-ratio warning {subject}"));
    assert_eq!(subjects, wanted);
    let one = vec![label("a", "q", bad()), label("b", "q", recent(flow(20, 3, 0)))];
    assert_eq!(told(&situation(one), &AlarmSettings::default()).len(), 1, "the label alone");
}

#[test]
fn a_finding_names_the_most_frequent_error_and_pilots_to_look_at() {
    let end = |state, pilots, last, error_class, message: &str| EndedPilots {
        factory: "f".into(),
        label: "l".into(),
        queue: "q".into(),
        state,
        error_class,
        pilots,
        last: PilotId(last),
        message: message.to_owned(),
    };
    let mut situation = situation(vec![label("l", "q", recent(flow(20, 10, 20)))]);
    situation.ends = vec![
        end(PilotState::Fault, 15, 8, Some(ErrorClass::Node), "no disk"),
        end(PilotState::Done, 10, 9, None, ""),
        end(PilotState::Fault, 5, 7, Some(ErrorClass::Batch), "held"),
    ];
    let found = findings(&situation, &AlarmSettings::default());
    assert_eq!(found[0].error_class, Some(ErrorClass::Node));
    assert_eq!((found[0].error_text.as_str(), &found[0].pilots), ("no disk", &vec![PilotId(8), PilotId(7)]));
    // "no disk" was only the last of them.
    situation.texts = vec![
        end(PilotState::Fault, 4, 8, Some(ErrorClass::Node), "no disk"),
        end(PilotState::Fault, 11, 6, Some(ErrorClass::Node), "no mount of *"),
        end(PilotState::Fault, 50, 7, Some(ErrorClass::Batch), "held"),
    ];
    let text = |situation: &Situation| findings(situation, &AlarmSettings::default())[0].error_text.clone();
    assert_eq!(text(&situation), "no mount of *");
    situation.ends[0].message = "no mount of /data/4".to_owned();
    assert_eq!(text(&situation), "no mount of /data/4", "the last one says it as most do");
}

#[test]
fn a_wait_without_a_start_is_bad_after_hours() {
    let stuck = |hours: u64| of(Facts { pending: 3, stuck_since: Some(NOW - minutes(hours * 60)), ..Facts::default() });
    assert_eq!(stuck(5), NONE);
    assert_eq!(stuck(6), ["no-start warning label l of f: no pilot has started for 6 h, while 3 wait"]);
    assert_eq!(stuck(24), ["no-start critical label l of f: no pilot has started for 1 d, while 3 wait"]);
}

#[test]
fn a_wait_begins_with_the_first_waiting_pilot_or_the_last_start() {
    let start = |ago: u64| crate::Span::TenMinutes.start(NOW - minutes(ago));
    let at = |ago, pending_change, started| FlowAt {
        start: start(ago),
        flow: PilotFlow { pending_change, started, ..PilotFlow::default() },
    };
    let since = |flows: &[FlowAt], pending| {
        stuck_since(flows, Levels { pending, running: 0 }, NOW).map(|since| NOW.since(since).as_secs() / 600)
    };
    assert_eq!(since(&[], 0), None);
    assert_eq!(since(&[at(300, 2, 0)], 2), Some(30), "since they came");
    assert_eq!(since(&[at(300, 3, 0), at(100, -1, 1)], 2), Some(9), "since the last start");
    assert_eq!(since(&[at(10, 2, 0), at(0, -1, 1)], 1), None, "one started just now");
    assert_eq!(since(&[], 4), Some(288), "longer than is looked at");
}

#[test]
fn pilots_without_work_short_runs_and_few_starts_are_found() {
    let empty = |empty| recent(PilotFlow { empty, ..flow(60, 50, 0) });
    assert_eq!(of(empty(29)), NONE);
    assert_eq!(
        of(empty(30)),
        ["empty lingers label l of f: 60 % of its pilots got no job: 30 of 50 pilots in the last 2 h"]
    );
    assert_eq!(of(empty(41))[0].split(' ').nth(1), Some("warning"));

    let ran = |seconds, pilots| {
        let ran = Durations(BTreeMap::from([(Durations::bucket(Duration::from_secs(seconds)), pilots)]));
        of(Facts { ran, ..Facts::default() })
    };
    assert_eq!(ran(60, 19), NONE);
    assert_eq!(ran(600, 20), NONE);
    let words =
        "short warning label l of f: half of its pilots ran for at most 1 min 4 s; 20 pilots ended in the last 2 h";
    assert_eq!(ran(60, 20), [words]);

    let drop = |pending, starts_3h, starts_before| of(Facts { pending, starts_3h, starts_before, ..Facts::default() });
    let words = "drop warning label l of f: 7 starts in the last 3 h, 35 % of the 20 that are usual at this time of day, \
                 while 1 wait";
    assert_eq!(drop(1, 7, [20, 900, 0, 30, 0, 21, 3]), [words], "bursts and bad days do not count");
    assert_eq!(drop(0, 7, [20; 7]), NONE, "nothing is wanted");
    assert_eq!(drop(1, 7, [19; 7]), NONE, "too few to say something");
    assert_eq!(drop(1, 7, [900, 900, 900, 0, 0, 0, 0]), NONE, "it is there since three days");
}

#[test]
fn errors_that_a_host_of_other_software_counted_are_trouble_of_the_label() {
    let mut other = factory("f", vec![info("l", "q", "ce1", ""), info("m", "q", "ce1", "")], NOW);
    let mut reported = Reported::default();
    reported.count_error("l", "GLOBUS_FTP", 12, NOW - minutes(10));
    reported.count_error("m", "GLOBUS_FTP", 0, NOW - minutes(10));
    other.reported = Some(reported);
    let mut world = situation(Vec::new());
    world.factories = vec![other];
    let words = "trouble warning label l of f: errors were counted on its factory's host: GLOBUS_FTP (12)";
    assert_eq!(told(&world, &AlarmSettings::default()), [words]);
    world.now = NOW + minutes(24 * 60);
    world.factories[0].last_heard = world.now;
    assert_eq!(told(&world, &AlarmSettings::default()), NONE, "nobody counts any more");
}

#[test]
fn held_pilots_are_told_by_their_share() {
    let held = |held, pending| of(Facts { held, pending, ..Facts::default() });
    assert_eq!(held(9, 9), NONE);
    assert_eq!(held(10, 200), NONE);
    assert_eq!(
        held(12, 60),
        ["held warning label l of f: its batch system holds 20 % of its waiting pilots: 12 of 60 pilots"]
    );
    assert_eq!(held(90, 100)[0].split(' ').nth(1), Some("critical"));
    let held_of = |label_name: &str, pilots: [i64; 2]| {
        let held_pilots = pilots.map(PilotId).into();
        label(label_name, "q", Facts { held: 20, pending: 20, held_pilots, ..Facts::default() })
    };
    let world = situation(vec![held_of("l", [8, 7]), held_of("m", [6, 5])]);
    let found = findings(&world, &AlarmSettings::default());
    let examples: Vec<Vec<i64>> = found.iter().map(|one| one.pilots.iter().map(|id| id.0).collect()).collect();
    assert_eq!(examples, [vec![8, 7], vec![6, 5], vec![8, 7, 6]], "two labels and their queue");
}

#[test]
fn factories_are_told_that_are_silent_or_in_trouble() {
    let labels = vec![
        info("l", "q", "ce1", "no answer"),
        info("m", "q", "ce1", "no answer"),
        info("n", "q", "ce2", "no proxy"),
        info("o", "q", "ce2", ""),
    ];
    let mut loud = factory("f", labels, NOW);
    loud.said.trouble = "queues.toml:3: unknown key".into();
    loud.said.sources =
        vec![SourceInfo { name: "cric".into(), trouble: "cannot be read".into(), ..SourceInfo::default() }];
    let mut situation = situation(vec![label("o", "q", Facts::default())]);
    situation.labels[0].decided = Some(NOW - minutes(20));
    situation.labels[0].submit_error = "sbatch: refused".into();
    situation.factories = vec![loud, factory("g", vec![], NOW - minutes(30)), factory("h", vec![], NOW - minutes(90))];
    situation.listening_since = NOW - minutes(80);
    insta::assert_snapshot!(told(&situation, &AlarmSettings::default()).join("\n"));
    situation.listening_since = NOW - minutes(5);
    let mut lines = told(&situation, &AlarmSettings::default());
    lines.retain(|line| line.contains("silent") || line.contains("stale"));
    let is_neither = |line: &String| line.contains(" lingers ");
    assert!(lines.len() == 3 && lines.iter().all(is_neither), "nobody could be heard: {lines:?}");
}

#[test]
fn credentials_are_told_before_they_end() {
    let line = |left: u64, life: u64, is_usable, trouble: &str| {
        let one = CredentialInfo {
            name: "c".into(),
            began: Some(NOW + minutes(left) - minutes(life)),
            ends: Some(NOW + minutes(left)),
            is_usable,
            trouble: trouble.to_owned(),
            ..CredentialInfo::default()
        };
        let mut factory = factory("f", vec![], NOW);
        factory.said.credentials = vec![one];
        let situation = Situation { now: NOW, factories: vec![factory], ..Situation::default() };
        told(&situation, &AlarmSettings::default()).into_iter().next().unwrap_or_default()
    };
    let hours = |hours: u64| hours * 60;
    let days = |days: u64| days * 24 * 60;
    assert_eq!(line(hours(25), days(8), true, ""), "");
    assert_eq!(line(hours(23), days(8), true, ""), "credentials warning credential c of f: it ends in 23 h");
    assert_eq!(line(hours(5), days(8), true, ""), "credentials critical credential c of f: it ends in 5 h");
    assert_eq!(line(20, 60, true, ""), "", "one that lives for an hour");
    assert_eq!(line(10, 60, true, ""), "credentials warning credential c of f: it ends in 10 min");
    let words = "credentials warning credential c of f: it cannot be renewed: no server";
    assert_eq!(line(hours(48), days(8), true, "no server"), words);
    let words = "credentials critical credential c of f: it cannot be used: no file";
    assert_eq!(line(hours(48), days(8), false, "no file"), words);
}

#[test]
fn the_fullest_file_system_of_a_factorys_host_is_told() {
    let settings = AlarmSettings::default();
    let file_system = |path: &str, used_percent| FileSystemHealth {
        path: path.into(),
        bytes: 100 << 30,
        free_bytes: (100 - u64::from(used_percent)) << 30,
        used_percent,
    };
    let mut situation = situation(vec![]);
    let mut with = |state: u8, temporary: u8| {
        let file_systems = vec![file_system("/var/lib/pilotage", state), file_system("/tmp", temporary)];
        let mut factory = factory("f", vec![], NOW);
        factory.said.health = Some(FactoryHealth { file_systems, ..FactoryHealth::default() });
        situation.factories = vec![factory];
        told(&situation, &settings)
    };
    assert_eq!(with(74, 60), [] as [&str; 0]);
    assert_eq!(with(60, 80), ["disk warning factory f: on its host /tmp is 80 % full"]);
    assert_eq!(with(93, 80), ["disk critical factory f: on its host /var/lib/pilotage is 93 % full"]);
}

#[test]
fn queues_with_idle_slots_and_those_of_one_factory_are_told() {
    let mut settings = AlarmSettings::default();
    let mut situation = situation(vec![]);
    situation.slots = vec![QueueFacts { queue: "q".into(), slots: 40, filled: 30 }];
    situation.slots.push(QueueFacts { queue: "r".into(), slots: 19, filled: 0 });
    situation.disk_percent = Some(91);
    let labels = || vec![info("l", "q", "b", ""), info("m", "r", "b", "")];
    situation.factories = vec![factory("f", labels(), NOW), factory("g", vec![info("l", "q", "b", "")], NOW)];
    let disk = "disk critical the server: the disk with logs and outputs is 91 % full";
    let gap = "gap warning queue q: 25 % of its slots have no job: 10 of 40";
    assert_eq!(told(&situation, &settings), [gap, disk]);
    settings.rules.insert(Rule::SingleFactory, Change { enabled: Some(true), ..Change::default() });
    assert_eq!(told(&situation, &settings)[1], "single-factory info queue r: only the factory f serves it");
}

#[test]
fn a_node_is_told_on_which_fails_what_works_elsewhere() {
    let node = |node: &str, fault, finished| BlackHole {
        queue: "q".into(),
        node: node.to_owned(),
        counts: NodeCounts { fault, finished, ..NodeCounts::default() },
        last: Some(PilotId(7)),
    };
    let mut situation = situation(vec![]);
    situation.black_holes = black_holes(vec![node("n1", 8, 0), node("n2", 0, 50), node("n3", 1, 50)]);
    let found = findings(&situation, &AlarmSettings::default());
    let words = "8 of 8 ends in the last 6 h were failures, far more than on other nodes";
    assert_eq!((found.len(), found[0].words.as_str(), &found[0].pilots), (1, words, &vec![PilotId(7)]));
    assert_eq!((found[0].subject.to_string().as_str(), found[0].subject.site.as_str()), ("node n1", "s"));
    use crate::node_health::{FAILED_PERCENT_MIN, FAILURES_MIN, HOURS, TIMES_OTHERS_MIN};
    let numbers = [
        format!("last {HOURS} h"),
        format!("at least {FAILURES_MIN},"),
        format!("least {FAILED_PERCENT_MIN} %"),
        format!("at least {TIMES_OTHERS_MIN} times"),
    ];
    assert!(numbers.iter().all(|number| Rule::BlackHole.formula().contains(number)), "{numbers:?}");
}

#[test]
fn settings_differ_for_what_matches_first() {
    let adjust = |of: Matcher, change: Change| Adjustment { of, change };
    let of = |rule: &str, label: &str| Matcher { rule: rule.into(), label: label.into(), ..Matcher::default() };
    let mut settings = AlarmSettings::default();
    settings.rules.insert(Rule::FaultRatio, Change { warning: Some(30.0), ..Change::default() });
    settings.adjust = vec![
        adjust(of("fault-*", "test-?"), Change { enabled: Some(false), ..Change::default() }),
        adjust(of("", "test-*"), Change { warning: Some(70.0), ..Change::default() }),
    ];
    let of_label = |name: &str| {
        let subject = Subject::of_factory(SubjectKind::Label, name, "f");
        let settings = settings.of(Rule::FaultRatio, &subject);
        (settings.enabled, settings.warning, settings.clear)
    };
    assert_eq!(of_label("prod"), (true, 30.0, 30.0), "the level at its end follows");
    assert_eq!(of_label("test-1"), (false, 30.0, 30.0));
    assert_eq!(of_label("test-11"), (true, 70.0, 30.0));
}

#[test]
fn levels_that_contradict_each_other_are_told() {
    let problem = |rule: Rule, change: Change| rule.defaults().changed(rule, change).problem(rule).map(|(key, _)| key);
    for rule in Rule::ALL {
        assert_eq!(problem(rule, Change::default()), None, "{rule}");
    }
    let clear = Change { clear: Some(60.0), ..Change::default() };
    assert_eq!(problem(Rule::FaultRatio, clear), Some("clear"));
    let warning = Change { warning: Some(95.0), ..Change::default() };
    assert_eq!(problem(Rule::FaultRatio, warning), Some("critical"));
    let soon = Change { critical: Some(3.0 * 86_400.0), ..Change::default() };
    assert_eq!(problem(Rule::Credentials, soon), Some("critical"));
}
