//! Factories of other software that report to this server, and what their words about pilots mean.

use crate::queue::check_name;
use crate::{ErrorClass, PilotEvent, PilotSummary, Time};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// After so long a silence a factory or label that others report is left out of listings.
pub const IDLE_AFTER: Duration = Duration::from_secs(10 * 86_400);
/// The most characters of a name that others give.
pub const NAME_MAX_CHARS: usize = 256;
/// For so long a count of errors is of the present: whoever counts does so every few minutes.
const COUNTED_FOR: Duration = Duration::from_secs(90 * 60);
/// The most codes of errors of one label that are kept.
const ERRORS_MAX: usize = 100;
/// Codes of errors that are told in words.
const ERRORS_TOLD: usize = 5;
/// The result of a pilot that found no job.
pub const NO_JOB: i64 = 20;

/// What a factory of other software tells about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reported {
    /// Its software, such as `AutoPyFactory`; empty when not told.
    #[serde(default)]
    pub software: String,
    /// Mail address of its operators; may be empty.
    #[serde(default)]
    pub mail: String,
    /// What addresses of logs begin with; may be empty.
    #[serde(default)]
    pub log_url: String,
    /// Address that it registered from; empty for one that never did.
    #[serde(default)]
    pub address: String,
    /// What the operator of its batch system sees: one line of totals; may be empty.
    #[serde(default)]
    pub totals: String,
    /// Errors that it counted, by label: code and how often.
    #[serde(default)]
    pub errors: BTreeMap<String, BTreeMap<String, i64>>,
    /// When errors of a label were counted last.
    #[serde(default)]
    pub counted: BTreeMap<String, Time>,
    /// When each of its labels was heard last.
    #[serde(default)]
    pub heard: BTreeMap<String, Time>,
}

impl Reported {
    /// Keeps how often an error of a label was counted; what was counted long before it goes.
    pub fn count_error(&mut self, label: &str, code: &str, times: i64, now: Time) {
        let is_over = self.counted.get(label).is_none_or(|last| now.since(*last) > COUNTED_FOR);
        let errors = self.errors.entry(label.to_owned()).or_default();
        if is_over {
            errors.clear();
        }
        if errors.len() < ERRORS_MAX || errors.contains_key(code) {
            errors.insert(code.to_owned(), times);
            self.counted.insert(label.to_owned(), now);
        }
    }

    /// The errors of a label in words, the most frequent first, and when they were counted; none when that was long ago.
    pub fn counted_errors(&self, label: &str, now: Time) -> Option<(String, Time)> {
        let at = self.counted.get(label).copied().filter(|at| now.since(*at) <= COUNTED_FOR)?;
        let mut errors: Vec<_> = self.errors.get(label)?.iter().filter(|(_, times)| **times > 0).collect();
        errors.sort_by_key(|(_, times)| Reverse(**times));
        let told = errors.iter().take(ERRORS_TOLD).map(|(code, times)| format!("{code} ({times})"));
        let told = told.collect::<Vec<_>>().join(", ");
        let more = errors.len().saturating_sub(ERRORS_TOLD);
        let words = if more > 0 { format!("{told} and {more} more") } else { told };
        (!errors.is_empty()).then_some((words, at))
    }

    /// Where the logs of a pilot are, by what they are: `out`, `err`, `log`. None when it does not tell.
    pub fn logs(&self, pilot: &PilotSummary) -> Vec<(&'static str, String)> {
        if !self.has_log_url() || pilot.batch_id.is_empty() {
            return Vec::new();
        }
        let day: String = pilot.announced.to_string().chars().take(10).collect();
        let part = |text: &str| text.replace(['/', ':', '?', '#', '%', ' '], "_");
        let base = self.log_url.trim_end_matches('/');
        let url = |kind| format!("{base}/{day}/{}/{}.{kind}", part(&pilot.label), part(&pilot.batch_id));
        ["out", "err", "log"].map(|kind| (kind, url(kind))).into()
    }

    /// Whether its logs can be linked to.
    pub fn has_log_url(&self) -> bool {
        self.log_url.starts_with("http://") || self.log_url.starts_with("https://")
    }
}

