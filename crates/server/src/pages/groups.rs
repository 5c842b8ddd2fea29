//! `/sites`, `/regions` and `/tags`: queues that belong together, and how they do.

use super::cells::Cell;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::{self, Link};
use super::queue_row::QueueSituation;
use super::reading::Reader;
use super::sorting::{self, Column, Sorting, Value};
use super::use_of_cores::UseOfCores;
use super::{assets, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::{CoreTime, JobState, PilotFlow, PilotState, QueueRecord};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wire::api::EndsQuery;

/// What queues are put together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Their site.
    Site,
    /// The region of their site.
    Region,
    /// Each of their tags.
    Tag,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Site, Kind::Region, Kind::Tag];

    /// The word for one.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Site => "site",
            Kind::Region => "region",
            Kind::Tag => "tag",
        }
    }

    /// The heading above all.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Site => "Sites",
            Kind::Region => "Regions",
            Kind::Tag => "Tags",
        }
    }

    /// The page of all.
    pub fn path(self) -> &'static str {
        match self {
            Kind::Site => "/sites",
            Kind::Region => "/regions",
            Kind::Tag => "/tags",
        }
    }

    /// The page of one.
    pub fn page(self, name: &str) -> String {
        match self {
            Kind::Site => link::site(name),
            Kind::Region => link::region(name),
            Kind::Tag => link::tag(name),
        }
    }

    /// The groups in which a queue is.
    pub fn of(self, queue: &QueueRecord) -> Vec<&str> {
        match self {
            Kind::Site => named(&queue.site),
            Kind::Region => named(&queue.region),
            Kind::Tag => queue.tags.iter().map(String::as_str).collect(),
        }
    }
}

fn named(name: &str) -> Vec<&str> {
    Some(name).filter(|name| !name.is_empty()).into_iter().collect()
}

/// What all groups have together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sums {
    /// Their queues.
    pub queues: u64,
    /// Jobs that wait for a pilot.
    pub waiting: u64,
    /// Jobs with pilots.
    pub with_pilots: u64,
    /// Pilots by state.
    pub pilots: BTreeMap<PilotState, u64>,
    /// What happened to pilots in the last hour.
    pub last_hour: PilotFlow,
    /// What the cores of pilots were used for that ended in the last day.
    pub core_time: CoreTime,
}

/// One group.
struct Row {
    name: String,
    href: String,
    cells: Vec<(&'static str, Cell)>,
    cores: UseOfCores,
    time: CoreTime,
}

/// Counts of a group.
const COUNTS: [&str; 8] =
    ["Queues", "Waiting", "With pilots", "Created", "Running", "Exiting", "Done 1 h", "Fault 1 h"];

/// What rows can be sorted by: their name, counts, and what their cores did.
fn sortable(kind: Kind) -> Vec<&'static str> {
    let name = match kind {
        Kind::Site => "Site",
        Kind::Region => "Region",
        Kind::Tag => "Tag",
    };
    [name].into_iter().chain(COUNTS).chain(["Core-hours 24 h", "Efficiency"]).collect()
}

impl Row {
    fn value(&self, column: usize) -> Value<'_> {
        match column {
            0 => Value::Text(&self.name),
            nth if nth <= COUNTS.len() => Value::Number(self.cells[nth - 1].1.number as f64),
            nth if nth == COUNTS.len() + 1 => Value::Number(self.time.total_ms() as f64),
            _ => Value::Number(self.time.efficiency().unwrap_or(-1.0)),
        }
    }
}

#[derive(Template)]
#[template(path = "groups.html")]
struct Groups {
    frame: Frame,
    kind: Kind,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// How the rows are sorted; by their name when nobody says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupsView {
    sort: Option<String>,
}

