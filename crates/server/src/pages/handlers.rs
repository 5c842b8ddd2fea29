//! Handlers of all pages: each reads what its view needs and hands it over.

use super::decisions::Decisions;
use super::factories::Factories;
use super::factory::Factory;
use super::frame::{self, Asked, Frame, Section};
use super::job::{Allowed, Job, Siblings};
use super::jobs::Jobs;
use super::label::{Label, Recent, Situation as LabelSituation};
use super::link::{self, Link};
use super::log_index::{Kept, LogIndexPage};
use super::number;
use super::overview::{Overview, Situation};
use super::pilot::{Pilot, PilotLog};
use super::pilots::{Choices, Pilots};
use super::plots::{PlotView, Plots};
use super::problem::PageError;
use super::queue::{Past, Queue};
use super::queues::Queues;
use super::reading::{Reader, in_state, of_queue};
use crate::{ApiError, AppState};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, Uri};
use model::job::LogStream;
use model::{JobId, JobState, PilotId, label_health};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::str::FromStr;
use wire::api::{DecisionQuery, EndsQuery, HistoryQuery, JobQuery, LogIndexQuery, PREFIX, PilotQuery};

/// Rows of the short lists on the overview.
const SHORT_ROWS: u32 = 10;
/// Rows of the lists on the pages of one thing.
const SIDE_ROWS: u32 = 20;
/// Rows of listings.
const ROWS: u32 = 100;

type Answer = Result<Response, PageError>;

fn shown(template: &impl askama::Template) -> Answer {
    Ok(frame::page(StatusCode::OK, template))
}

/// `GET /`.
pub async fn overview(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let situation = Situation {
        jobs: read.counts(JobQuery::default()).await?.unwrap_or_default(),
        queues: read.queues().await?,
        demand: read.all_demand().await?,
        factories: read.factories().await?,
        running: read.jobs(in_state(JobState::Running, SHORT_ROWS)).await?.jobs,
        failed: read.failures(SHORT_ROWS).await?,
        flows: read.flows(label_health::HOURS).await?,
        ends: read.ends(EndsQuery { hours: Some(label_health::HOURS as u32), ..EndsQuery::default() }).await?,
        plots: plots(&read, &asked, "/".to_owned(), HistoryQuery::default()).await?,
    };
    let frame = Frame::new(Section::Overview, "Overview", &asked).with_plots().live(&["overview"]);
    shown(&Overview::new(frame, situation))
}

/// `GET /jobs`. A single id, as from the find box, leads to the job itself.
pub async fn jobs(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: JobQuery = asked.query()?;
    if let Some(id) = single_id(&query) {
        return Ok(Redirect::to(&format!("/jobs/{id}")).into_response());
    }
    let read = Reader::new(&state, &asked);
    let everywhere = JobQuery { state: None, with_pilot: None, cursor: None, limit: None, ..query.clone() };
    let counts = read.counts(everywhere).await?;
    let page = read.jobs(JobQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    let queues = read.queue_names().await?;
    let frame = Frame::new(Section::Jobs, "Jobs", &asked).live(&["jobs"]);
    shown(&Jobs::new(frame, query, counts, queues, page.jobs, page.next))
}

fn single_id(query: &JobQuery) -> Option<JobId> {
    let ids = query.ids.as_ref()?;
    let only = JobQuery { ids: Some(ids.clone()), ..JobQuery::default() } == *query;
    ids.trim().parse().ok().filter(|_| only)
}

/// Which output of which attempt a job's page shows.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobView {
    attempt: Option<u32>,
    stream: Option<LogStream>,
}

/// `GET /jobs/{id}`.
pub async fn job(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: JobId = id_of("job", &id, &asked)?;
    let view: JobView = asked.query()?;
    let stream = view.stream.unwrap_or(LogStream::Stdout);
    let read = Reader::new(&state, &asked);
    let detail = read.job(id).await?;
    let index = i64::try_from(detail.summary.index).unwrap_or_default();
    let siblings =
        Siblings { first: JobId(id.0 - index), size: read.submission_size(detail.summary.submission).await? };
    let log = read.log(id, stream, view.attempt).await?;
    let allowed = Allowed { manage: read.may_manage(&detail.summary).await };
    let topic = format!("job:{id}");
    let frame = Frame::new(Section::Jobs, format!("Job {id}"), &asked).live(&[&topic]);
    let elsewhere = state.config.links.of_job(&detail.summary, detail.spec.task.0);
    shown(&Job::new(frame, detail, siblings, stream, log, allowed, elsewhere))
}