/// What is claimed of a pilot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: only something about it is told.
    Nothing,
    /// It was submitted, or waits.
    Created,
    /// It runs.
    Running,
    /// It is about to end.
    Exiting,
    /// It is gone.
    Done,
    /// It is gone, not as wanted.
    Fault,
}

impl Claim {
    /// From the words of all eras, or from a number of HTCondor's `JobStatus`. `None` for a word that means nothing.
    pub fn of(word: &str) -> Option<Claim> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "" => Claim::Nothing,
            "created" | "1" | "5" => Claim::Created,
            "running" | "wrapperrunning" | "2" => Claim::Running,
            "exiting" | "wrapperexiting" => Claim::Exiting,
            "done" | "finished" | "4" => Claim::Done,
            "fault" | "wrapperfault" | "failed" | "3" | "6" => Claim::Fault,
            _ => return None,
        })
    }

    /// What it does to a pilot whose result is known or not. A pilot that is gone with a bad result is in fault, whatever
    /// its batch system calls it.
    pub fn event(self, result: Option<i64>) -> Option<PilotEvent> {
        match self {
            Claim::Nothing => None,
            Claim::Created => Some(PilotEvent::Submit),
            Claim::Running => Some(PilotEvent::Run),
            Claim::Exiting => Some(PilotEvent::Exit),
            Claim::Done if result.is_some_and(|result| error_class(result).is_some()) => Some(PilotEvent::Break),
            Claim::Done => Some(PilotEvent::End),
            Claim::Fault => Some(PilotEvent::Break),
        }
    }
}

/// Why a pilot ended badly, from what its wrapper returned; `None` when it did not.
pub fn error_class(result: i64) -> Option<ErrorClass> {
    match result {
        0 | NO_JOB => None,
        // Setup failed, the site's software failed, the proxy is too old.
        1 | 64 | 80 => Some(ErrorClass::Node),
        // Its own supervisor ended it, for it had been silent.
        2 | 130 => Some(ErrorClass::Lost),
        137 | 143 => Some(ErrorClass::Evicted),
        _ => Some(ErrorClass::Payload),
    }
}

/// How names of labels begin with that of the queue they serve: patterns such as `{queue}-{number}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelPatterns(Vec<Pattern>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    separator: String,
    rest: Rest,
}

/// What follows the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Number,
    Host,
    Any,
}

impl Default for LabelPatterns {
    fn default() -> LabelPatterns {
        let pattern = |rest| Pattern { separator: "-".to_owned(), rest };
        LabelPatterns(vec![pattern(Rest::Number), pattern(Rest::Host)])
    }
}

impl LabelPatterns {
    /// From texts such as `{queue}-{host}`; `{number}` is digits, `{host}` a name with a dot, `{any}` anything.
    pub fn parse(texts: &[String]) -> Result<LabelPatterns, String> {
        texts.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>().map(LabelPatterns)
    }

    /// The queue that a label serves, by its name: what is before the last place that fits a pattern, the first pattern
    /// first; the whole name when none fits.
    pub fn queue<'a>(&self, label: &'a str) -> &'a str {
        self.0.iter().find_map(|pattern| pattern.queue(label)).unwrap_or(label)
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Pattern, String> {
        let wrong =
            || format!("'{text}' is not of the form {{queue}}-{{number}}, {{queue}}-{{host}} or {{queue}}-{{any}}");
        let (separator, rest) = text.strip_prefix("{queue}").and_then(|text| text.split_once('{')).ok_or_else(wrong)?;
        let rest = match rest {
            "number}" => Rest::Number,
            "host}" => Rest::Host,
            "any}" => Rest::Any,
            _ => return Err(wrong()),
        };
        if separator.is_empty() { Err(wrong()) } else { Ok(Pattern { separator: separator.to_owned(), rest }) }
    }

    fn queue<'a>(&self, label: &'a str) -> Option<&'a str> {
        let mut places = label.rmatch_indices(&self.separator);
        let found = places.find(|(at, _)| *at > 0 && self.rest.fits(&label[at + self.separator.len()..]))?;
        Some(&label[..found.0])
    }
}

impl Rest {
    fn fits(self, text: &str) -> bool {
        let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
        match self {
            Rest::Number => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
            Rest::Host => text.contains('.') && text.starts_with(|c: char| c.is_ascii_alphabetic()) && is_name(text),
            Rest::Any => !text.is_empty(),
        }
    }
}

