//! A batch system of the site's own: programs for submit, status and remove that speak JSON lines, in any language.
//!
//! A program is started for each call, reads a request from standard input and writes an answer to standard output. An
//! answer counts as a whole or not at all. After a submission without a whole answer nobody knows what was accepted;
//! the next status tells, by the names that the pilots were given.

mod accepted;
mod answer;
mod asker;
mod config;
mod doctor;
mod request;
mod shown;

pub use asker::{Asker, output};
pub use config::{CommandConfig, problem_of};

use crate::command::{Answer, Commander, short};
use crate::known::Known;
use crate::submission::{self, Submission};
use crate::transcript::Transcript;
use crate::{BatchError, BatchSystem, Check, LogFiles, PilotStatus, Status, SubmitOutcome, SubmitRequest};
use answer::How;
use async_trait::async_trait;
use model::{PilotEvent, PilotId};
use request::{Head, SCRIPT, script};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The pilots of one factory in a batch system of the site's own.
pub struct Programs {
    config: CommandConfig,
    factory: String,
    dir: PathBuf,
    commands: Commander,
    known: Known,
}

/// The command with its input, and the script.
pub(crate) fn describe(config: &CommandConfig, factory: &str, request: &SubmitRequest) -> Result<String, BatchError> {
    let dir = submission::root(&config.dir, factory);
    let submission = Submission::at(&dir, request.first);
    let input = Head::new("submit", factory, state_dir(&dir)).submit(&submission, request)?;
    let path = submission.file(SCRIPT);
    Ok(format!("# {} reads\n{input}# {}\n{}", config.submit.join(" "), path.display(), script(request)))
}

/// Where the programs may keep what they want.
fn state_dir(dir: &Path) -> String {
    dir.join("state").display().to_string()
}

