//! What pilots say about the attempts they run.

use super::{JobState, Usage};
use crate::{ErrorClass, JobId, Time};
use serde::{Deserialize, Serialize};

/// What happened to one attempt.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobReport {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// From the lease.
    pub token: String,
    /// `starting`, `running`, `transferring`, `finished` or `failed`.
    pub state: JobState,
    /// When its process started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Time>,
    /// Exit code of the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Signal that ended the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Why it did not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_class: Option<ErrorClass>,
    /// The same in words, at most 1000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What it used.
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage: Usage,
    /// All of standard output when it is small; larger logs are uploaded before the final report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stdout: String,
    /// All of standard error when it is small.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
}

/// The most characters of [`JobReport::message`].
pub const MESSAGE_MAX_CHARS: usize = 1000;

impl JobReport {
    /// Says that an attempt is in this state, and nothing else.
    pub fn new(job: JobId, attempt: u32, token: impl Into<String>, state: JobState) -> JobReport {
        JobReport {
            job,
            attempt,
            token: token.into(),
            state,
            started: None,
            ended: None,
            exit_code: None,
            signal: None,
            error_class: None,
            message: String::new(),
            usage: Usage::default(),
            stdout: String::new(),
            stderr: String::new(),
        }
    }

    /// Says why it did not end well, cut to what is stored.
    pub fn say(&mut self, words: &str) {
        self.message = words.chars().take(MESSAGE_MAX_CHARS).collect();
    }

    /// It did not end well after all.
    pub fn fail(&mut self, class: ErrorClass, words: &str) {
        self.state = JobState::Failed;
        self.error_class = Some(class);
        self.say(words);
    }

    /// Adds to what was said.
    pub fn note(&mut self, words: &str) {
        match self.message.is_empty() {
            true => self.say(words),
            false => self.say(&format!("{}; {words}", self.message)),
        }
    }
}

/// A report that was not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RefusedReport {
    /// The job.
    pub job: JobId,
    /// The attempt.
    pub attempt: u32,
    /// Why.
    pub reason: String,
    /// The attempt is over for the server: stop the process, report no more.
    pub stop: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
