//! `/pilots/{id}`: one pilot with its life, jobs, batch record and logs.

use super::cells::Stage;
use super::elsewhere::Elsewhere;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::log_search::{LogView, Searched};
use super::problem::PageError;
use super::reading::{Reader, SIDE_ROWS};
use super::{assets, link, log_index, moment, number, result, tone};
use crate::AppState;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use model::job::JobSummary;
use model::pilot::told::phases;
use model::pilot::{Phase, PilotSummary, Source, Told, Word};
use model::{PilotId, PilotState, Time};
use serde_json::json;
use wire::api::{JobQuery, PREFIX, PilotDetail};

/// A log of the pilot: its end, or the lines that were asked for.
pub struct PilotLog {
    /// `out`, `err` or `log`.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The whole log as plain text.
    pub whole: String,
    /// The end of it; empty when lines were asked for.
    pub text: String,
    /// The lines that were asked for.
    pub searched: Option<Searched>,
}

/// The page.
#[derive(Template)]
#[template(path = "pilot.html")]
pub struct Pilot {
    frame: Frame,
    pilot: PilotSummary,
    version: String,
    found: Vec<(&'static str, String)>,
    life: Vec<Stage>,
    jobs: Vec<JobSummary>,
    logs: Vec<PilotLog>,
    can_drain: bool,
    elsewhere: Vec<Elsewhere>,
    told: Vec<Told>,
}

impl Pilot {
    /// Builds the page.
    pub fn new(
        frame: Frame,
        pilot: PilotDetail,
        jobs: Vec<JobSummary>,
        logs: Vec<PilotLog>,
        may_command: bool,
        elsewhere: Vec<Elsewhere>,
        told: Vec<Told>,
    ) -> Pilot {
        let PilotDetail { summary: pilot, version, profile } = pilot;
        let takes_commands = matches!(pilot.state, PilotState::Running) && !pilot.reported;
        let (can_drain, found) = (may_command && takes_commands, profile.map(|profile| profile.words()));
        let found = found.unwrap_or_default();
        let life = life(&pilot, &phases(&told));
        Pilot { life, jobs, logs, can_drain, elsewhere, told, pilot, version, found, frame }
    }

    fn log_folder(&self) -> String {
        let day: String = self.pilot.announced.to_string().chars().take(10).collect();
        log_index::folder(&[self.pilot.factory.clone(), day, self.pilot.label.clone()])
    }

    /// Who said it, as the table of events names them.
    fn sayer(&self, source: &Source) -> &'static str {
        match source {
            Source::Factory => "factory",
            Source::Batch => "batch system",
            Source::Pilot => "pilot",
            Source::Server => "server",
            Source::Apfmon => "APFmon call",
            Source::Udp => "datagram",
        }
    }

    fn lead(&self) -> String {
        let pilot = &self.pilot;
        if pilot.reported {
            return reported_lead(pilot);
        }
        let node =
            if pilot.node.is_empty() { String::new() } else { format!(" on {}", number::capped(&pilot.node, 80)) };
        match pilot.state {
            PilotState::Announced => "Written down; the batch system has not accepted it yet.".to_owned(),
            PilotState::Submitted | PilotState::Pending => format!("Waits in batch system {}.", pilot.batch),
            PilotState::Running if pilot.jobs_now == 0 => format!("Runs{node} and waits for jobs."),
            PilotState::Running => format!("Runs {}{node}.", number::counted(pilot.jobs_now, "job")),
            PilotState::Exiting => format!("Takes no more jobs and cleans up{node}."),
            PilotState::Done => format!("Done{node} after {}.", number::counted(pilot.jobs_ended, "job")),
            PilotState::Fault => match pilot.jobs_ended {
                0 => format!("Ended in fault{node} before it had run a job."),
                jobs => format!("Ended in fault{node} after {}.", number::counted(jobs, "job")),
            },
        }
    }
}

