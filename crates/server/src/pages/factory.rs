//! `/factories/{name}`: one factory, its labels and what they decided.

use super::about::About;
use super::cells::Cell;
use super::configuration::{self, ConfigurationView};
use super::control::{Control, held};
use super::factory_row::{COLUMNS, FactoryRow, factory_row};
use super::frame::{self, Answer, Asked, Frame, Section};
use super::label_pilots::LabelPilots;
use super::plots::Plots;
use super::reading::{Reader, SIDE_ROWS};
use super::{assets, link, moment, number, result, words};
use crate::{ApiError, AppState};
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::{Grade, Rule, RuleSettings, Severity, Subject};
use model::{
    BadNode, Configuration, CredentialInfo, Decision, EndPointHealth, FactoryHealth, FactoryHeartbeat, FactorySummary,
    FileSystemHealth, LabelInfo, MonitorInfo, Order, Reported, SourceInfo, Time,
};
use serde_json::json;
use std::collections::BTreeMap;
use wire::api::{DecisionQuery, HistoryQuery};

/// One label with everything its row shows.
struct LabelRow {
    name: String,
    queue: String,
    batch: String,
    system: String,
    chain: String,
    trouble: String,
    /// What orders make of it, such as `paused`.
    held: Option<String>,
    /// Each with its column.
    cells: Vec<(&'static str, Cell)>,
    last: Option<Decision>,
    /// Errors that a factory of other software counted a short time ago, in words, and when.
    counted_errors: Option<(String, Time)>,
}

/// One credential.
struct CredentialRow {
    info: CredentialInfo,
    end: Option<Time>,
    is_over: bool,
}

/// How the factory's host and its end points are doing.
struct Health {
    host: FactoryHealth,
    /// Bytes of memory that are available, and all.
    memory: (u64, u64),
    /// Each with how bad it is that it is so full.
    file_systems: Vec<(FileSystemHealth, Option<Severity>)>,
    /// Each with the number of labels that submit to it.
    end_points: Vec<(EndPointHealth, usize)>,
}

impl Health {
    fn new(said: &FactoryHeartbeat, disk: &RuleSettings) -> Option<Health> {
        let host = said.health.clone()?;
        let labels = |name: &str| said.labels.iter().filter(|label| label.batch == name).count();
        let severity = |percent: u8| match disk.grade(Rule::Disk, percent.into()) {
            Some(Grade::Bad(severity)) if disk.enabled => Some(severity),
            _ => None,
        };
        Some(Health {
            memory: (host.memory_available_mib << 20, host.memory_mib << 20),
            file_systems: host.file_systems.iter().map(|one| (one.clone(), severity(one.used_percent))).collect(),
            end_points: host.end_points.iter().map(|one| (one.clone(), labels(&one.name))).collect(),
            host,
        })
    }
}

/// The page.
#[derive(Template)]
#[template(path = "factory.html")]
pub struct Factory {
    frame: Frame,
    factory: FactoryRow,
    pid: u32,
    reported: Option<Reported>,
    trouble: String,
    labels: Vec<LabelRow>,
    sources: Vec<SourceInfo>,
    monitors: Vec<MonitorInfo>,
    credentials: Vec<CredentialRow>,
    health: Option<Health>,
    nodes: Vec<BadNode>,
    decisions: Vec<Decision>,
    plots: Plots,
    configuration: Option<ConfigurationView>,
    control: Control,
}

/// What the server remembers of a factory.
pub struct Known {
    /// The last decision of each label, by its name.
    pub last: BTreeMap<String, Decision>,
    /// The newest decisions.
    pub decisions: Vec<Decision>,
    /// Orders in force.
    pub orders: Vec<Order>,
    /// The history of its pilots.
    pub plots: Plots,
    /// What it told of its configuration.
    pub configuration: Option<Configuration>,
    /// By what the alarm about its file systems goes.
    pub disk: RuleSettings,
}

impl Factory {
    /// Builds the page.
    pub fn new(frame: Frame, factory: &FactorySummary, pilots: &LabelPilots, known: Known) -> Factory {
        let Known { mut last, decisions, orders, plots, configuration, disk } = known;
        let label = |info: &LabelInfo| LabelRow {
            held: held(&orders, &factory.name, info, frame.now),
            counted_errors: factory.reported.as_ref().and_then(|told| told.counted_errors(&info.name, frame.now)),
            ..label_row(&factory.name, info, pilots, last.remove(&info.name))
        };
        let labels = factory.said.labels.iter().map(label).collect();
        let row = factory_row(factory, frame.now, pilots, &[]);
        let said = &factory.said;
        Factory {
            factory: row,
            pid: said.pid,
            reported: factory.reported.clone(),
            trouble: said.trouble.clone(),
            labels,
            sources: said.sources.clone(),
            monitors: said.monitors.clone(),
            credentials: said.credentials.iter().map(|info| credential_row(info, frame.now)).collect(),
            health: Health::new(said, &disk),
            nodes: said.nodes.clone(),
            decisions,
            plots,
            configuration: configuration.map(|known| ConfigurationView::new(&factory.name, &known)),
            control: Control::of_factory(&frame, &factory.name, orders),
            frame,
        }
    }
}

fn credential_row(info: &CredentialInfo, now: Time) -> CredentialRow {
    let end = info.end();
    CredentialRow { info: info.clone(), end, is_over: end.is_some_and(|end| end <= now) }
}

fn label_row(factory: &str, info: &LabelInfo, pilots: &LabelPilots, last: Option<Decision>) -> LabelRow {
    LabelRow {
        name: info.name.clone(),
        queue: info.queue.clone(),
        batch: info.batch.clone(),
        system: info.system.clone(),
        chain: info.chain.join(" → "),
        trouble: info.trouble.clone(),
        held: None,
        counted_errors: None,
        cells: COLUMNS.into_iter().zip(pilots.of_label(factory, &info.name)).collect(),
        last,
    }
}

/// `GET /factories/{name}`.
pub async fn show(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    let read = Reader::new(&state, &asked);
    let Some(factory) = read.factory(&name).await? else {
        let detail = format!("there is no factory '{}'", number::capped(&name, 80));
        return Err(read.fail(ApiError::missing("unknown-factory", detail)));
    };
    let of_factory = DecisionQuery { factory: Some(name.clone()), ..DecisionQuery::default() };
    let mut last = BTreeMap::new();
    for label in &factory.said.labels {
        let of_label = DecisionQuery { label: Some(label.name.clone()), ..of_factory.clone() };
        last.extend(read.last_decision(of_label).await?.map(|decision| (label.name.clone(), decision)));
    }
    let decisions = read.decisions(DecisionQuery { limit: Some(SIDE_ROWS), ..of_factory }).await?.decisions;
    let pilots = read.label_pilots().await?;
    let of_factory = HistoryQuery { factory: Some(name.clone()), ..HistoryQuery::default() };
    let plots = Plots::read(&read, &asked, link::factory(&name), of_factory).await?;
    let orders = read.orders(Some(name.clone())).await?;
    let configuration = configuration::read(&read, &name, None).await?;
    if asked.json {
        let labels: Vec<_> = pilots.rows(Some(&name)).collect();
        return frame::data(&json!({
            "factory": *factory, "labels": labels, "decisions": decisions, "orders": orders, "history": plots,
            "configuration": configuration,
        }));
    }
    let disk = state.config.alarms.rules.of(Rule::Disk, &Subject::factory(&name));
    let known = Known { last, decisions, orders, plots, configuration, disk };
    let topic = format!("factory:{name}");
    let about = About::of(&read.open_alarms().await?, |subject| subject.factory == name);
    let frame = Frame::new(Section::Factories, format!("Factory {name}"), &asked).with_plots().about(about);
    frame::shown(&Factory::new(frame.live(&[&topic, "pilots", "alarms"]), &factory, &pilots, known))
}
