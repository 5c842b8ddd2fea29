//! An attempt whose payload has ended and whose result is not away yet: what is left to do for it.

use super::report::Log;
use super::staging;
use crate::frame::JobKey;
use crate::runner::log_path;
use model::job::FileTransfer;
use model::{ErrorClass, JobState};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::Spool;
use wire::api::{JobReport, LeasedJob, LogStream};
use wire::spool::{Kept, KeptFile, KeptOutput};

/// One thing to do before the final report may go.
#[derive(Clone)]
pub(super) enum Step {
    /// Takes an output file away.
    Output(FileTransfer),
    /// Uploads standard output or error.
    Log(LogStream, Log),
}

/// The attempt.
pub(super) struct Unfinished {
    /// From the lease.
    pub(super) job: LeasedJob,
    /// The final report as it is by now.
    pub(super) report: JobReport,
    /// Where its files are.
    slot_dir: PathBuf,
    /// Bytes of each output that were streamed.
    pub(super) sent: [u64; 2],
    steps: VecDeque<Step>,
}

/// Seen by the task that works on it, and by the pilot when it must end before that.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Unfinished>>);

impl Shared {
    pub(super) fn new(unfinished: Unfinished) -> Shared {
        Shared(Arc::new(Mutex::new(unfinished)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Unfinished> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unfinished {
    /// What needs no server goes first: it can be done while there is none.
    pub(super) fn new(
        job: LeasedJob,
        report: JobReport,
        slot_dir: PathBuf,
        outputs: &[FileTransfer],
        logs: [Option<Log>; 2],
    ) -> Unfinished {
        let wanted = if report.state == JobState::Finished { outputs } else { &[] };
        let (kept, away): (Vec<&FileTransfer>, Vec<_>) = wanted.iter().partition(|output| output.url.is_empty());
        let logs = LogStream::ALL.into_iter().zip(logs).filter_map(|(stream, log)| Some(Step::Log(stream, log?)));
        let output = |output: &FileTransfer| Step::Output(output.clone());
        let steps = away.into_iter().map(output).chain(logs).chain(kept.into_iter().map(output)).collect();
        Unfinished { job, report, slot_dir, sent: [0, 0], steps }
    }

    /// What is to be done next.
    pub(super) fn next(&self) -> Option<Step> {
        self.steps.front().cloned()
    }

    /// The first step was done.
    pub(super) fn done(&mut self) {
        self.steps.pop_front();
    }

    /// The first step cannot be done, for this reason.
    pub(super) fn failed(&mut self, words: &str) {
        match self.steps.pop_front() {
            Some(Step::Output(output)) => self.output_failed(&output, words),
            Some(Step::Log(stream, _)) => {
                self.report.note(&format!("its {} could not be stored: {words}", stream.as_str()));
            }
            None => {}
        }
    }

    fn output_failed(&mut self, output: &FileTransfer, words: &str) {
        self.report.fail(ErrorClass::StageOut, &format!("output '{}': {words}", output.name));
        self.steps.retain(|step| matches!(step, Step::Log(..)));
    }

    /// Where a payload's output is.
    pub(super) fn log_path(&self, stream: LogStream) -> PathBuf {
        log_path(&self.slot_dir, JobKey { job: self.job.id, attempt: self.job.attempt }, stream)
    }

    /// Where an output file is.
    pub(super) fn output_path(&self, output: &FileTransfer) -> PathBuf {
        self.slot_dir.join("work").join(&output.name)
    }

    /// Bytes of an output that the server has.
    pub(super) fn sent(&self, stream: LogStream) -> u64 {
        LogStream::ALL.iter().position(|other| *other == stream).map_or(0, |at| self.sent[at])
    }

    /// Removes the files of the output.
    pub(super) fn remove_logs(&self) {
        for stream in LogStream::ALL {
            let _ = std::fs::remove_file(self.log_path(stream));
        }
    }

    /// Whether nothing but our own server is needed for what is left.
    pub(super) fn is_left_to_server(&self) -> bool {
        self.steps.iter().all(|step| !matches!(step, Step::Output(output) if !output.url.is_empty()))
    }

    /// Puts all that is left into the spool, for whoever delivers that. The error says what cannot be kept.
    pub(super) fn keep(&mut self, spool: &mut Spool) -> Result<Kept, String> {
        let mut files = Vec::new();
        for (at, step) in self.steps.clone().into_iter().enumerate() {
            let file = format!("{}.{}.{at}", self.job.id, self.job.attempt);
            let is = match step {
                Step::Log(stream, log) => self.keep_log(spool, stream, &log, &file)?,
                Step::Output(output) if !output.url.is_empty() => {
                    return Err(format!("its output '{}' was not at {} in time", output.name, output.url));
                }
                Step::Output(output) => match self.keep_output(spool, output, &file)? {
                    Some(is) => is,
                    None => break,
                },
            };
            files.push(KeptFile { file, is });
        }
        Ok(Kept { report: self.report.clone(), files })
    }

    fn keep_log(&self, spool: &mut Spool, stream: LogStream, log: &Log, file: &str) -> Result<KeptOutput, String> {
        let (added, offset) = match log {
            Log::Bytes(bytes) => (spool.add_bytes(bytes, file), 0),
            Log::File => (spool.add_file(&self.log_path(stream), file), self.sent(stream)),
        };
        added.map_err(|error| format!("its {} could not be kept: {error}", stream.as_str()))?;
        Ok(KeptOutput::Log { stream, offset })
    }

    /// `None` when the job did not make it, which is then its result.
    fn keep_output(
        &mut self,
        spool: &mut Spool,
        output: FileTransfer,
        file: &str,
    ) -> Result<Option<KeptOutput>, String> {
        let path = self.output_path(&output);
        if let Err(words) = staging::check_made(&path) {
            self.output_failed(&output, &words);
            return Ok(None);
        }
        spool
            .add_file(&path, file)
            .map_err(|error| format!("its output '{}' could not be kept: {error}", output.name))?;
        Ok(Some(KeptOutput::Output(output.name)))
    }
}
