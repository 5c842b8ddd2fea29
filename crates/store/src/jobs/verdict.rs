//! What a report means for a job. Pure: values in, values out.

use super::row::JobRow;
use crate::{Error, Result};
use model::job::AttemptOutcome;
use model::{ErrorClass, JobEvent, JobId, JobReport, JobState, RefusedReport, Time};

/// The most characters of a message that are kept.
const MESSAGE_MAX_CHARS: usize = 1000;

/// What is to be done about a report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The job goes to this state; nothing ended.
    Move(JobState),
    /// The attempt ended well.
    Finish,
    /// The attempt ended badly; another one may follow.
    Fail,
    /// The record of the attempt is completed, the state stays: the job was cancelled meanwhile.
    Complete,
    /// It is known already.
    Known,
    /// It is about an older attempt: only recorded there.
    Older,
    /// It is refused.
    Refuse {
        /// Why.
        reason: String,
        /// The pilot should stop the process.
        stop: bool,
    },
}

/// Judges a report about a job.
pub(crate) fn judge(row: &JobRow, report: &JobReport) -> Verdict {
    let Some(event) = event_of(report.state) else {
        return refuse(format!("'{}' is no state that a pilot reports", report.state), false);
    };
    if report.attempt > row.attempt {
        return refuse(format!("attempt {} was never sent", report.attempt), true);
    }
    if report.attempt < row.attempt {
        return if report.state.is_final() {
            Verdict::Older
        } else {
            refuse(format!("attempt {} was sent meanwhile", row.attempt), true)
        };
    }
    if row.state.is_final() {
        return about_ended(row, report);
    }
    if row.state.is_waiting() {
        return about_given_up(row, report);
    }
    match (event, row.state.next(event)) {
        (JobEvent::Finish, Ok(_)) => Verdict::Finish,
        (JobEvent::Fail, Ok(_)) => Verdict::Fail,
        (_, Ok(state)) => Verdict::Move(state),
        (_, Err(refused)) => refuse(refused.to_string(), false),
    }
}

fn about_ended(row: &JobRow, report: &JobReport) -> Verdict {
    let same = report.state == row.state;
    match row.state {
        JobState::Cancelled if report.state.is_final() && row.usage.is_none() => Verdict::Complete,
        JobState::Cancelled if report.state.is_final() => Verdict::Known,
        JobState::Cancelled => refuse("the job was cancelled".to_owned(), true),
        _ if same || !report.state.is_final() => Verdict::Known,
        state => refuse(format!("the job is {state} already"), true),
    }
}

/// The job waits for its next attempt, which has not been sent.
fn about_given_up(row: &JobRow, report: &JobReport) -> Verdict {
    match (row.outcome, report.state) {
        (AttemptOutcome::Lost, JobState::Finished) => Verdict::Finish,
        (AttemptOutcome::Lost, JobState::Failed) => Verdict::Fail,
        (AttemptOutcome::Lost, _) => refuse("the attempt was given up as lost".to_owned(), true),
        (AttemptOutcome::Failed, JobState::Finished) => refuse("the attempt has failed already".to_owned(), true),
        _ => Verdict::Known,
    }
}

fn refuse(reason: String, stop: bool) -> Verdict {
    Verdict::Refuse { reason, stop }
}

fn event_of(state: JobState) -> Option<JobEvent> {
    match state {
        JobState::Starting => Some(JobEvent::Start),
        JobState::Running => Some(JobEvent::Run),
        JobState::Holding => Some(JobEvent::Hold),
        JobState::Transferring => Some(JobEvent::Transfer),
        JobState::Finished => Some(JobEvent::Finish),
        JobState::Failed => Some(JobEvent::Fail),
        _ => None,
    }
}

/// Writes what a report says into the record of the attempt. Times of a wrong clock are brought between the lease and
/// now.
pub(crate) fn record(row: &mut JobRow, report: &JobReport, now: Time) {
    let sane = |time: Time| Time(time.0.clamp(row.sent.0, now.0.max(row.sent.0)));
    let started = report.started.map(sane);
    let ended = report.ended.map_or(now, sane);
    row.started = started.or(row.started).or((report.state == JobState::Running).then_some(now));
    if report.state.is_final() {
        row.ended = Some(row.started.map_or(ended, |started| ended.max(started)));
        row.exit_code = report.exit_code;
        row.signal = report.signal;
        row.usage = Some(report.usage);
    }
    if !report.message.is_empty() {
        row.message = report.message.chars().take(MESSAGE_MAX_CHARS).collect();
    }
}

/// The error class of a failed attempt; a payload's fault unless the pilot says otherwise.
pub(crate) fn class_of(report: &JobReport) -> ErrorClass {
    report.error_class.unwrap_or(ErrorClass::Payload)
}

/// Refuses output of an attempt that is over: its pilot told how it ended, or a newer one was sent. A lost one may still
/// be reported late; a killed one is not over before its pilot said so.
pub(crate) fn check_takes_output(row: Option<&JobRow>, job: JobId, attempt: u32) -> Result<()> {
    let is_told = |row: &JobRow| match row.outcome {
        AttemptOutcome::Underway | AttemptOutcome::Lost => false,
        AttemptOutcome::Cancelled => row.usage.is_some(),
        AttemptOutcome::Finished | AttemptOutcome::Failed => true,
    };
    match row {
        Some(row) if row.attempt == attempt && !is_told(row) => Ok(()),
        _ => Err(Error::AttemptOver { job, attempt }),
    }
}

/// A refusal as the pilot gets it.
pub(crate) fn refused(report: &JobReport, reason: String, stop: bool) -> RefusedReport {
    RefusedReport { job: report.job, attempt: report.attempt, reason, stop }
}
