//! What an `updateJob` says, read into our terms.

use super::arguments::Arguments;
use super::{error_codes, script};
use model::job::{JobReport, Usage};
use model::{ErrorClass, JobId, JobState, Time};

/// The most characters of a message that are kept.
const MESSAGE_MAX_CHARS: usize = 1000;
/// Times before this are no times: 2001-09-09.
const TIME_MIN_S: f64 = 1e9;

/// One `updateJob`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Update {
    /// The job.
    pub(super) job: JobId,
    /// The attempt, when it is said.
    pub(super) attempt: Option<u32>,
    /// The state; none for one that the server ignores.
    pub(super) state: Option<JobState>,
    /// The batch system's id of the pilot; empty when unknown.
    pub(super) batch_id: String,
    /// What the pilot calls itself: URL of its batch log, tag, version.
    pub(super) pilot_id: String,
    pilot_error: i64,
    pilot_error_text: String,
    exe_error_text: String,
    exit_code: Option<i32>,
    started: Option<Time>,
    ended: Option<Time>,
    usage: Usage,
    stdout: String,
    pilot_log: String,
}

/// A number that is missing or none.
#[derive(Debug, thiserror::Error)]
#[error("jobId is missing or no number")]
pub(super) struct NoJob;

impl Update {
    /// Reads the arguments of the call.
    pub(super) fn read(arguments: &Arguments) -> Result<Update, NoJob> {
        let text = |key: &str| arguments.text(key).unwrap_or_default().to_owned();
        Ok(Update {
            job: arguments.integer("jobId").map(JobId).ok_or(NoJob)?,
            attempt: arguments.unsigned("attemptNr"),
            state: arguments.text("state").and_then(state),
            batch_id: text("batchID"),
            pilot_id: text("pilotID"),
            pilot_error: arguments.integer("pilotErrorCode").unwrap_or_default(),
            pilot_error_text: text("pilotErrorDiag"),
            exe_error_text: text("exeErrorDiag"),
            exit_code: arguments.integer("transExitCode").and_then(|code| i32::try_from(code).ok()),
            started: time(arguments, "startTime"),
            ended: time(arguments, "endTime"),
            usage: usage(arguments),
            stdout: text("stdout"),
            pilot_log: text("pilotLog"),
        })
    }

    /// Whether it ends the job.
    pub(super) fn is_final(&self) -> bool {
        self.state.is_some_and(JobState::is_final)
    }

    /// The report of one attempt that it stands for. `said` is what the script said about the end, `has_logs` whether
    /// the script uploaded the output, which then is not replaced by the pilot's extracts.
    pub(super) fn report(
        &self,
        state: JobState,
        attempt: u32,
        token: String,
        said: Option<Trouble>,
        has_logs: bool,
    ) -> JobReport {
        let failed = state == JobState::Failed;
        let number = said.as_ref().map_or(self.pilot_error, |trouble| trouble.number);
        JobReport {
            job: self.job,
            attempt,
            token,
            state,
            started: self.started,
            ended: self.ended,
            exit_code: self.exit_code.or((state == JobState::Finished).then_some(0)),
            signal: None,
            error_class: failed.then(|| self.class(number)),
            message: if failed { self.message(said) } else { String::new() },
            usage: self.usage,
            stdout: if has_logs { String::new() } else { inline(&self.stdout) },
            stderr: if has_logs || !state.is_final() { String::new() } else { inline(&self.pilot_log) },
        }
    }

    fn class(&self, number: i64) -> ErrorClass {
        error_codes::class_of(number)
    }

    fn message(&self, said: Option<Trouble>) -> String {
        let numbered = (!self.pilot_error_text.is_empty())
            .then(|| format!("pilot error {}: {}", self.pilot_error.saturating_abs(), self.pilot_error_text));
        let exe = (!self.exe_error_text.is_empty()).then(|| self.exe_error_text.clone());
        let words = said.map(|trouble| trouble.text).or(numbered).or(exe);
        let words = words.or(self.exit_code.map(|code| format!("the payload ended with exit code {code}")));
        words.unwrap_or_default().chars().take(MESSAGE_MAX_CHARS).collect()
    }
}

/// What the job's script said when it, not the payload, ended the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The pilot's number for it.
    pub(super) number: i64,
    /// In words.
    pub(super) text: String,
}

impl Trouble {
    /// Reads the last bytes of standard error.
    pub(super) fn read(tail: &[u8]) -> Option<Trouble> {
        let tail = String::from_utf8_lossy(tail);
        let said = tail.lines().rev().find_map(|line| line.strip_prefix(script::TROUBLE))?;
        let (number, text) = said.split_once(": ")?;
        Some(Trouble { number: number.parse().ok()?, text: text.to_owned() })
    }
}

/// The states that a pilot may report; others are answered and ignored, as upstream does.
fn state(word: &str) -> Option<JobState> {
    match word {
        "starting" => Some(JobState::Starting),
        "running" => Some(JobState::Running),
        "holding" => Some(JobState::Holding),
        "transferring" => Some(JobState::Transferring),
        "finished" => Some(JobState::Finished),
        "failed" => Some(JobState::Failed),
        _ => None,
    }
}

