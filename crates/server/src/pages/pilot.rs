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

/// Announced, setup, payload, exit and end, with how long each took. Of pilots that said no hello only the batch system
/// tells that they run.
fn life(pilot: &PilotSummary, phases: &[Phase]) -> Vec<Stage> {
    let over = pilot.state.is_final();
    let ended = pilot.ended.filter(|_| over);
    let note = |what: &str, from: Option<Time>, to: Option<Time>| match (from, to) {
        (Some(from), Some(to)) => format!("{what} {}", moment::between(&from, &to)),
        _ => String::new(),
    };
    let since = |state| phases.iter().find(|phase| phase.state == state).map(|phase| phase.since);
    // The batch system may have told of its start before its hello.
    let (announced, began) = (Some(pilot.announced), since(PilotState::Running).or(pilot.started));
    let (job, exiting) = (pilot.first_job, since(PilotState::Exiting));
    let leaving = exiting.or(ended);
    let stage = |name, tone, at, note, present: bool| Stage { name, tone, at, note, present: present && !over };
    let waited = note("waited", announced, began.or(ended));
    let mut stages = vec![stage(
        if pilot.reported { "submitted" } else { "announced" },
        "created",
        announced,
        waited,
        began.is_none(),
    )];
    // Other software runs in the wrapper, or its first job was not written down yet at that time.
    let is_foreign = began.is_some() && pilot.started.is_none();
    let of_others = pilot.reported || is_foreign || (job.is_none() && pilot.jobs_now + pilot.jobs_ended > 0);
    let has_begun = began.is_some() || leaving.is_none();
    if has_begun && of_others {
        stages.push(stage("running", "running", began, note("ran", began, leaving), exiting.is_none()));
    } else if has_begun {
        let took = note(if job.is_some() { "took" } else { "no job for" }, began, job.or(leaving));
        stages.push(stage("setup", "waiting", began, took, job.or(exiting).is_none()));
    }
    if !of_others && (job.is_some() || leaving.is_none()) {
        stages.push(stage("payload", "running", job, note("ran", job, leaving), exiting.is_none()));
    }
    if exiting.is_some() {
        stages.push(stage("exiting", "exiting", exiting, note("cleaned up", exiting, ended), true));
    }
    let end = if over { pilot.state.as_str() } else { "end" };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::samples;

    fn told(pilot: PilotSummary, phases: &[Phase]) -> Vec<String> {
        let stages = life(&pilot, phases).into_iter();
        stages.map(|stage| [stage.name, &stage.note].join(" ").trim_end().to_owned()).collect()
    }

    fn jobless(state: PilotState) -> PilotSummary {
        PilotSummary { first_job: None, jobs_now: 0, jobs_ended: 0, ..samples::pilot(1, state) }
    }

    #[test]
    fn the_life_has_queue_setup_payload_and_exit() {
        let pilot = samples::pilot(1, PilotState::Done);
        let began = pilot.started.unwrap() - std::time::Duration::from_secs(20);
        let phase = |state, since| Phase { state, since, until: None };
        let leaving = pilot.ended.unwrap() - std::time::Duration::from_secs(5);
        let phases = [phase(PilotState::Running, began), phase(PilotState::Exiting, leaving)];
        let whole = ["announced waited 3 min 00 s", "setup took 1 min 20 s", "payload ran 9 min 35 s"];
        assert_eq!(told(pilot, &phases), [&whole[..], &["exiting cleaned up 5.00 s", "done"]].concat());
        assert_eq!(told(jobless(PilotState::Pending), &[]), ["announced", "setup", "payload", "end"]);
        let waits = ["announced waited 3 min 20 s", "setup", "payload", "end"];
        assert_eq!(told(jobless(PilotState::Running), &[]), waits);
        let foreign = PilotSummary { started: None, ..jobless(PilotState::Running) };
        let runs = phase(PilotState::Running, began);
        assert_eq!(told(foreign, &[runs]), ["announced waited 3 min 00 s", "running", "end"]);
        let never_began = PilotSummary { started: None, ..jobless(PilotState::Fault) };
        assert_eq!(told(never_began, &[]), ["announced waited 14 min 00 s", "fault"]);
    }

    #[test]
    fn a_pilot_without_a_job_had_no_payload_and_of_others_none_is_known() {
        let empty = ["announced waited 3 min 20 s", "setup no job for 10 min 40 s", "done"];
        assert_eq!(told(jobless(PilotState::Done), &[]), empty);
        let ran = ["waited 3 min 20 s", "running ran 10 min 40 s", "done"];
        let reported = PilotSummary { reported: true, ..jobless(PilotState::Done) };
        assert_eq!(told(reported, &[]), [&format!("submitted {}", ran[0]), ran[1], ran[2]]);
        let before = PilotSummary { first_job: None, ..samples::pilot(1, PilotState::Done) };
        assert_eq!(told(before, &[]), [&format!("announced {}", ran[0]), ran[1], ran[2]]);
    }
}
