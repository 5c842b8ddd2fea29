//! What rules find.

use super::facts::Situation;
use super::record::{Severity, Subject};
use super::rule::Rule;
use super::settings::AlarmSettings;
use super::{factories, labels, queues};
use crate::{ErrorClass, PilotId};

/// The most characters of a text from outside in a finding.
const TEXT_MAX: usize = 300;

/// How bad what a rule found is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Not bad enough for a new alarm, nor good enough to end one.
    Lingers,
    /// Bad.
    Bad(Severity),
}

/// What a rule found about a thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The thing.
    pub subject: Subject,
    /// How bad it is.
    pub grade: Grade,
    /// What is wrong, in words.
    pub words: String,
    /// What the rule went by: name and value with its unit.
    pub figures: Vec<(String, String)>,
    /// The most frequent error of its pilots.
    pub error_class: Option<ErrorClass>,
    /// What the last pilot with this error said.
    pub error_text: String,
    /// Pilots to look at.
    pub pilots: Vec<PilotId>,
}

impl Finding {
    pub(super) fn new(rule: Rule, subject: Subject, grade: Grade, words: String) -> Finding {
        let words = capped(&words);
        let (figures, pilots, error_text) = (Vec::new(), Vec::new(), String::new());
        Finding { rule, subject, grade, words, figures, error_class: None, error_text, pilots }
    }

    /// The same with figures.
    pub(super) fn with<const N: usize>(self, figures: [(&str, String); N]) -> Finding {
        let figures = figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Finding { figures, ..self }
    }
}

/// A text from outside, with an end.
pub(super) fn capped(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Everything that the rules find in a situation; about each thing at most one finding of each rule.
pub fn findings(situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let mut found = labels::findings(situation, settings);
    found.extend(queues::findings(situation, settings));
    found.extend(factories::findings(situation, settings));
    found
}
