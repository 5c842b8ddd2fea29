//! `/queues/{name}`: one queue, who serves it, and why pilots were submitted or not.

use super::about::About;
use super::cells::{self, Cell, Count};
use super::control::held;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::label_pilots::LabelPilots;
use super::link::Link;
use super::plots::Plots;
use super::queue_row::QueueSituation;
use super::reading::{Reader, SIDE_ROWS, of_queue};
use super::{assets, link, moment, number, result, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::SubjectKind;
use model::job::JobSummary;
use model::{Decision, Demand, FactorySummary, Order, QueueRecord, QueueStatus, StatusChange, Time};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use wire::api::{DecisionQuery, HistoryQuery, JobQuery};

/// Pilots in the row of a label.
const LABEL_COLUMNS: [&str; 4] = ["Created", "Running", "Done 1 h", "Fault 1 h"];

/// A label that serves the queue.
struct LabelRow {
    factory: String,
    name: String,
    batch: String,
    system: String,
    trouble: String,
    /// What orders make of it, such as `paused`.
    held: Option<String>,
    cells: Vec<Cell>,
}

/// What happened in the queue.
#[derive(Serialize)]
pub struct Past {
    /// What was decided for it, newest first.
    pub decisions: Vec<Decision>,
    /// Its newest jobs.
    pub latest: Vec<JobSummary>,
    /// Its pilots.
    #[serde(rename = "history")]
    pub plots: Plots,
}

/// The page.
#[derive(Template)]
#[template(path = "queue.html")]
pub struct Queue {
    frame: Frame,
    queue: QueueRecord,
    /// Who set the status that it has, unless it is online.
    status_set: Option<StatusChange>,
    limits: String,
    jobs: Vec<Count>,
    pilots: Vec<Count>,
    idle: String,
    demand: Demand,
    labels: Vec<LabelRow>,
    past: Past,
}

impl Queue {
    /// Builds the page.
    pub fn new(
        frame: Frame,
        situation: QueueSituation,
        demand: Demand,
        factories: &[Arc<FactorySummary>],
        pilots: &LabelPilots,
        orders: &[Order],
        past: Past,
    ) -> Queue {
        let queue = situation.queue;
        Queue {
            labels: labels(&queue.name, factories, pilots, orders, frame.now),
            frame,
            status_set: situation.status_set.filter(|_| queue.status != QueueStatus::Online),
            limits: limits(&queue),
            jobs: cells::of_jobs(&situation.jobs, &Link::to("/jobs").with("queue", &queue.name)),
            pilots: cells::of_pilots(&situation.pilots, &Link::to("/pilots").with("queue", &queue.name)),
            idle: number::counted(situation.idle_slots, "slot"),
            demand,
            past,
            queue,
        }
    }
}

fn labels(
    queue: &str,
    factories: &[Arc<FactorySummary>],
    pilots: &LabelPilots,
    orders: &[Order],
    now: Time,
) -> Vec<LabelRow> {
    let all = factories.iter().flat_map(|factory| factory.said.labels.iter().map(move |label| (factory, label)));
    let serving = all.filter(|(_, label)| label.queue == queue);
    serving
        .map(|(factory, label)| {
            let mut cells = pilots.of_label(&factory.name, &label.name);
            cells.remove(2);
            LabelRow {
                factory: factory.name.clone(),
                name: label.name.clone(),
                batch: label.batch.clone(),
                system: label.system.clone(),
                trouble: label.trouble.clone(),
                held: held(orders, &factory.name, label, now),
                cells,
            }
        })
        .collect()
}

fn limits(queue: &QueueRecord) -> String {
    let largest = largest_job(queue);
    if largest.is_empty() { "Jobs of any size.".to_owned() } else { format!("Jobs of at most {largest}.") }
}

/// What a job in the queue may need at most; empty when there is no limit.
pub fn largest_job(queue: &QueueRecord) -> String {
    let mut parts = Vec::new();
    if queue.max_cores > 0 {
        parts.push(number::counted(u64::from(queue.max_cores), "core"));
    }
    if queue.max_memory_mib > 0 {
        parts.push(format!("{} MiB", queue.max_memory_mib));
    }
    if queue.max_wall_time_s > 0 {
        parts.push(result::seconds_whole(&queue.max_wall_time_s));
    }
    parts.join(", ")
}

/// `GET /queues/{name}`.
pub async fn show(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    let read = Reader::new(&state, &asked);
    let situation = read.queue(&name).await?;
    let demand = read.demand(&name).await?;
    let factories = read.factories().await?;
    let pilots = read.label_pilots().await?;
    let orders = read.orders(None).await?;
    let decisions = read.decisions(DecisionQuery { limit: Some(SIDE_ROWS), ..of_queue(&name) }).await?.decisions;
    let latest = JobQuery { queue: Some(name.clone()), limit: Some(SIDE_ROWS), ..JobQuery::default() };
    let latest = read.jobs(latest).await?.jobs;
    let of_queue = HistoryQuery { queue: Some(name.clone()), ..HistoryQuery::default() };
    let plots = Plots::read(&read, &asked, link::queue(&name), of_queue).await?;
    let past = Past { decisions, latest, plots };
    if asked.json {
        return frame::data(&json!({ "queue": situation, "demand": demand, "past": past }));
    }
    let topic = format!("queue:{name}");
    let about = About::of(&read.open_alarms().await?, |subject| {
        subject.queue == name || (subject.kind == SubjectKind::Site && subject.name == situation.queue.site)
    });
    let frame = Frame::new(Section::Queues, format!("Queue {name}"), &asked).with_plots().about(about);
    let frame = frame.live(&[&topic, "jobs", "pilots", "factories", "alarms"]);
    frame::shown(&Queue::new(frame, situation, demand, &factories, &pilots, &orders, past))
}
