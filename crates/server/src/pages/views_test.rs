//! Every page as it is written for an empty server and for a busy one; a reviewer sees what changes.

use super::cells::Pager;
use super::control::Control;
use super::frame::{Frame, Section};
use super::label_pilots::LabelPilots;
use super::link::{self, Link};
use super::overview::Situation;
use super::plots::{self, PlotView, Plots, Range};
use super::samples::{self, frame};
use super::{
    alarm, alarms, commands, decisions, factories, factory, jobs, label, log_index, orders, pilot, pilots, queue,
    queue_row, queues, red,
};
use crate::config::{LogKeeping, Watermark};
use crate::pilot_log::status::{Pressure, Status};
use askama::Template;
use model::alarm::{AlarmEvent, AlarmEventKind, Held};
use model::{
    CommandState, CoreTime, EndedPilots, ErrorClass, FactorySummary, JobState, Order, OrderId, PilotFlow, PilotId,
    PilotState, Role,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{LabelCount, LabelFlow};
use wire::api::{
    AlarmDetail, AlarmPage, CommandQuery, DecisionQuery, HistoryQuery, JobQuery, LogEntry, LogIndex, LogIndexQuery,
    OrderQuery, PilotHistory, PilotQuery,
};

/// Only the content of a page, as a live update gets it.
fn content(section: Section, title: &str, uri: &str) -> Frame {
    Frame { fragment: true, ..frame(section, title, uri) }
}

fn html(template: &impl Template) -> String {
    template.render().unwrap()
}

/// The page without what changes with every asset and version.
fn steady(page: &str) -> String {
    let mut out = String::new();
    for (i, part) in page.split("/assets/").enumerate() {
        match i {
            0 => out.push_str(part),
            _ => {
                let (_, name) = part.split_once('/').unwrap();
                out.push_str("/assets/HASH/");
                out.push_str(name);
            }
        }
    }
    out.replace(super::frame::VERSION, "VERSION")
}

fn label_pilots() -> LabelPilots {
    let [factory, label, queue] = ["f1", "glasgow-slurm", "glasgow"].map(str::to_owned);
    let count = |(state, pilots)| {
        let (factory, label, queue) = (factory.clone(), label.clone(), queue.clone());
        LabelCount { factory, label, queue, state, pilots, slots: 0, held: 0 }
    };
    let counts = [(PilotState::Pending, 1), (PilotState::Running, 2), (PilotState::Fault, 3)].map(count);
    let flow = PilotFlow { done: 40, fault: 2, ..PilotFlow::default() };
    let last_hour = vec![LabelFlow { factory: factory.clone(), label: label.clone(), queue: queue.clone(), flow }];
    LabelPilots { counts: Arc::new(counts.into()), last_hour: Arc::new(last_hour) }
}

#[test]
fn overview_of_a_busy_server() {
    insta::assert_snapshot!(steady(&html(&samples::overview(samples::situation()))));
}

#[test]
fn overview_of_an_empty_server_tells_what_to_do_next() {
    let nothing = Situation {
        jobs: samples::counts(&[]),
        queues: Vec::new(),
        busiest: Vec::new(),
        demand: Vec::new(),
        factories: Vec::new(),
        pilots: LabelPilots::default(),
        activity: Arc::default(),
        running: Vec::new(),
        failed: Vec::new(),
        excluded: Vec::new(),
        alarms: Vec::new(),
        plots: samples::plots("/", HistoryQuery::default()),
    };
    insta::assert_snapshot!(steady(&html(&samples::overview(nothing))));
}

#[test]
fn job_in_each_stage() {
    for state in [JobState::Activated, JobState::Running, JobState::Finished, JobState::Failed] {
        insta::assert_snapshot!(format!("job_{state}"), steady(&html(&samples::job_page(state))));
    }
}

#[test]
fn alarms_and_one_alarm() {
    let frame = || content(Section::Alarms, "Alarms", "/alarms");
    let mut past = samples::alarms().remove(0);
    past.alarm.cleared = Some(samples::before(60));
    let past = AlarmPage { alarms: vec![past], next: Some("7".into()) };
    let busy = alarms::Situation { open: samples::alarms(), past, silences: vec![samples::silence()] };
    insta::assert_snapshot!("alarms", html(&alarms::Alarms::new(frame(), busy, None)));
    let none = alarms::Situation { open: Vec::new(), past: AlarmPage::default(), silences: Vec::new() };
    insta::assert_snapshot!("alarms_none", html(&alarms::Alarms::new(frame(), none, None)));
    let event = |kind, who: &str, text: &str| {
        let (who, text) = (who.to_owned(), text.to_owned());
        AlarmEvent { at: samples::before(500), kind, who, text }
    };
    let events = vec![
        event(AlarmEventKind::Opened, "", "36 of 40 pilots"),
        event(AlarmEventKind::Comment, "bob", "a ticket is open: #17 <b>"),
    ];
    let detail = AlarmDetail { view: samples::alarms().remove(0), events };
    let of_queue = HistoryQuery { queue: Some("glasgow-short".into()), ..HistoryQuery::default() };
    let plots = Some(samples::plots("/alarms/7", of_queue));
    insta::assert_snapshot!("alarm", html(&alarm::Alarm::new(frame(), detail, true, plots, None)));
    let looked_after = AlarmDetail { view: samples::alarms().remove(2), events: Vec::new() };
    insta::assert_snapshot!("alarm_looked_after", html(&alarm::Alarm::new(frame(), looked_after, false, None, None)));
    let held = |held| {
        let mut view = samples::alarms().remove(1);
        view.alarm.held = Some(held);
        AlarmDetail { view, events: Vec::new() }
    };
    let order = Some(samples::control::exclusion());
    let by = html(&alarm::Alarm::new(frame(), held(Held::By(OrderId(4))), true, None, order));
    assert!(by.contains("<h2>Its label is held back until <time "), "{by}");
    assert!(by.contains(">2026-11-22 03:00:00</time></h2>"), "{by}");
    let not = html(&alarm::Alarm::new(frame(), held(Held::Not), true, None, None));
    assert!(not.contains("Its label is not held back"), "{not}");
}

#[test]
fn the_red_light_is_of_the_worst_that_nobody_looks_after() {
    let frame = || content(Section::None, "Red light", "/red");
    insta::assert_snapshot!("red", html(&red::Red::new(frame(), samples::alarms())));
    insta::assert_snapshot!("red_green", html(&red::Red::new(frame(), samples::alarms().split_off(1))));
}

#[test]
fn jobs_with_filter_and_cursor() {
    let query = JobQuery { user: Some("ann".into()), cursor: Some("1018".into()), ..JobQuery::default() };
    let counts = samples::situation().jobs;
    let queues = vec!["glasgow-short".to_owned()];
    let frame = content(Section::Jobs, "Jobs", "/jobs?user=ann&cursor=1018");
    let page = jobs::Jobs::new(frame, query, Some(counts), queues, samples::jobs(), Some("1010".into()));
    insta::assert_snapshot!(html(&page));
}

#[test]
fn jobs_when_there_are_none() {
    let frame = || content(Section::Jobs, "Jobs", "/jobs");
    let none = jobs::Jobs::new(frame(), JobQuery::default(), Some(samples::counts(&[])), Vec::new(), Vec::new(), None);
    insta::assert_snapshot!("jobs_none", html(&none));
    let failed = JobQuery { state: Some(JobState::Failed), pilot: Some(PilotId(9)), ..JobQuery::default() };
    let unmatched = jobs::Jobs::new(frame(), failed, None, Vec::new(), Vec::new(), Some("500".into()));
    insta::assert_snapshot!("jobs_unmatched", html(&unmatched));
}

#[test]
fn queues_and_one_queue() {
    let list = queues::Queues::new(
        content(Section::Queues, "Queues", "/queues"),
        1,
        queue_row::rows(vec![samples::queue_situation(samples::decisions().pop())], &samples::alarms()),
        101,
        None,
        Pager { first: None, next: Some("/queues?after=glasgow-short".into()) },
    );
    insta::assert_snapshot!("queues", html(&list));
    let of_queue = HistoryQuery { queue: Some("glasgow-short".into()), ..HistoryQuery::default() };
    let one = queue::Queue::new(
        content(Section::Queues, "Queue glasgow-short", "/queues/glasgow-short"),
        samples::queue_situation(None),
        samples::demand(),
        &samples::factories(),
        &label_pilots(),
        &in_force(),
        queue::Past {
            decisions: samples::decisions(),
            latest: samples::jobs(),
            plots: samples::plots("/queues/glasgow-short", of_queue),
        },
    );
    insta::assert_snapshot!("queue", html(&one));
}

#[test]
fn pilots_and_one_pilot() {
    let rows = [PilotState::Pending, PilotState::Running, PilotState::Fault];
    let rows: Vec<_> = rows.into_iter().zip(5..).map(|(state, id)| samples::pilot(id, state)).collect();
    let counts = BTreeMap::from([(PilotState::Pending, 1), (PilotState::Running, 1), (PilotState::Fault, 1)]);
    let list = |rows, counts: &BTreeMap<_, _>| {
        let frame = content(Section::Pilots, "Pilots", "/pilots");
        html(&pilots::Pilots::new(frame, PilotQuery::default(), Some(counts), pilots::Choices::default(), rows, None))
    };
    insta::assert_snapshot!("pilots", list(rows.clone(), &counts));
    insta::assert_snapshot!("pilots_none", list(Vec::new(), &BTreeMap::new()));
    for one in rows {
        let frame = content(Section::Pilots, "Pilot", "/pilots/5");
        let name = format!("pilot_{}", one.state);
        insta::assert_snapshot!(
            name,
            html(&pilot::Pilot::new(
                frame,
                samples::on_node(one),
                samples::jobs(),
                Vec::new(),
                true,
                samples::elsewhere(),
                samples::told()
            ))
        );
    }
}

#[test]
fn factories_and_one_factory() {
    let frame = || content(Section::Factories, "Factories", "/factories");
    insta::assert_snapshot!(
        "factories_none",
        html(&factories::Factories::new(frame(), &[], &label_pilots(), &[], None))
    );
    let all = samples::factories();
    insta::assert_snapshot!(
        "factories",
        html(&factories::Factories::new(frame(), &all, &label_pilots(), &samples::activity(), None))
    );
    let last = BTreeMap::from([("glasgow-slurm".to_owned(), samples::decision(1, 12))]);
    let busy = samples::configuration::known(last, samples::decisions(), in_force());
    insta::assert_snapshot!("factory", html(&factory::Factory::new(frame(), &all[0], &label_pilots(), busy)));
    let silent = FactorySummary { last_heard: samples::before(3600), ..FactorySummary::clone(&all[0]) };
    let untold = samples::configuration::untold();
    insta::assert_snapshot!("factory_silent", html(&factory::Factory::new(frame(), &silent, &label_pilots(), untold)));
}

#[test]
fn a_label_at_work_and_one_that_is_gone() {
    let frame = || content(Section::Factories, "Label glasgow-slurm", "/factories/f1/labels/glasgow-slurm");
    let (factory, name) = (|| "f1".to_owned(), || "glasgow-slurm".to_owned());
    let of_label = || HistoryQuery { factory: Some(factory()), label: Some(name()), ..HistoryQuery::default() };
    let flow = PilotFlow { submitted: 30, started: 28, done: 20, empty: 3, fault: 5, ..PilotFlow::default() };
    let ended = |state, error_class, pilots, last, message: &str| EndedPilots {
        factory: factory(),
        label: name(),
        queue: "glasgow-short".into(),
        state,
        error_class,
        pilots,
        last: PilotId(last),
        message: message.into(),
    };
    let busy = label::Situation {
        info: samples::factories()[0].said.labels.first().cloned(),
        reported: false,
        configuration: Some(samples::configuration::of_label()),
        counted_errors: None,
        counts: BTreeMap::from([(PilotState::Running, 8), (PilotState::Fault, 5)]),
        recent: vec![
            label::Recent { name: "Last hour", flow },
            label::Recent { name: "Last 24 hours", flow: PilotFlow::default() },
        ],
        ends: vec![
            ended(PilotState::Done, None, 20, 40, ""),
            ended(PilotState::Fault, Some(ErrorClass::Node), 5, 41, "no <space> left"),
        ],
        core_time: CoreTime { good_ms: 36_000_000, idle_ms: 4_000_000, lost_ms: 2_000_000, ..CoreTime::default() },
        decisions: samples::decisions(),
        pilots: vec![samples::pilot(41, PilotState::Fault)],
        tests: samples::control::tests(),
        orders: in_force(),
    };
    let page = link::label(&factory(), &name());
    let plots = samples::plots(&page, of_label());
    insta::assert_snapshot!("label", html(&label::Label::new(frame(), factory(), name(), "GLASGOW", busy, plots)));
    let gone = label::Situation {
        info: None,
        reported: false,
        configuration: None,
        counted_errors: None,
        counts: BTreeMap::new(),
        recent: vec![label::Recent { name: "Last hour", flow: PilotFlow::default() }],
        ends: Vec::new(),
        core_time: CoreTime::default(),
        decisions: Vec::new(),
        pilots: Vec::new(),
        tests: Vec::new(),
        orders: Vec::new(),
    };
    let view = PlotView { range: Range::Year, ..PlotView::default() };
    let (wanted, _) = plots::wanted(&view, &of_label(), samples::NOW);
    let plots = Plots::new(&Link::to(page), &of_label(), view, samples::NOW, vec![(wanted, PilotHistory::default())]);
    insta::assert_snapshot!("label_gone", html(&label::Label::new(frame(), factory(), name(), "", gone, plots)));
}

fn in_force() -> Vec<Order> {
    samples::control::orders().into_iter().take(2).collect()
}

#[test]
fn orders_and_commands() {
    let frame = |title, uri| content(Section::Factories, title, uri);
    let orders = |rows| html(&orders::Orders::new(frame("Orders", "/orders"), OrderQuery::default(), rows, None));
    insta::assert_snapshot!("orders", orders(samples::control::orders()));
    insta::assert_snapshot!("orders_none", orders(Vec::new()));
    let commands = |query: &CommandQuery, rows, next| {
        let names = vec!["f1".to_owned()];
        html(&commands::Commands::new(frame("Commands", "/commands"), query, names, rows, next))
    };
    insta::assert_snapshot!("commands", commands(&CommandQuery::default(), samples::control::commands(), None));
    insta::assert_snapshot!("commands_none", commands(&CommandQuery::default(), Vec::new(), None));
    let refused = CommandQuery { state: Some(CommandState::Refused), ..CommandQuery::default() };
    insta::assert_snapshot!("commands_unmatched", commands(&refused, Vec::new(), Some("3".into())));
}

/// Whoever may only look gets no form.
#[test]
fn forms_are_for_those_who_may() {
    let of = |role| {
        let mut frame = content(Section::Factories, "Label", "/factories/f1/labels/glasgow-slurm");
        if let Some(who) = &mut frame.identity {
            (who.role, who.sites) = (role, vec!["GLASGOW".to_owned()]);
        }
        let factory = Control::of_factory(&frame, "f1", Vec::new());
        let label = |site| {
            let label = Control::of_label(&frame, "f1", "glasgow-slurm", site, Vec::new());
            (label.may_order, label.may_test)
        };
        (factory.may_any(), label("GLASGOW"), label("DESY"))
    };
    assert_eq!(of(Role::User), (false, (false, false), (false, false)));
    assert_eq!(of(Role::Shifter), (false, (false, true), (false, true)));
    assert_eq!(of(Role::SiteAdmin), (false, (true, true), (false, false)));
    assert_eq!(of(Role::Operator), (true, (true, true), (true, true)));
}

#[test]
fn decisions_of_a_label() {
    let query = DecisionQuery { label: Some("glasgow-slurm".into()), ..DecisionQuery::default() };
    let frame = content(Section::Factories, "Decisions", "/decisions?label=glasgow-slurm");
    insta::assert_snapshot!(html(&decisions::Decisions::new(frame, query, samples::decisions(), None)));
}

#[test]
fn text_of_clients_is_never_markup() {
    let pages = [
        html(&samples::overview(samples::situation())),
        html(&samples::job_page(JobState::Running)),
        html(&jobs::Jobs::new(
            content(Section::Jobs, "Jobs", "/jobs"),
            JobQuery { name: Some("\"><script>".into()), ..JobQuery::default() },
            None,
            Vec::new(),
            samples::jobs(),
            None,
        )),
    ];
    for page in pages {
        assert!(!page.contains("<script>"), "an unescaped script in {page}");
        assert!(!page.contains("<b>row"), "an unescaped log in {page}");
        assert!(!page.contains(" style="), "an inline style, which the content security policy forbids, in {page}");
    }
}

fn log_folder(names: &[&str], query: &LogIndexQuery, index: LogIndex, kept: Option<log_index::Kept>) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let frame = content(Section::Pilots, "Logs", &log_index::folder(&names));
    html(&log_index::LogIndexPage::new(frame, &names, query, index, kept))
}