/// Of a pilot of other software, of which only what is reported is known.
fn reported_lead(pilot: &PilotSummary) -> String {
    let says = match pilot.state {
        PilotState::Announced | PilotState::Submitted | PilotState::Pending => "Submitted and not started yet",
        PilotState::Running => "Runs",
        PilotState::Exiting => "Is about to end",
        PilotState::Done => "Done",
        PilotState::Fault => "Ended in fault",
    };
    let ran = match pilot.jobs_ended {
        0 => String::new(),
        jobs => format!(" after {}", number::counted(jobs, "job")),
    };
    format!("{says}{ran}, as factory {} and the pilot's wrapper tell.", number::capped(&pilot.factory, 80))
}

fn life(pilot: &PilotSummary, phases: &[Phase]) -> Vec<Stage> {
    let over = pilot.state.is_final();
    let ended = pilot.ended.filter(|_| over);
    let note = |what: &str, from: Option<Time>, to: Option<Time>| match (from, to) {
        (Some(from), Some(to)) => format!("{what} {}", moment::between(&from, &to)),
        _ => String::new(),
    };
    let end = if over { pilot.state.as_str() } else { "end" };
    let (announced, started) = (Some(pilot.announced), pilot.started);
    let waited = note("waited", announced, started.or(ended));
    let stage = |name, tone, at, note, present: bool| Stage { name, tone, at, note, present: present && !over };
    let exiting = phases.iter().find(|phase| phase.state == PilotState::Exiting).map(|phase| phase.since);
    let mut stages = vec![
        stage(if pilot.reported { "submitted" } else { "announced" }, "created", announced, waited, started.is_none()),
        stage("running", "running", started, note("ran", started, exiting.or(ended)), exiting.is_none()),
    ];
    if exiting.is_some() {
        stages.push(stage("exiting", "exiting", exiting, note("cleaned up", exiting, ended), true));
    }
    stages.push(stage(end, tone::of_pilot(&pilot.state), ended, String::new(), false));
    stages
}

/// `GET /pilots/{id}`.
pub async fn show(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: PilotId = frame::id_of("pilot", &id, &asked)?;
    let read = Reader::new(&state, &asked);
    let pilot = read.pilot(id).await?;
    let jobs = read.jobs(JobQuery { pilot: Some(id), limit: Some(SIDE_ROWS), ..JobQuery::default() }).await?.jobs;
    let told = read.told_of(id).await?;
    if asked.json {
        return frame::data(&json!({ "pilot": pilot, "jobs": jobs, "events": told }));
    }
    let logs = pilot_logs(&read, id, &asked.query()?).await?;
    let topic = format!("pilot:{id}");
    let may_command = read.may_command(&pilot.summary);
    let frame = Frame::new(Section::Pilots, format!("Pilot {id}"), &asked).live(&[&topic, "jobs"]);
    let mut elsewhere = state.config.links.of_pilot(&pilot.summary);
    elsewhere.extend(read.reported_logs(&pilot.summary).await?);
    frame::shown(&Pilot::new(frame, pilot, jobs, logs, may_command, elsewhere, told))
}

/// `POST /pilots/{id}/drain`.
pub async fn drain(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: PilotId = frame::id_of("pilot", &id, &asked)?;
    Reader::new(&state, &asked).drain(id).await?;
    Ok(Redirect::to(&format!("/pilots/{id}")).into_response())
}

async fn pilot_logs(read: &Reader<'_>, id: PilotId, view: &LogView) -> Result<Vec<PilotLog>, PageError> {
    let kinds = [
        ("log", "Record of the batch system"),
        ("out", "Standard output of the batch job"),
        ("err", "Standard error of the batch job"),
    ];
    let mut logs = Vec::new();
    for (name, title) in kinds {
        let whole = format!("{PREFIX}/pilots/{id}/logs/{name}");
        if let Some(query) = view.lines_of(name) {
            let found = read.pilot_lines(id, name, query).await?;
            let searched = found.map(|found| Searched::new(&format!("/pilots/{id}"), view, found));
            logs.extend(searched.map(|found| PilotLog {
                name,
                title,
                whole,
                text: String::new(),
                searched: Some(found),
            }));
        } else if let Some(bytes) = read.pilot_log(id, name).await? {
            logs.push(PilotLog { name, title, whole, text: number::log_text(&bytes), searched: None });
        }
    }
    Ok(logs)
}
