//! `/pilots/{id}`: one pilot with its life, jobs, batch record and logs.

use super::cells::Stage;
use super::elsewhere::Elsewhere;
use super::frame::Frame;
use super::{assets, frame, link, log_index, moment, number, result, tone};
use askama::Template;
use model::job::JobSummary;
use model::pilot::PilotSummary;
use model::{PilotState, Time};
use wire::api::PilotDetail;

/// A log of the pilot, from its end backwards.
pub struct PilotLog {
    /// `out`, `err` or `log`.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// The whole log as plain text.
    pub whole: String,
    /// The end of it.
    pub text: String,
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
    ) -> Pilot {
        let PilotDetail { summary: pilot, version, profile } = pilot;
        let takes_commands = matches!(pilot.state, PilotState::Running);
        let (can_drain, found) = (may_command && takes_commands, profile.map(|profile| profile.words()));
        let found = found.unwrap_or_default();
        Pilot { life: life(&pilot), jobs, logs, can_drain, elsewhere, pilot, version, found, frame }
    }

    fn log_folder(&self) -> String {
        let day: String = self.pilot.announced.to_string().chars().take(10).collect();
        log_index::folder(&[self.pilot.factory.clone(), day, self.pilot.label.clone()])
    }

    fn lead(&self) -> String {
        let pilot = &self.pilot;
        let node =
            if pilot.node.is_empty() { String::new() } else { format!(" on {}", number::capped(&pilot.node, 80)) };
        match pilot.state {
            PilotState::Announced => "Written down; the batch system has not accepted it yet.".to_owned(),
            PilotState::Submitted | PilotState::Pending => format!("Waits in batch system {}.", pilot.batch),
            PilotState::Running if pilot.jobs_now == 0 => format!("Runs{node} and waits for jobs."),
            PilotState::Running => format!("Runs {}{node}.", number::counted(pilot.jobs_now, "job")),
            PilotState::Exiting => format!("Takes no more jobs and cleans up{node}."),
            PilotState::Done => format!("Done{node} after {}.", number::counted(pilot.jobs_ended, "job")),
            PilotState::Fault => format!("Ended in fault{node} after {}.", number::counted(pilot.jobs_ended, "job")),
        }
    }
}

fn life(pilot: &PilotSummary) -> Vec<Stage> {
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
    vec![
        stage("announced", "created", announced, waited, started.is_none()),
        stage("running", "running", started, note("ran", started, ended), true),
        stage(end, tone::of_pilot(&pilot.state), ended, String::new(), false),
    ]
}
