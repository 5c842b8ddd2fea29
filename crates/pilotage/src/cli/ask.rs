//! Giving a command to a factory, and waiting for what becomes of it.

use crate::output::{TIMED_OUT, duration, print, print_json};
use model::{Command, CommandState, PilotId, Target, Verb};
use serde::Serialize;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use wire::Client;
use wire::api::{CommandQuery, CommandRequest};

/// Time between two looks at what became of a command.
const LOOKS_APART: Duration = Duration::from_millis(300);

/// What became of a command to one factory.
#[derive(Debug, Serialize)]
pub struct Answer {
    factory: String,
    /// Final, or none when it did not answer in time.
    state: Option<CommandState>,
    note: String,
    /// The pilot that a test sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pilot: Option<PilotId>,
}

/// Gives the command and waits.
pub async fn factory(
    client: &Client,
    factory: &str,
    verb: Verb,
    arguments: Vec<String>,
    timeout: Duration,
) -> anyhow::Result<Answer> {
    let target = Target::Factory(factory.to_owned());
    let given = client.command(&CommandRequest { target, verb, arguments, expires_s: None }).await?;
    let until = Instant::now() + timeout;
    while Instant::now() < until {
        let query = CommandQuery { factory: Some(factory.to_owned()), ..CommandQuery::default() };
        let commands = client.commands(&query).await?.commands;
        let ours = commands.into_iter().find(|command| command.id == given.id);
        if let Some(Command { state, note, sent: pilot, .. }) = ours.filter(|command| command.state.is_final()) {
            return Ok(Answer { factory: factory.to_owned(), state: Some(state), note, pilot });
        }
        tokio::time::sleep(LOOKS_APART).await;
    }
    let note = format!("it has not answered within {}", duration(timeout));
    Ok(Answer { factory: factory.to_owned(), state: None, note, pilot: None })
}

/// Prints the answers; the exit code is that of the worst.
pub fn tell(answers: &[Answer], json: bool) -> anyhow::Result<ExitCode> {
    if json {
        print_json(&answers)?;
    } else {
        print(&answers.iter().map(Answer::in_words).collect::<String>())?;
    }
    let has = |state: Option<CommandState>| answers.iter().any(|answer| answer.state == state);
    let is_done = answers.iter().all(|answer| answer.state == Some(CommandState::Done));
    Ok(match (is_done, has(None)) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::from(TIMED_OUT),
        (false, false) => ExitCode::FAILURE,
    })
}

impl Answer {
    fn in_words(&self) -> String {
        let state = self.state.map(|state| format!("{}: ", state.as_str())).unwrap_or_default();
        format!("factory {}: {state}{}\n", self.factory, self.note)
    }
}