#[test]
fn folders_of_logs() {
    let folders = vec!["f1".to_owned(), "grid <north>".to_owned()];
    let index = LogIndex { folders, ..LogIndex::default() };
    let now = frame(Section::Pilots, "Logs", "/logs/").now;
    let pressure = Pressure { at: now, logs: 1234, bytes: 5 << 30, day: "2026-01-02".into(), is_in_vain: false };
    let status = Status { at: now, bytes: 7 << 30, used_percent: Some(88), pressure: Some(pressure) };
    let config =
        LogKeeping { high: Some(Watermark::Percent(90)), low: Some(Watermark::Percent(85)), ..LogKeeping::default() };
    let kept = log_index::Kept { config, status: Some(status.clone()) };
    insta::assert_snapshot!("logs", log_folder(&[], &LogIndexQuery::default(), index, Some(kept)));
    let pressure = Pressure { at: now, is_in_vain: true, ..Pressure::default() };
    let status = Status { pressure: Some(pressure), ..status };
    let config = LogKeeping { keep_days: 0, compress_after_days: 0, high: Some(Watermark::Bytes(5 << 30)), low: None };
    let kept = log_index::Kept { config, status: Some(status) };
    insta::assert_snapshot!("logs_none", log_folder(&[], &LogIndexQuery::default(), LogIndex::default(), Some(kept)));
}

#[test]
fn logs_of_a_label() {
    let arrived = frame(Section::Pilots, "Logs", "/logs/").now;
    let log = |name: &str, bytes, stored_bytes| LogEntry { name: name.into(), bytes, stored_bytes, arrived };
    let logs = vec![log("4711_0.err", 0, 0), log("4711_0.out", 123_456, 23_456), log("a/b:c #1?.log", 77, 77)];
    let index = LogIndex { logs, next: Some("a/b:c #1?.log".into()), ..LogIndex::default() };
    let query = LogIndexQuery { after: Some("4710".into()), limit: Some(3) };
    insta::assert_snapshot!("logs_of_a_label", log_folder(&["f1", "2026-01-02", "glasgow-slurm"], &query, index, None));
}