/// Pilots send seconds since the epoch, upstream's documentation says `2026-11-22 00:02:54` in UTC.
fn time(arguments: &Arguments, key: &str) -> Option<Time> {
    if let Some(seconds) = arguments.number(key) {
        return (seconds > TIME_MIN_S).then_some(Time((seconds * 1000.0) as i64));
    }
    let civil: jiff::civil::DateTime = arguments.text(key)?.trim().parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp().into())
}

fn usage(arguments: &Arguments) -> Usage {
    let millis = |seconds: f64| (seconds.max(0.0) * 1000.0) as u64;
    let timing = arguments.text("pilotTiming").unwrap_or_default();
    let payload_s: Option<f64> = timing.split('|').nth(2).and_then(|seconds| seconds.trim().parse().ok());
    let max_rss = arguments.integer("maxRSS").and_then(|kib| u64::try_from(kib).ok());
    Usage {
        wall_ms: payload_s.map_or(0, millis),
        cpu_ms: arguments.number("cpuConsumptionTime").map_or(0, millis),
        max_rss_kib: max_rss.unwrap_or_default(),
    }
}

/// The end of a text that fits into a report.
fn inline(text: &str) -> String {
    let mut from = text.len().saturating_sub(wire::api::INLINE_LOG_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text[from..].replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(form: &str) -> Update {
        let mut arguments = Arguments::default();
        arguments.add_form(form.as_bytes());
        Update::read(&arguments).unwrap()
    }

    /// The last updateJob of pilot 3.7 whose payload ended with 17, as seen on the wire, with most of its log cut.
    const FAILED: &str = "jobId=17&state=failed&timestamp=2026-11-22T02%3A32%3A08%2B00%3A00&siteName=PANDA_TEST&node=vm\
        &attemptNr=1&schedulerID=unknown&pilotID=http%3A%2F%2F127.0.0.1%2Ff%2Flog.1%7CPR%7C3.7.0.36\
        &startTime=1795314610.1402888&coreCount=1&cpuConsumptionUnit=s%2BAMD+EPYC+1024+KB+2-Core+Processor%2BAVX2\
        &pilotTiming=0%7C0%7C2%7C0%7C0%7C0&pilotLog=-+Log+from+pilotlog.txt+-%0A2026-11-22&endTime=1795314728.3188477\
        &pilotErrorCode=1305&pilotErrorDiag=Failed+to+execute+payload&transExitCode=17&exeErrorCode=0&exeErrorDiag=";

    #[test]
    fn a_failure_keeps_code_class_words_times_and_usage() {
        let update = update(FAILED);
        assert!(update.is_final());
        let report = update.report(JobState::Failed, 1, "t".into(), None, false);
        assert_eq!((report.exit_code, report.error_class), (Some(17), Some(ErrorClass::Payload)));
        assert_eq!(report.message, "pilot error 1305: Failed to execute payload");
        assert_eq!((report.started, report.ended), (Some(Time(1_795_314_610_140)), Some(Time(1_795_314_728_318))));
        assert_eq!(report.usage, Usage { wall_ms: 2000, cpu_ms: 0, max_rss_kib: 0 });
        assert_eq!(report.stderr, "- Log from pilotlog.txt -\n2026-11-22");
        let report = update.report(JobState::Failed, 1, "t".into(), None, true);
        assert_eq!((report.stdout.as_str(), report.stderr.as_str()), ("", ""));
    }

    #[test]
    fn what_the_script_said_wins_over_the_pilot() {
        let said = Trouble::read(b"payload noise\n\npilotage-script: error 1099: cannot bring input x from /y\n");
        let report = update(FAILED).report(JobState::Failed, 1, String::new(), said, true);
        assert_eq!(report.error_class, Some(ErrorClass::StageIn));
        assert_eq!(report.message, "cannot bring input x from /y");
        assert_eq!(Trouble::read(b"nothing of that kind\n"), None);
    }

    #[test]
    fn unknown_states_are_none_and_finished_means_exit_code_zero() {
        assert_eq!(update("jobId=1&state=merging").state, None);
        let report =
            update("jobId=1.0&state=finished&attemptNr=1").report(JobState::Finished, 1, String::new(), None, false);
        assert_eq!((report.exit_code, report.error_class, report.message.as_str()), (Some(0), None, ""));
    }

    #[test]
    fn times_are_read_in_both_spellings() {
        let update = update("jobId=1&state=running&startTime=2026-11-22+00%3A02%3A54&endTime=None");
        assert_eq!((update.started, update.ended), (Some(Time(1_795_305_774_000)), None));
    }

    #[test]
    fn a_long_text_keeps_its_end() {
        let text = format!("é{}", "x".repeat(wire::api::INLINE_LOG_MAX - 1));
        assert_eq!(inline(&text).len(), wire::api::INLINE_LOG_MAX - 1);
        assert_eq!(inline("a\0b"), "a\u{fffd}b");
    }
}