/// What queues have by group.
pub fn sums(kind: Kind, queues: &[QueueSituation], facts: &Facts) -> BTreeMap<String, Sums> {
    let mut groups: BTreeMap<String, Sums> = BTreeMap::new();
    for queue in queues {
        for name in kind.of(&queue.queue) {
            let sums = groups.entry(name.to_owned()).or_default();
            sums.queues += 1;
            sums.waiting += queue.jobs.of(JobState::Activated);
            sums.with_pilots +=
                queue.jobs.0.iter().filter(|(state, _)| state.is_with_pilot()).map(|(_, n)| n).sum::<u64>();
            queue.pilots.iter().for_each(|(state, pilots)| *sums.pilots.entry(*state).or_default() += pilots);
            sums.last_hour += facts.last_hour.get(&queue.queue.name).copied().unwrap_or_default();
            sums.core_time += facts.core_time.get(&queue.queue.name).copied().unwrap_or_default();
        }
    }
    groups
}

/// What is known by queue.
#[derive(Debug, Default)]
pub struct Facts {
    /// What happened to pilots in the last hour.
    pub last_hour: BTreeMap<String, PilotFlow>,
    /// What the cores of pilots were used for that ended in the last day.
    pub core_time: BTreeMap<String, CoreTime>,
}

impl Facts {
    /// Reads them.
    pub async fn read(read: &Reader<'_>) -> Result<Facts, super::problem::PageError> {
        let mut facts = Facts::default();
        for flow in read.flows(1).await?.iter() {
            *facts.last_hour.entry(flow.queue.clone()).or_default() += flow.flow;
        }
        for of in read.core_time(EndsQuery::default()).await? {
            *facts.core_time.entry(of.queue).or_default() += of.time;
        }
        Ok(facts)
    }
}

fn row(kind: Kind, name: String, sums: &Sums) -> Row {
    let href = kind.page(&name);
    let jobs = |narrow: fn(Link) -> Link| match kind {
        Kind::Site => narrow(Link::to("/jobs").with("site", &name)).url(),
        _ => href.clone(),
    };
    let waiting = jobs(|link| link.with("state", JobState::Activated));
    let with_pilots = jobs(|link| link.with("with_pilot", true));
    let pilots = |wanted: fn(PilotState) -> bool| super::cells::sum(&sums.pilots, wanted);
    let here = |number: u64| Cell { number, href: href.clone() };
    let history = |number: u64| Cell { number, href: format!("{href}#h-history") };
    let counts = [
        here(sums.queues),
        Cell { number: sums.waiting, href: waiting },
        Cell { number: sums.with_pilots, href: with_pilots },
        here(pilots(PilotState::is_pending)),
        here(pilots(|state| state == PilotState::Running)),
        here(pilots(|state| state == PilotState::Exiting)),
        history(sums.last_hour.done),
        history(sums.last_hour.fault),
    ];
    let (cells, cores) = (COUNTS.into_iter().zip(counts).collect(), UseOfCores::new(sums.core_time));
    Row { name, href, cells, cores, time: sums.core_time }
}

async fn show(kind: Kind, state: AppState, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let GroupsView { sort } = asked.query()?;
    let names = sortable(kind);
    let sorting = Sorting::read(sort.as_deref(), &names).map_err(|error| read.fail(error))?;
    let groups = sums(kind, &read.queues().await?, &Facts::read(&read).await?);
    if asked.json {
        return frame::data(&groups);
    }
    let frame = Frame::new(Section::Sites, kind.plural(), &asked).live(&["queues", "jobs", "pilots"]);
    let mut rows: Vec<Row> = groups.into_iter().map(|(name, sums)| row(kind, name, &sums)).collect();
    if let Some(sorting) = sorting {
        sorting.sort(&mut rows, Row::value);
    }
    frame::shown(&Groups { frame, kind, columns: sorting::columns(kind.path(), &names, sorting), rows })
}

/// `GET /sites`.
pub async fn sites(State(state): State<AppState>, asked: Asked) -> Answer {
    show(Kind::Site, state, asked).await
}

/// `GET /regions`.
pub async fn regions(State(state): State<AppState>, asked: Asked) -> Answer {
    show(Kind::Region, state, asked).await
}

/// `GET /tags`.
pub async fn tags(State(state): State<AppState>, asked: Asked) -> Answer {
    show(Kind::Tag, state, asked).await
}
