//! `/sites/{name}`, `/regions/{name}` and `/tags/{name}`: one group of queues, who serves it, and what goes wrong there.

use super::about::About;
use super::cells::{self, Count};
use super::control::held;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::groups::{self, Facts, Kind, Sums};
use super::link::Link;
use super::messages::{self, MessageRow};
use super::plots::Plots;
use super::queue_row::{self, QueueRow, QueueSituation};
use super::reading::{Reader, SIDE_ROWS};
use super::sorting::{self, Column};
use super::use_of_cores::UseOfCores;
use super::{assets, link, moment, number, tone, words};
use crate::{ApiError, AppState};
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::SubjectKind;
use model::job::JobCounts;
use model::{FactorySummary, LabelInfo, Order, Time};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use wire::api::{AlarmView, EndsQuery, HistoryQuery, NodeInfo, NodeQuery, PilotErrors};

/// The most messages that are listed.
const MESSAGES_SHOWN: usize = 10;

/// What changes the page.
const TOPICS: &[&str] = &["queues", "jobs", "pilots", "factories", "alarms"];

/// A label that serves one of the queues.
struct Serving {
    factory: String,
    info: LabelInfo,
    /// What orders make of it, such as `paused`.
    held: Option<String>,
}

/// What the page is made of.
#[derive(Serialize)]
pub struct Situation {
    /// Of all queues together.
    pub sums: Sums,
    /// The queues.
    pub queues: Vec<QueueSituation>,
    /// Pilots in fault of the last day.
    pub errors: PilotErrors,
    /// Nodes that swallow what is sent to them.
    pub bad_nodes: Vec<NodeInfo>,
    /// Orders in force, of all labels.
    #[serde(skip)]
    pub orders: Vec<Order>,
    /// All open alarms.
    #[serde(skip)]
    pub alarms: Arc<Vec<AlarmView>>,
    /// The history of pilots; none for tags, which are not counted.
    #[serde(rename = "history")]
    pub plots: Option<Plots>,
}

/// The page.
#[derive(Template)]
#[template(path = "group.html")]
pub struct Group {
    frame: Frame,
    kind: Kind,
    name: String,
    /// Region of a site, sites of a region.
    around: Vec<(String, String)>,
    jobs: Vec<Count>,
    pilots: Vec<Count>,
    sums: Sums,
    cores: UseOfCores,
    queues: Vec<QueueRow>,
    queue_columns: Vec<Column>,
    labels: Vec<Serving>,
    messages: Vec<MessageRow>,
    /// Pilots in fault of the last day.
    faults: u64,
    nodes: Vec<NodeInfo>,
    plots: Option<Plots>,
}

impl Group {
    /// Builds the page.
    pub fn new(
        frame: Frame,
        kind: Kind,
        name: String,
        situation: Situation,
        factories: &[Arc<FactorySummary>],
    ) -> Group {
        let Situation { sums, queues, errors, bad_nodes, orders, alarms, plots } = situation;
        let mut jobs = JobCounts::default();
        for (state, count) in queues.iter().flat_map(|queue| &queue.jobs.0) {
            *jobs.0.entry(*state).or_default() += count;
        }
        let of_jobs = cells::of_jobs(&jobs, &Link::to("/jobs").with("site", &name));
        let names: BTreeSet<&str> = queues.iter().map(|queue| queue.queue.name.as_str()).collect();
        let labels = serving(&names, factories, &orders, frame.now);
        let around = around(kind, &queues);
        let about = about(&queues, &alarms);
        Group {
            jobs: if kind == Kind::Site { of_jobs } else { by_queue(of_jobs) },
            pilots: by_queue(cells::of_pilots(&sums.pilots, &Link::to("/pilots"))),
            cores: UseOfCores::new(sums.core_time),
            faults: errors.classes.iter().map(|class| class.pilots).sum(),
            messages: messages::rows(&errors.messages, MESSAGES_SHOWN),
            nodes: bad_nodes,
            queues: queue_row::rows(queues, &alarms),
            queue_columns: sorting::fixed(&queue_row::SORTABLE),
            frame: frame.about(about),
            kind,
            name,
            around,
            sums,
            labels,
            plots,
        }
    }

    /// A page about ended pilots, narrowed to this group unless it is a tag.
    fn narrowed(&self, page: &str) -> String {
        match self.kind {
            Kind::Tag => page.to_owned(),
            kind => Link::to(page).with(kind.word(), &self.name).url(),
        }
    }
}

