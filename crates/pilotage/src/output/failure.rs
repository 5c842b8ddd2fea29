//! How a failure is told: once, with its causes, a hint, and an exit code that scripts can rely on.

use super::Style;
use factory::config::ConfigError;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code of `pilotage wait` when its time is over.
pub const TIMED_OUT: u8 = 124;
/// Exit code of what TERM or Ctrl-C ended before it was done.
pub const INTERRUPTED: u8 = 130;

const FAILED: u8 = 1;
const BAD_INPUT: u8 = 2;
const UNREACHED: u8 = 3;
const NOT_ALLOWED: u8 = 4;

/// Something typed or written that cannot be accepted.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BadInput {
    message: String,
    hint: Option<String>,
}

impl BadInput {
    /// A sentence that names the place.
    pub fn new(message: impl Into<String>) -> BadInput {
        BadInput { message: message.into(), hint: None }
    }

    /// The same with a way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> BadInput {
        self.hint = Some(hint.into());
        self
    }
}

impl From<ConfigError> for BadInput {
    fn from(error: ConfigError) -> BadInput {
        match error {
            ConfigError::Unreadable { path, source } => {
                BadInput::new(format!("{}: cannot be read: {source}", path.display())).hint("use --config FILE")
            }
            wrong => BadInput::new(wrong.to_string()),
        }
    }
}

/// Prints the failure on standard error and gives the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let style = Style::for_stderr();
    let mut out = io::stderr().lock();
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(out, "{} {}", style.fault("error:"), sentence(error));
    if let Some(hint) = hint(error) {
        let _ = writeln!(out, "{} {hint}", style.note("hint:"));
    }
    ExitCode::from(exit_code(error))
}

/// The reader of standard output went away, such as `head`: no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn sentence(error: &anyhow::Error) -> String {
    if let Some(bad) = find::<BadInput>(error) {
        return bad.message.clone();
    }
    if let Some(wire::Error::Refused { problem, .. }) = find::<wire::Error>(error) {
        return problem.detail.clone();
    }
    let mut said: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !said.iter().any(|earlier| earlier.contains(&cause)) {
            said.push(cause);
        }
    }
    format!("failed to {}", said.join(": "))
}

fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(bad) = find::<BadInput>(error) {
        return bad.hint.clone();
    }
    match find::<wire::Error>(error)? {
        wire::Error::Unavailable { answered: true, .. } => {
            Some("what was accepted before is kept; `pilotage doctor` tells whether the server works again".into())
        }
        wire::Error::Unavailable { .. } => Some(
            "is it running? `pilotage up` starts one; --url, --dir, PILOTAGE_URL or PILOTAGE_DIR name another".into(),
        ),
        wire::Error::Refused { problem, .. } => hint_of(problem).map(str::to_owned),
        _ => None,
    }
}

fn hint_of(problem: &wire::api::Problem) -> Option<&'static str> {
    match (problem.status, problem.code.as_str()) {
        (401, _) => Some("set PILOTAGE_TOKEN to a valid token; an operator makes one with `pilotage token create`"),
        (403, _) => Some("`pilotage doctor` shows who the server takes you for"),
        (_, "unknown-queue") => Some("`pilotage queues` lists them"),
        _ => None,
    }
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if find::<BadInput>(error).is_some() {
        return BAD_INPUT;
    }
    match find::<wire::Error>(error) {
        Some(wire::Error::Unavailable { .. }) => UNREACHED,
        Some(wire::Error::Refused { problem, .. }) => exit_code_of(problem),
        _ => FAILED,
    }
}

fn exit_code_of(problem: &wire::api::Problem) -> u8 {
    match (problem.status, problem.code.as_str()) {
        (401 | 403, _) => NOT_ALLOWED,
        (400 | 413 | 414 | 415 | 422 | 431, _) | (_, "unknown-queue") => BAD_INPUT,
        _ => FAILED,
    }
}

fn find<T: std::error::Error + Send + Sync + 'static>(error: &anyhow::Error) -> Option<&T> {
    error.downcast_ref::<T>().or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<T>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;
    use wire::api::Problem;

    fn refused(status: u16, code: &str) -> anyhow::Error {
        let problem = Problem { code: code.into(), status, detail: "no".into(), field: None };
        wire::Error::Refused { call: "GET /x".into(), problem }.into()
    }

    #[test]
    fn exit_codes_follow_the_contract() {
        let unreached =
            wire::Error::Unavailable { url: "http://a".into(), reason: "no connection".into(), answered: false };
        assert_eq!(exit_code(&anyhow::Error::from(unreached).context("list jobs")), UNREACHED);
        assert_eq!(exit_code(&BadInput::new("x").into()), BAD_INPUT);
        let codes =
            [(401, "x"), (403, "x"), (404, "unknown-job"), (404, "unknown-queue"), (422, "bad-job"), (413, "x")];
        assert_eq!(codes.map(|(status, code)| exit_code(&refused(status, code))), [4, 4, 1, 2, 2, 2]);
        assert_eq!(exit_code(&anyhow::anyhow!("other")), FAILED);
    }

    #[test]
    fn causes_are_told_once() {
        let inner = io::Error::other("disk full");
        let error = Err::<(), _>(inner).context("write /x").context("keep the answer").unwrap_err();
        assert_eq!(sentence(&error), "failed to keep the answer: write /x: disk full");
        assert_eq!(sentence(&refused(403, "x").context("list jobs")), "no");
    }
}
