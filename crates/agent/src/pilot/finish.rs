//! What is left to do when a payload has ended: outputs away, long logs away, then the final report.

use super::event::{Event, Sender};
use super::follow::{Follow, STREAMS, upload_file};
use super::session::{BackOff, Session};
use super::staging;
use crate::frame::{Captured, Ended, JobKey};
use crate::runner::log_path;
use model::{ErrorClass, JobSpec, JobState};
use std::path::PathBuf;
use std::sync::Arc;
use wire::api::{JobReport, LeasedJob, LogStream};

/// The most characters of a message that the server takes.
const MESSAGE_MAX_CHARS: usize = 1000;

/// A report about `job` without details.
pub(super) fn report(job: &LeasedJob, state: JobState) -> JobReport {
    JobReport {
        job: job.id,
        attempt: job.attempt,
        token: job.token.clone(),
        state,
        started: None,
        ended: None,
        exit_code: None,
        signal: None,
        error_class: None,
        message: String::new(),
        usage: Default::default(),
        stdout: String::new(),
        stderr: String::new(),
    }
}

/// The report of a failure that no payload caused.
pub(super) fn failure(job: &LeasedJob, class: ErrorClass, words: &str) -> JobReport {
    let mut report = report(job, JobState::Failed);
    report.error_class = Some(class);
    report.message = words.chars().take(MESSAGE_MAX_CHARS).collect();
    report
}

/// The final report, and the outputs that do not fit into it.
pub(super) fn final_report(job: &LeasedJob, ended: Ended) -> (JobReport, [Option<Log>; 2]) {
    let state = if ended.class.is_none() { JobState::Finished } else { JobState::Failed };
    let (stdout, long_stdout) = split(ended.stdout);
    let (stderr, long_stderr) = split(ended.stderr);
    let report = JobReport {
        started: Some(ended.started),
        ended: Some(ended.ended),
        exit_code: ended.exit_code,
        signal: ended.signal,
        error_class: ended.class,
        message: ended.message.chars().take(MESSAGE_MAX_CHARS).collect(),
        usage: ended.usage,
        stdout,
        stderr,
        ..report(job, state)
    };
    (report, [long_stdout, long_stderr])
}

/// An output that is uploaded.
pub(super) enum Log {
    /// Short, but no text.
    Bytes(Vec<u8>),
    /// In the log file of the slot.
    File,
}

fn split(captured: Captured) -> (String, Option<Log>) {
    match captured {
        Captured::File { .. } => (String::new(), Some(Log::File)),
        Captured::Inline(bytes) => match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => (text, None),
            Ok(text) => (String::new(), Some(Log::Bytes(text.into_bytes()))),
            Err(error) => (String::new(), Some(Log::Bytes(error.into_bytes()))),
        },
    }
}

/// Everything that has to happen before the final report goes.
pub(super) struct Finish {
    pub(super) session: Arc<Session>,
    pub(super) events: Sender,
    pub(super) job: LeasedJob,
    pub(super) spec: Arc<JobSpec>,
    pub(super) slot_dir: PathBuf,
    pub(super) report: JobReport,
    pub(super) logs: [Option<Log>; 2],
    pub(super) follow: Option<Follow>,
}

impl Finish {
    /// Does it, then tells the pilot.
    pub(super) async fn run(mut self) {
        if self.report.state == JobState::Finished && !self.spec.outputs.is_empty() {
            self.stage_out().await;
        }
        let followed = self.follow.is_some();
        let sent = match self.follow.take() {
            Some(follow) => follow.end().await,
            None => [0, 0],
        };
        let logs = std::mem::take(&mut self.logs);
        for ((log, stream), sent) in logs.into_iter().zip(STREAMS).zip(sent) {
            if let Some(log) = log {
                self.upload(log, stream, sent).await;
            }
            if followed {
                let _ = std::fs::remove_file(self.log_path(stream));
            }
        }
        let key = JobKey { job: self.job.id, attempt: self.job.attempt };
        let _ = self.events.send(Event::Finished(key, Box::new(self.report))).await;
    }

    fn log_path(&self, stream: LogStream) -> PathBuf {
        log_path(&self.slot_dir, JobKey { job: self.job.id, attempt: self.job.attempt }, stream)
    }

    async fn stage_out(&mut self) {
        let dir = self.slot_dir.join("work");
        if let Err(words) = staging::stage_out(&self.session, &self.job, &self.spec, &dir).await {
            self.report.state = JobState::Failed;
            self.report.error_class = Some(ErrorClass::StageOut);
            self.report.message = words.chars().take(MESSAGE_MAX_CHARS).collect();
        }
    }

    /// Tries until the server takes it or refuses it; the attempt stays with us meanwhile.
    async fn upload(&mut self, log: Log, stream: LogStream, sent: u64) {
        let path = self.log_path(stream);
        let mut back_off = BackOff::new();
        loop {
            let done = match &log {
                Log::Bytes(bytes) => self.upload_bytes(stream, bytes).await,
                Log::File => upload_file(&self.session, &self.job, stream, &path, sent).await,
            };
            match done {
                Err(error) if error.is_temporary() => tokio::time::sleep(back_off.next()).await,
                Err(error) => {
                    tracing::warn!(job = %self.job.id, "failed to {error}");
                    self.note(&format!("its {} could not be stored: {error}", stream.as_str()));
                    break;
                }
                Ok(()) => break,
            }
        }
        let _ = std::fs::remove_file(path);
    }

    async fn upload_bytes(&self, stream: LogStream, bytes: &[u8]) -> Result<(), wire::Error> {
        self.session.client().put_log(&self.job, stream, 0, bytes.to_vec().into(), true).await
    }

    fn note(&mut self, words: &str) {
        let all = format!("{}; {words}", self.report.message);
        self.report.message = all.trim_start_matches("; ").chars().take(MESSAGE_MAX_CHARS).collect();
    }
}