/// Alarms of these queues and of their sites.
fn about(queues: &[QueueSituation], alarms: &[AlarmView]) -> About {
    let names: BTreeSet<&str> = queues.iter().map(|queue| queue.queue.name.as_str()).collect();
    let sites: BTreeSet<&str> = queues.iter().map(|queue| queue.queue.site.as_str()).collect();
    About::of(alarms, |subject| {
        let is_site = subject.kind == SubjectKind::Site && sites.contains(subject.name.as_str());
        is_site || names.contains(subject.queue.as_str())
    })
}

/// Counts that no listing can be narrowed to: they lead to the table of queues, whose counts do.
fn by_queue(counts: Vec<Count>) -> Vec<Count> {
    counts.into_iter().map(|count| Count { href: "#h-queues".to_owned(), ..count }).collect()
}

fn serving(queues: &BTreeSet<&str>, factories: &[Arc<FactorySummary>], orders: &[Order], now: Time) -> Vec<Serving> {
    let all = factories.iter().flat_map(|factory| factory.said.labels.iter().map(move |info| (factory, info)));
    let serving = all.filter(|(_, info)| queues.contains(info.queue.as_str()));
    serving
        .map(|(factory, info)| Serving {
            factory: factory.name.clone(),
            info: info.clone(),
            held: held(orders, &factory.name, info, now),
        })
        .collect()
}

fn around(kind: Kind, queues: &[QueueSituation]) -> Vec<(String, String)> {
    let of = |name: fn(&QueueSituation) -> &str, page: fn(&str) -> String| {
        let names: BTreeSet<&str> = queues.iter().map(name).filter(|name| !name.is_empty()).collect();
        names.into_iter().map(|name| (name.to_owned(), page(name))).collect()
    };
    match kind {
        Kind::Site => of(|queue| &queue.queue.region, link::region),
        Kind::Region | Kind::Tag => of(|queue| &queue.queue.site, link::site),
    }
}

async fn show(kind: Kind, name: String, state: AppState, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let mut queues = read.queues().await?;
    queues.retain(|queue| kind.of(&queue.queue).contains(&name.as_str()));
    if queues.is_empty() {
        let detail = format!("there is no {} '{}'", kind.word(), number::capped(&name, 80));
        return Err(read.fail(ApiError::missing("unknown-group", detail)));
    }
    // A region has many queues: what was last decided for each stands on the page of its site.
    if kind == Kind::Site {
        read.decided(&mut queues).await?;
    }
    let (site, region) = match kind {
        Kind::Site => (Some(name.clone()), None),
        Kind::Region => (None, Some(name.clone())),
        Kind::Tag => (None, None),
    };
    let names: BTreeSet<String> = queues.iter().map(|queue| queue.queue.name.clone()).collect();
    let ends = EndsQuery { site: site.clone(), region: region.clone(), ..EndsQuery::default() };
    let nodes = NodeQuery { site: site.clone(), bad: Some(true), limit: Some(1000), ..NodeQuery::default() };
    let history = HistoryQuery { site, region, ..HistoryQuery::default() };
    let plots = async {
        match kind {
            Kind::Tag => Ok(None),
            kind => Plots::read(&read, &asked, kind.page(&name), history).await.map(Some),
        }
    };
    // On a large grid each takes a while when nobody looked for some time.
    let (facts, mut errors, nodes, plots) =
        tokio::try_join!(Facts::read(&read), read.errors(ends), read.nodes(nodes), plots)?;
    let mut sums = groups::sums(kind, &queues, &facts);
    errors.classes.retain(|class| names.contains(&class.queue));
    errors.messages.retain(|message| names.contains(&message.count.queue));
    let mut bad_nodes = nodes.nodes;
    bad_nodes.retain(|node| names.contains(&node.queue));
    bad_nodes.truncate(SIDE_ROWS as usize);
    let sums = sums.remove(&name).unwrap_or_default();
    let orders = read.orders(None).await?;
    let alarms = read.open_alarms().await?;
    let situation = Situation { sums, queues, errors, bad_nodes, orders, alarms, plots };
    if asked.json {
        return frame::data(&situation);
    }
    let factories = read.factories().await?;
    let title = format!("{} {name}", number::capitalised(kind.word()));
    let frame = Frame::new(Section::Sites, title, &asked).with_plots().live(TOPICS);
    frame::shown(&Group::new(frame, kind, name, situation, &factories))
}

/// `GET /sites/{name}`.
pub async fn site(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    show(Kind::Site, name, state, asked).await
}

/// `GET /regions/{name}`.
pub async fn region(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    show(Kind::Region, name, state, asked).await
}

/// `GET /tags/{name}`.
pub async fn tag(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    show(Kind::Tag, name, state, asked).await
}
