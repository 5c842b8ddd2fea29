//! Reports, from how a payload ended.

use crate::frame::{Captured, Ended};
use bytes::Bytes;
use model::{ErrorClass, JobState};
use wire::api::{JobReport, LeasedJob};

/// The report of a failure that no payload caused.
pub(super) fn failure(job: &LeasedJob, class: ErrorClass, words: &str) -> JobReport {
    let mut report = job.report(JobState::Failed);
    report.fail(class, words);
    report
}

/// The final report, and the outputs that do not fit into it.
pub(super) fn final_report(job: &LeasedJob, ended: Ended) -> (JobReport, [Option<Log>; 2]) {
    let state = if ended.class.is_none() { JobState::Finished } else { JobState::Failed };
    let (stdout, long_stdout) = split(ended.stdout);
    let (stderr, long_stderr) = split(ended.stderr);
    let mut report = JobReport {
        started: Some(ended.started),
        ended: Some(ended.ended),
        exit_code: ended.exit_code,
        signal: ended.signal,
        error_class: ended.class,
        usage: ended.usage,
        stdout,
        stderr,
        ..job.report(state)
    };
    report.say(&ended.message);
    (report, [long_stdout, long_stderr])
}

/// An output that is uploaded.
#[derive(Clone)]
pub(super) enum Log {
    /// Short, but no text, or followed.
    Bytes(Bytes),
    /// In the log file of the slot.
    File,
}

/// Short texts leave the report too: of an output that was streamed, the server takes the rest as a log alone.
pub(super) fn as_logs(report: &mut JobReport, logs: &mut [Option<Log>; 2]) {
    for (log, text) in logs.iter_mut().zip([&mut report.stdout, &mut report.stderr]) {
        if !text.is_empty() {
            *log = Some(Log::Bytes(std::mem::take(text).into()));
        }
    }
}

fn split(captured: Captured) -> (String, Option<Log>) {
    match captured {
        Captured::File { .. } => (String::new(), Some(Log::File)),
        Captured::Inline(bytes) => match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => (text, None),
            Ok(text) => (String::new(), Some(Log::Bytes(text.into()))),
            Err(error) => (String::new(), Some(Log::Bytes(error.into_bytes().into()))),
        },
    }
}