/// Runs the site's programs, in a directory that is made when it is not there.
fn commander(dir: &Path, timeout: Duration) -> Result<Commander, BatchError> {
    let state = PathBuf::from(state_dir(dir));
    let failed = |source| BatchError::File { action: "make", path: state.clone(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&state).map_err(failed)?;
    let transcript = Transcript::in_dir(dir);
    Ok(Commander { bin: PathBuf::new(), environment: Vec::new(), withheld: OURS, timeout, transcript, login: None })
}

/// Variables that are for the factory, its token among them, are kept from programs: many batch systems hand the
/// environment of a submission on to the batch job.
const OURS: &[&str] = &["PILOTAGE_*"];

impl Programs {
    /// Uses `dir/FACTORY`; makes it when it is not there.
    pub fn open(config: CommandConfig, factory: &str) -> Result<Programs, BatchError> {
        let dir = submission::root(&config.dir, factory);
        let timeout = Duration::try_from_secs_f64(config.timeout_s).unwrap_or(Duration::from_secs(60));
        let commands = commander(&dir, timeout)?;
        let known = Known::new(Duration::try_from_secs_f64(config.poll_s).unwrap_or(Duration::from_secs(30)));
        Ok(Programs { config, factory: factory.to_owned(), dir, commands, known })
    }

    fn head<'a>(&'a self, call: &'a str) -> Head<'a> {
        Head::new(call, &self.factory, state_dir(&self.dir))
    }

    async fn tell(&self, words: &[String], input: &str) -> Result<Answer, BatchError> {
        let (program, arguments) =
            words.split_first().ok_or_else(|| BatchError::Config("a program is missing".to_owned()))?;
        self.commands.tell(program, arguments, input).await
    }

    /// What a program says that must succeed.
    async fn ask(&self, words: &[String], input: &str) -> Result<String, BatchError> {
        Ok(self.tell(words, input).await?.success(&words[0])?.out)
    }

    /// Once the program was started, only a whole answer can say that nothing was accepted.
    async fn send(&self, submission: &Submission, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let words = &self.config.submit;
        let said = self.tell(words, &self.head("submit").submit(submission, request)?).await?;
        if said.code != 0 {
            return Err(garbled(&words[0], format!("it ended with exit code {}: {}", said.code, short(&said.err))));
        }
        accepted::parse(&said.out, &self.factory, request.first, request.secrets.len())
            .map_err(|what| garbled(&words[0], what))
    }

    async fn ask_status(&self) -> Result<Status, BatchError> {
        let taken = Instant::now();
        let submissions = submission::list(&self.dir)?;
        let kept: Vec<PilotId> = submissions.iter().flat_map(Submission::pilots).collect();
        let words = &self.config.status;
        let said = self.ask(words, &self.head("status").about(&kept)?).await?;
        let (mut shown, complete) = shown::parse(&said, &self.factory).map_err(|what| garbled(&words[0], what))?;
        let was_removed =
            |pilot| submission::holder(&submissions, pilot).is_some_and(|submission| submission.was_removed(pilot));
        shown.values_mut().filter(|status| was_removed(status.pilot)).for_each(forgive);
        if complete {
            add_removed(&kept, was_removed, &mut shown);
        }
        Ok(Status { taken, complete, pilots: shown.into_values().collect() })
    }
}

fn garbled(program: &str, what: String) -> BatchError {
    BatchError::Garbled { program: program.to_owned(), what }
}

/// What we removed ourselves ended as wanted.
fn forgive(status: &mut PilotStatus) {
    if status.event == Some(PilotEvent::Break) {
        status.event = Some(PilotEvent::End);
        status.error_class = None;
        status.message = "removed".to_owned();
    }
}

/// Many batch systems forget at once what was removed.
fn add_removed(kept: &[PilotId], was_removed: impl Fn(PilotId) -> bool, shown: &mut BTreeMap<PilotId, PilotStatus>) {
    for pilot in kept.iter().filter(|pilot| was_removed(**pilot)) {
        shown.entry(*pilot).or_insert_with(|| PilotStatus {
            pilot: *pilot,
            event: Some(PilotEvent::End),
            batch_id: String::new(),
            native_state: "removed".to_owned(),
            flag: None,
            error_class: None,
            message: "removed".to_owned(),
        });
    }
}

#[async_trait]
impl BatchSystem for Programs {
    fn kind(&self) -> &'static str {
        "command"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let text = script(request);
        let add = |submission: &Submission| submission.write(SCRIPT, text.as_bytes());
        let submission = Submission::create(&self.dir, request.first, &request.secrets, add)?;
        let outcome = self.send(&submission, request).await.inspect_err(|error| {
            if !error.is_uncertain() {
                submission.delete();
            }
        })?;
        self.forget(&outcome.refused).await;
        self.known.learn_outcome(&outcome);
        Ok(outcome)
    }

    async fn status(&self) -> Result<Status, BatchError> {
        self.known.status(self.ask_status()).await
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        let pilots = self.known.not_removing(pilots);
        if pilots.is_empty() {
            return Ok(());
        }
        let submissions = submission::list(&self.dir)?;
        for pilot in &pilots {
            if let Some(submission) = submission::holder(&submissions, *pilot) {
                submission.mark_removed(*pilot);
            }
        }
        // Before it is tried: a batch system that suffers must not be asked for it again and again.
        self.known.removing(&pilots);
        let words = &self.config.remove;
        let said = self.ask(words, &self.head("remove").about(&pilots)?).await?;
        answer::read::<IgnoredAny>(&said, &[How::Complete]).map(drop).map_err(|what| garbled(&words[0], what))
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        Ok(self.known.is_full().then_some(0))
    }

    async fn doctor(&self) -> Vec<Check> {
        self.checks().await
    }

    fn logs(&self, pilot: PilotId) -> LogFiles {
        let submissions = submission::list(&self.dir).unwrap_or_default();
        submission::holder(&submissions, pilot).map(|submission| logs_of(submission, pilot)).unwrap_or_default()
    }

    fn kept(&self) -> Vec<PilotId> {
        submission::list(&self.dir).unwrap_or_default().iter().flat_map(Submission::pilots).collect()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        submission::forget(&self.dir, pilots, logs_of);
    }

    fn settles_within(&self) -> Duration {
        // A program of a factory that was killed may still be under way.
        self.commands.timeout + Duration::from_secs(5)
    }
}

fn logs_of(submission: &Submission, pilot: PilotId) -> LogFiles {
    let path = |stream| submission.file(&format!("{pilot}.{stream}"));
    LogFiles { out: path("out"), err: path("err"), log: path("log"), place: submission.dir.clone() }
}
