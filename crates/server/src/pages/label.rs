//! `/factories/{factory}/labels/{label}`: one label: what it does, why, and how its pilots end.

use super::about::About;
use super::cells::{self, Count, PilotCounts};
use super::configuration::{self, ConfigurationView, Entry, timeline};
use super::control::Control;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::plots::Plots;
use super::reading::{Reader, SIDE_ROWS};
use super::use_of_cores::UseOfCores;
use super::{assets, commands, link, moment, number, result, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::SubjectKind;
use model::{
    Command, Configuration, CoreTime, Decision, EndedPilots, LabelInfo, Order, PilotFlow, PilotSummary, Time, orders_on,
};
use serde::Serialize;
use serde_json::json;
use wire::api::{DecisionQuery, EndsQuery, HistoryQuery, PilotQuery};

/// What happened in some time.
#[derive(Serialize)]
pub struct Recent {
    /// Which time.
    pub name: &'static str,
    /// What happened.
    pub flow: PilotFlow,
}

impl Recent {
    /// Each with its column.
    fn counts(&self) -> [(&'static str, u64); 5] {
        let PilotFlow { submitted, started, done, empty, fault, .. } = self.flow;
        [("Submitted", submitted), ("Started", started), ("Done", done), ("Without a job", empty), ("Fault", fault)]
    }

    /// How many of a hundred that ended were no fault; nothing when none ended.
    fn success(&self) -> String {
        let ended = self.flow.ended();
        (self.flow.done * 100).checked_div(ended).map(|percent| format!("{percent} %")).unwrap_or_default()
    }
}

/// What the page is made of.
#[derive(Serialize)]
pub struct Situation {
    /// As its factory told it; none when the factory has it no more.
    pub info: Option<LabelInfo>,
    /// Its pilots by state.
    pub counts: PilotCounts,
    /// What happened in the last hour, day and week.
    pub recent: Vec<Recent>,
    /// How its pilots ended in the last day.
    pub ends: Vec<EndedPilots>,
    /// What the cores of these were used for.
    pub core_time: CoreTime,
    /// What it decided, newest first.
    pub decisions: Vec<Decision>,
    /// Its newest pilots.
    pub pilots: Vec<PilotSummary>,
    /// The last tests of it, newest first.
    pub tests: Vec<TestRun>,
    /// Orders that hold it now, the strictest first.
    pub orders: Vec<Order>,
    /// What its factory told of its configuration.
    pub configuration: Option<Configuration>,
    /// Its factory is one of other software.
    pub reported: bool,
    /// Errors that its factory counted a short time ago, in words, and when.
    pub counted_errors: Option<(String, Time)>,
}

/// A test of the label.
#[derive(Serialize)]
pub struct TestRun {
    /// The command.
    pub command: Command,
    /// The pilot that it sent; none when it sent none, or when that is kept no longer.
    pub pilot: Option<PilotSummary>,
}

/// The page.
#[derive(Template)]
#[template(path = "label.html")]
pub struct Label {
    frame: Frame,
    factory: String,
    name: String,
    info: Option<LabelInfo>,
    counts: Vec<Count>,
    recent: Vec<Recent>,
    plots: Plots,
    ends: Vec<EndedPilots>,
    cores: UseOfCores,
    timeline: Vec<Entry>,
    configuration: Option<ConfigurationView>,
    pilots: Vec<PilotSummary>,
    tests: Vec<TestRun>,
    control: Control,
    reported: bool,
    counted_errors: Option<(String, Time)>,
}

impl Label {
    /// Builds the page; `site` is that of its queue.
    pub fn new(frame: Frame, factory: String, name: String, site: &str, situation: Situation, plots: Plots) -> Label {
        let pilots = Link::to("/pilots").with("factory", &factory).with("label", &name);
        let control = Control::of_label(&frame, &factory, &name, site, situation.orders);
        Label {
            control: if situation.reported { control.without_actions() } else { control },
            reported: situation.reported,
            counted_errors: situation.counted_errors,
            frame,
            counts: match situation.reported {
                true => cells::of_reported_pilots(&situation.counts, &pilots),
                false => cells::of_all_pilots(&situation.counts, &pilots),
            },
            configuration: situation.configuration.as_ref().map(|known| ConfigurationView::new(&factory, known)),
            timeline: timeline(
                situation.decisions,
                situation.configuration.as_ref().map(|known| known.changes.as_slice()).unwrap_or_default(),
            ),
            factory,
            name,
            info: situation.info,
            recent: situation.recent,
            plots,
            ends: situation.ends,
            cores: UseOfCores::new(situation.core_time),
            pilots: situation.pilots,
            tests: situation.tests,
        }
    }
}

/// `GET /factories/{name}/labels/{label}`.
pub async fn show(
    State(state): State<AppState>,
    asked: Asked,
    Path((factory, label)): Path<(String, String)>,
) -> Answer {
    let read = Reader::new(&state, &asked);
    let (some_factory, some_label) = (Some(factory.clone()), Some(label.clone()));
    let of_label = HistoryQuery { factory: some_factory.clone(), label: some_label.clone(), ..HistoryQuery::default() };
    let plots = Plots::read(&read, &asked, link::label(&factory, &label), of_label).await?;
    let said = read.factory(&factory).await?;
    let pilots = PilotQuery { factory: some_factory.clone(), label: some_label.clone(), ..PilotQuery::default() };
    let ends = EndsQuery { factory: some_factory.clone(), label: some_label.clone(), ..EndsQuery::default() };
    let decided =
        DecisionQuery { factory: some_factory, label: some_label, limit: Some(SIDE_ROWS), ..DecisionQuery::default() };
    let recent = read.recent(&factory, &label).await?;
    let reported = said.as_ref().and_then(|said| said.reported.as_ref());
    let counted_errors = reported.and_then(|told| told.counted_errors(&label, asked.now));
    let (is_reported, info) = (
        reported.is_some(),
        said.as_ref().and_then(|said| said.said.labels.iter().find(|one| one.name == label)).cloned(),
    );
    let queue = info.as_ref().map(|info| info.queue.clone()).unwrap_or_default();
    let orders = read.orders(Some(factory.clone())).await?;
    let situation = Situation {
        info,
        reported: is_reported,
        counted_errors,
        configuration: configuration::read(&read, &factory, Some(&label)).await?,
        tests: read.tests(&factory, &label).await?,
        orders: orders_on(&orders, &factory, &label, &queue, asked.now).into_iter().cloned().collect(),
        counts: read.pilot_counts(&pilots).await?,
        recent: recent.into_iter().map(|(name, flow)| Recent { name, flow }).collect(),
        core_time: read.core_time(ends.clone()).await?.iter().fold(CoreTime::default(), |sum, of| sum + of.time),
        ends: read.ends(ends).await?,
        decisions: read.decisions(decided).await?.decisions,
        pilots: read.pilots(PilotQuery { limit: Some(SIDE_ROWS), ..pilots }).await?.pilots,
    };
    if asked.json {
        return frame::data(&json!({ "label": situation, "history": plots }));
    }
    let site = read.site_of(queue.clone()).await?;
    let about = About::of(&read.open_alarms().await?, |subject| match subject.kind {
        SubjectKind::Label => subject.factory == factory && subject.name == label,
        SubjectKind::Factory => subject.name == factory,
        SubjectKind::Queue => subject.name == queue,
        SubjectKind::Site => subject.name == site,
        _ => false,
    });
    let frame = Frame::new(Section::Factories, format!("Label {label}"), &asked).with_plots().about(about);
    let frame = frame.live(&[&format!("factory:{factory}"), "pilots", "alarms"]);
    frame::shown(&Label::new(frame, factory, label, &site, situation, plots))
}