/// `POST /jobs/{id}/kill`.
pub async fn kill(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: JobId = id_of("job", &id, &asked)?;
    Reader::new(&state, &asked).kill(id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")).into_response())
}

/// `POST /jobs/{id}/retry`.
pub async fn retry(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: JobId = id_of("job", &id, &asked)?;
    Reader::new(&state, &asked).retry(id).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")).into_response())
}

/// `GET /queues`.
pub async fn queues(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let unplaced = read.counts(JobQuery::default()).await?.unwrap_or_default().of(JobState::Defined);
    let frame = Frame::new(Section::Queues, "Queues", &asked).live(&["queues", "jobs", "pilots", "factories"]);
    shown(&Queues::new(frame, unplaced, read.queues().await?))
}

/// `GET /queues/{name}`.
pub async fn queue(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    let read = Reader::new(&state, &asked);
    let situation = read.queue(&name).await?;
    let demand = read.demand(&name).await?;
    let factories = read.factories().await?;
    let pilots = read.label_pilots().await?;
    let decisions = read.decisions(DecisionQuery { limit: Some(SIDE_ROWS), ..of_queue(&name) }).await?.decisions;
    let latest = JobQuery { queue: Some(name.clone()), limit: Some(SIDE_ROWS), ..JobQuery::default() };
    let latest = read.jobs(latest).await?.jobs;
    let of_queue = HistoryQuery { queue: Some(name.clone()), ..HistoryQuery::default() };
    let plots = plots(&read, &asked, link::queue(&name), of_queue).await?;
    let topic = format!("queue:{name}");
    let frame = Frame::new(Section::Queues, format!("Queue {name}"), &asked).with_plots();
    let frame = frame.live(&[&topic, "jobs", "pilots", "factories"]);
    shown(&Queue::new(frame, situation, demand, &factories, &pilots, Past { decisions, latest, plots }))
}

/// `GET /pilots`.
pub async fn pilots(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: PilotQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let counts = read.pilot_counts(&query).await?;
    let page = read.pilots(PilotQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    let factories = read.factories().await?.into_iter().map(|factory| factory.name).collect();
    let choices = Choices { queues: read.queue_names().await?, factories };
    let frame = Frame::new(Section::Pilots, "Pilots", &asked).live(&["pilots"]);
    shown(&Pilots::new(frame, query, &counts, choices, page.pilots, page.next))
}

/// `GET /pilots/{id}`.
pub async fn pilot(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: PilotId = id_of("pilot", &id, &asked)?;
    let read = Reader::new(&state, &asked);
    let pilot = read.pilot(id).await?;
    let jobs = read.jobs(JobQuery { pilot: Some(id), limit: Some(SIDE_ROWS), ..JobQuery::default() }).await?.jobs;
    let logs = pilot_logs(&read, id).await?;
    let topic = format!("pilot:{id}");
    let may_command = read.may_command(&pilot.summary);
    let frame = Frame::new(Section::Pilots, format!("Pilot {id}"), &asked).live(&[&topic, "jobs"]);
    let elsewhere = state.config.links.of_pilot(&pilot.summary);
    shown(&Pilot::new(frame, pilot, jobs, logs, may_command, elsewhere))
}

async fn pilot_logs(read: &Reader<'_>, id: PilotId) -> Result<Vec<PilotLog>, PageError> {
    let kinds = [
        ("log", "Record of the batch system"),
        ("out", "Standard output of the batch job"),
        ("err", "Standard error of the batch job"),
    ];
    let mut logs = Vec::new();
    for (name, title) in kinds {
        if let Some(bytes) = read.pilot_log(id, name).await? {
            let whole = format!("{PREFIX}/pilots/{id}/logs/{name}");
            logs.push(PilotLog { name, title, whole, text: number::log_text(&bytes) });
        }
    }
    Ok(logs)
}

/// `POST /pilots/{id}/drain`.
pub async fn drain(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: PilotId = id_of("pilot", &id, &asked)?;
    Reader::new(&state, &asked).drain(id).await?;
    Ok(Redirect::to(&format!("/pilots/{id}")).into_response())
}

/// `GET /factories`.
pub async fn factories(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let frame = Frame::new(Section::Factories, "Factories", &asked).live(&["factories", "pilots"]);
    shown(&Factories::new(frame, &read.factories().await?, &read.label_pilots().await?))
}

/// `GET /factories/{name}`.
pub async fn factory(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    let read = Reader::new(&state, &asked);
    let all = read.factories().await?;
    let Some(factory) = all.iter().find(|factory| factory.name == name) else {
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
    let plots = plots(&read, &asked, link::factory(&name), of_factory).await?;
    let topic = format!("factory:{name}");
    let frame = Frame::new(Section::Factories, format!("Factory {name}"), &asked).with_plots();
    shown(&Factory::new(frame.live(&[&topic, "pilots"]), factory, &pilots, last, decisions, plots))
}

/// `GET /factories/{name}/labels/{label}`.
pub async fn label(
    State(state): State<AppState>,
    asked: Asked,
    Path((factory, label)): Path<(String, String)>,
) -> Answer {
    let read = Reader::new(&state, &asked);
    let (some_factory, some_label) = (Some(factory.clone()), Some(label.clone()));
    let of_label = HistoryQuery { factory: some_factory.clone(), label: some_label.clone(), ..HistoryQuery::default() };
    let plots = plots(&read, &asked, link::label(&factory, &label), of_label).await?;
    let said = read.factories().await?.into_iter().find(|one| one.name == factory);
    let pilots = PilotQuery { factory: some_factory.clone(), label: some_label.clone(), ..PilotQuery::default() };
    let ends = EndsQuery { factory: some_factory.clone(), label: some_label.clone(), ..EndsQuery::default() };
    let decided =
        DecisionQuery { factory: some_factory, label: some_label, limit: Some(SIDE_ROWS), ..DecisionQuery::default() };
    let recent = read.recent(&factory, &label).await?;
    let situation = LabelSituation {
        info: said.and_then(|said| said.said.labels.into_iter().find(|one| one.name == label)),
        counts: read.pilot_counts(&pilots).await?,
        recent: recent.into_iter().map(|(name, flow)| Recent { name, flow }).collect(),
        ends: read.ends(ends).await?,
        decisions: read.decisions(decided).await?.decisions,
        pilots: read.pilots(PilotQuery { limit: Some(SIDE_ROWS), ..pilots }).await?.pilots,
    };
    let frame = Frame::new(Section::Factories, format!("Label {label}"), &asked).with_plots();
    let frame = frame.live(&[&format!("factory:{factory}"), "pilots"]);
    shown(&Label::new(frame, factory, label, situation, plots))
}

async fn plots(read: &Reader<'_>, asked: &Asked, page: String, of: HistoryQuery) -> Result<Plots, PageError> {
    let PlotView { range } = asked.query()?;
    let history = read.history(HistoryQuery { hours: Some(range.hours()), ..of.clone() }).await?;
    Ok(Plots::new(&Link::to(page), &of, range, &history))
}

/// `GET /decisions`.
pub async fn decisions(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: DecisionQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let page = read.decisions(DecisionQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    let frame = Frame::new(Section::Factories, "Decisions", &asked).live(&["factories"]);
    shown(&Decisions::new(frame, query, page.decisions, page.next))
}

/// `GET /logs/`.
pub async fn logs(State(state): State<AppState>, asked: Asked) -> Answer {
    log_index(&state, &asked, &[]).await
}

/// `GET /logs/{factory}/`.
pub async fn logs_of_factory(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    log_index(&state, &asked, &[name]).await
}

/// `GET /logs/{factory}/{date}/`.
pub async fn logs_of_day(State(state): State<AppState>, asked: Asked, Path(names): Path<[String; 2]>) -> Answer {
    log_index(&state, &asked, &names).await
}

/// `GET /logs/{factory}/{date}/{label}/`.
pub async fn logs_of_label(State(state): State<AppState>, asked: Asked, Path(names): Path<[String; 3]>) -> Answer {
    log_index(&state, &asked, &names).await
}

async fn log_index(state: &AppState, asked: &Asked, names: &[String]) -> Answer {
    let query: LogIndexQuery = asked.query()?;
    let read = Reader::new(state, asked);
    let index = read.log_index(names, query.clone()).await?;
    let kept = match names.is_empty() {
        true => Some(Kept { config: state.config.logs.clone(), status: read.log_status().await? }),
        false => None,
    };
    let title = names.iter().fold("Logs".to_owned(), |title, name| format!("{title} {}", number::capped(name, 80)));
    shown(&LogIndexPage::new(Frame::new(Section::Pilots, title, asked), names, &query, index, kept))
}

/// A folder without the slash at its end.
pub async fn slashed(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{}/{query}", uri.path()))
}

/// What is left: there is no such page.
pub async fn missing(uri: Uri, asked: Result<Asked, Response>) -> Response {
    let detail = format!("there is no page {}", number::capped(uri.path(), 200));
    let error = ApiError::missing("unknown-path", detail);
    match asked {
        Ok(asked) => PageError::for_asked(error, &asked).into_response(),
        Err(_) => PageError::from(error).into_response(),
    }
}

/// The id in a path.
fn id_of<T: FromStr>(what: &str, text: &str, asked: &Asked) -> Result<T, PageError> {
    text.parse().map_err(|_| {
        let detail = format!("'{}' is no id of a {what}", number::capped(text, 80));
        PageError::for_asked(ApiError::missing("bad-path", detail), asked)
    })
}