/// A name that others gave as one of a queue of ours: what may not be in it becomes `_`. `None` when nothing is left.
pub fn queue_name(text: &str) -> Option<String> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    let name: String = text.trim().chars().map(plain).take(64).collect();
    check_name(&name).is_ok().then_some(name)
}

/// A name that others gave: without control characters and blanks around it, at most [`NAME_MAX_CHARS`]. `None` when nothing
/// is left.
pub fn name(text: &str) -> Option<String> {
    let name: String = text.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX_CHARS).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_all_eras_are_understood() {
        for (word, claim) in [
            ("running", Claim::Running),
            ("RUNNING", Claim::Running),
            ("wrapperexiting", Claim::Exiting),
            ("finished", Claim::Done),
            ("4", Claim::Done),
            ("3", Claim::Fault),
            ("wrapperfault", Claim::Fault),
            ("", Claim::Nothing),
        ] {
            assert_eq!(Claim::of(word), Some(claim), "{word}");
        }
        assert_eq!(Claim::of("sleeping"), None);
        assert_eq!(Claim::Done.event(Some(64)), Some(PilotEvent::Break));
        assert_eq!(Claim::Done.event(Some(NO_JOB)), Some(PilotEvent::End));
        assert_eq!(Claim::Done.event(None), Some(PilotEvent::End));
    }

    #[test]
    fn queues_are_found_in_names_of_labels() {
        let patterns = LabelPatterns::default();
        for (label, queue) in [
            ("ANALY_MANC-4711", "ANALY_MANC"),
            ("UKI-NORTHGRID_SL7-ce-01.lancs.ac.uk", "UKI-NORTHGRID_SL7"),
            ("CERN-PROD-ce501.cern.ch", "CERN-PROD"),
            ("CERN-PROD-ce501.cern.ch:9619", "CERN-PROD"),
            ("CERN-PROD", "CERN-PROD"),
            ("-7", "-7"),
        ] {
            assert_eq!(patterns.queue(label), queue, "{label}");
        }
        let own = LabelPatterns::parse(&["{queue}@{any}".to_owned()]).unwrap();
        assert_eq!(own.queue("q@anything-7"), "q");
        assert_eq!(own.queue("q-7"), "q-7");
    }

    #[test]
    fn a_pattern_that_cannot_work_is_refused() {
        for wrong in ["", "{queue}", "{queue}{number}", "{queue}-{ce}", "x{queue}-{any}", "{queue}-{any}x"] {
            assert!(LabelPatterns::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counted_errors_are_told_while_they_are_of_the_present() {
        let mut told = Reported::default();
        let minute = |minutes: i64| Time(minutes * 60_000);
        assert_eq!(told.counted_errors("l", minute(0)), None);
        told.count_error("l", "OLD", 99, minute(0));
        told.count_error("l", "GLOBUS_FTP", 3, minute(100));
        told.count_error("l", "CREAM_START", 12, minute(110));
        told.count_error("l", "GLOBUS_FTP", 4, minute(120));
        told.count_error("l", "PERIODIC_HOLD", 0, minute(120));
        let words = "CREAM_START (12), GLOBUS_FTP (4)".to_owned();
        assert_eq!(told.counted_errors("l", minute(130)), Some((words, minute(120))));
        assert_eq!(told.counted_errors("l", minute(211)), None);
        (0..200).for_each(|n| told.count_error("m", &format!("E{n:03}"), n, minute(0)));
        assert_eq!(told.errors["m"].len(), ERRORS_MAX);
        let (words, _) = told.counted_errors("m", minute(1)).unwrap();
        assert_eq!(words, "E099 (99), E098 (98), E097 (97), E096 (96), E095 (95) and 94 more");
    }

    #[test]
    fn names_of_others_are_bounded() {
        assert_eq!(queue_name("a/b c").as_deref(), Some("a_b_c"));
        assert_eq!(queue_name("../x"), None);
        assert_eq!(name(" a\u{0}b\n "), Some("ab".to_owned()));
        assert_eq!(name(&"x".repeat(1000)).unwrap().len(), NAME_MAX_CHARS);
        assert_eq!(name(" \n"), None);
    }
}
