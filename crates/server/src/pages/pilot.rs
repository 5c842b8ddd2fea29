//! `/pilots/{id}`: one pilot with its life, jobs, batch record and logs.

use super::cells::Stage;
use super::frame::Frame;
use super::{assets, frame, link, moment, number, result, tone};
use askama::Template;
use model::job::JobSummary;
use model::pilot::PilotSummary;
use model::{PilotState, Time};

/// A log of the pilot, from its end backwards.
pub struct PilotLog {
    /// `out`, `err` or `log`.
    pub name: &'static str,
    /// What it is.
    pub title: &'static str,
    /// Bytes of the whole log.
    pub size: u64,
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
    life: Vec<Stage>,
    jobs: Vec<JobSummary>,
    logs: Vec<PilotLog>,
    can_drain: bool,
}

impl Pilot {
    /// Builds the page.
    pub fn new(
        frame: Frame,
        pilot: PilotSummary,
        jobs: Vec<JobSummary>,
        logs: Vec<PilotLog>,
        may_command: bool,
    ) -> Pilot {
        let takes_commands = matches!(pilot.state, PilotState::Running);
        Pilot { life: life(&pilot, frame.now), jobs, logs, can_drain: may_command && takes_commands, pilot, frame }
    }

    fn lead(&self) -> String {
        let pilot = &self.pilot;
        let node = if pilot.node.is_empty() { String::new() } else { format!(" on {}", number::capped(&pilot.node, 80)) };
        match pilot.state {
            PilotState::Announced => "Written down; the batch system has not accepted it yet.".to_owned(),
            PilotState::Submitted | PilotState::Pending => format!("Waits in batch system {}.", pilot.batch),
            PilotState::Running if pilot.jobs_now == 0 => format!("Runs{node} and waits for jobs."),
            PilotState::Running => format!("Runs {}{node}.", number::counted(pilot.jobs_now, "job")),
            PilotState::Exiting => format!("Takes no more jobs and cleans up{node}."),
            PilotState::Done => format!("Gone as wanted{node} after {}.", number::counted(pilot.jobs_ended, "job")),
            PilotState::Fault => format!("Gone, not as wanted{node}, after {}.", number::counted(pilot.jobs_ended, "job")),
        }
    }
}

fn life(pilot: &PilotSummary, now: Time) -> Vec<Stage> {
    let over = pilot.state.is_final();
    let waited_until = pilot.started.or(pilot.ended).or((!over).then_some(now));
    let waited = waited_until.map_or_else(String::new, |to| moment::between(&pilot.announced, &to));
    let ran_until = pilot.ended.or((!over).then_some(now));
    let ran = match (pilot.started, ran_until) {
        (Some(from), Some(to)) => format!("ran {}", moment::between(&from, &to)),
        _ => String::new(),
    };
    let end = if over { pilot.state.as_str() } else { "end" };
    let ended = pilot.ended.filter(|_| over);
    vec![
        Stage { name: "announced", tone: "created", at: Some(pilot.announced), note: format!("waited {waited}") },
        Stage { name: "running", tone: "running", at: pilot.started, note: ran },
        Stage { name: end, tone: tone::of_pilot(&pilot.state), at: ended, note: String::new() },
    ]
}
