//! What a program is told: a head, a line for each pilot, an end.

use crate::command::quoted;
use crate::name::job_name;
use crate::submission::Submission;
use crate::{BatchError, SubmitRequest};
use model::PilotId;
use serde::Serialize;
use serde_json::json;

/// The version of the protocol, both ways.
pub const VERSION: u32 = 1;
/// Name of the file that every pilot of a submission is started by.
pub const SCRIPT: &str = "script";

/// The first line.
#[derive(Serialize)]
pub struct Head<'a> {
    pilotage: u32,
    call: &'a str,
    factory: &'a str,
    state_dir: String,
    #[serde(flatten)]
    pilots: Option<Pilots<'a>>,
}

/// What all pilots of a submission have in common.
#[derive(Serialize)]
struct Pilots<'a> {
    label: &'a str,
    script: String,
    cores: u32,
    memory_mib: u32,
    wall_time_s: u32,
    arguments: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    avoid: &'a [String],
}

/// One pilot to submit.
#[derive(Serialize)]
struct New {
    name: String,
    secret_file: String,
    out: String,
    err: String,
}

/// One pilot that is known.
#[derive(Serialize)]
struct Named {
    name: String,
}

impl<'a> Head<'a> {
    /// Of a call for a factory, whose programs may keep what they want in `state_dir`.
    pub fn new(call: &'a str, factory: &'a str, state_dir: String) -> Head<'a> {
        Head { pilotage: VERSION, call, factory, state_dir, pilots: None }
    }

    /// The whole request to submit.
    pub fn submit(self, submission: &Submission, request: &'a SubmitRequest) -> Result<String, BatchError> {
        let file = |name: String| submission.file(&name).display().to_string();
        let factory = self.factory;
        let new = |pilot: PilotId| New {
            name: job_name(factory, pilot),
            secret_file: file(format!("{pilot}.json")),
            out: file(format!("{pilot}.out")),
            err: file(format!("{pilot}.err")),
        };
        let needs = &request.needs;
        let pilots = Pilots {
            label: &request.label,
            script: file(SCRIPT.to_owned()),
            cores: needs.cores,
            memory_mib: needs.memory_mib,
            wall_time_s: needs.wall_time_s,
            arguments: &needs.arguments,
            avoid: &needs.avoid,
        };
        let head = Head { pilots: Some(pilots), ..self };
        lines(&head, (request.first.0..).take(request.secrets.len()).map(|id| new(PilotId(id))))
    }

    /// The whole request about pilots that are known.
    pub fn about(self, pilots: &[PilotId]) -> Result<String, BatchError> {
        lines(&self, pilots.iter().map(|pilot| Named { name: job_name(self.factory, *pilot) }))
    }
}

/// A whole request.
pub fn lines(head: &Head<'_>, rows: impl Iterator<Item = impl Serialize>) -> Result<String, BatchError> {
    let failed = |error| BatchError::Config(format!("a request cannot be written: {error}"));
    let mut text = serde_json::to_string(head).map_err(failed)? + "\n";
    for row in rows {
        text += &serde_json::to_string(&row).map_err(failed)?;
        text.push('\n');
    }
    Ok(text + &json!({"end": "complete"}).to_string() + "\n")
}

/// The script of every pilot, started as `sh SCRIPT --secret-file FILE`: what the wrapper is told, then the wrapper.
pub fn script(request: &SubmitRequest) -> String {
    let mut text = "#!/bin/sh\n".to_owned();
    for (name, value) in &request.environment {
        text.push_str(&format!("export {name}={}\n", quoted(value)));
    }
    let arguments: Vec<String> = request.arguments.iter().map(|argument| quoted(argument)).collect();
    text.push_str(&format!("set -- {} \"$@\"\n", arguments.join(" ")));
    text.push_str(&request.wrapper);
    text
}
