//! How things ended, in words.

use super::moment;
use super::number::{bytes, listed};
use model::job::{AttemptRecord, JobSummary};
use model::pilot::PilotFlag;
use model::{ErrorClass, JobState};
use std::time::Duration;

/// Whether [`of`] says anything.
pub fn has_words(job: &JobSummary) -> bool {
    !of(job).is_empty()
}

/// Why a job waits or how it ended; empty when there is nothing to say.
pub fn of(job: &JobSummary) -> String {
    if job.state == JobState::Finished {
        return String::new();
    }
    joined(job.error_class, job.exit_code, None, &job.message)
}

/// How an attempt ended.
pub fn of_attempt(attempt: &AttemptRecord) -> String {
    joined(attempt.error_class, attempt.exit_code, attempt.signal, &attempt.message)
}

fn joined(class: Option<ErrorClass>, exit: Option<i32>, signal: Option<i32>, message: &str) -> String {
    let mut parts = Vec::new();
    parts.extend(class.map(|class| class.to_string()));
    parts.extend(signal.map(|signal| format!("signal {signal}")));
    if signal.is_none() && !message.contains("code") {
        parts.extend(exit.map(|code| format!("exit code {code}")));
    }
    if !message.is_empty() {
        parts.push(listed(message));
    }
    parts.join(", ")
}

/// A flag of a pilot.
pub fn flag(flag: &PilotFlag) -> &'static str {
    match flag {
        PilotFlag::Held => "held",
        PilotFlag::Suspended => "suspended",
        PilotFlag::Retiring => "retiring",
    }
}

/// A span given in seconds with a fraction.
pub fn seconds(seconds: &f64) -> String {
    Duration::try_from_secs_f64(seconds.max(0.0)).map_or_else(|_| "?".to_owned(), moment::span)
}

/// A span given in whole seconds.
pub fn seconds_whole(seconds: &u32) -> String {
    match *seconds {
        few @ 0..10 => format!("{few} s"),
        many => moment::span(Duration::from_secs(u64::from(many))),
    }
}

/// A span given in milliseconds.
pub fn millis(millis: &u64) -> String {
    moment::span(Duration::from_millis(*millis))
}

/// A size given in KiB.
pub fn kib(kib: &u64) -> String {
    bytes(&kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_have_no_fraction() {
        assert_eq!((seconds_whole(&5).as_str(), seconds_whole(&65).as_str()), ("5 s", "1 min 05 s"));
    }
}
