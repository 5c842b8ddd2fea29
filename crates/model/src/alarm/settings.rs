//! What rules go by, and for what they go by something else.

use super::finding::Grade;
use super::matcher::Matcher;
use super::record::{Severity, Subject};
use super::rule::{Direction, Rule, Unit};
use std::collections::BTreeMap;
use std::time::Duration;

/// What one rule goes by. Values are in the rule's unit: percent, or seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleSettings {
    /// Whether it is looked for.
    pub enabled: bool,
    /// Bad from here on.
    pub warning: f64,
    /// Very bad from here on.
    pub critical: Option<f64>,
    /// An open alarm is over only on the other side of this.
    pub clear: f64,
    /// With fewer pilots (or slots) the value says nothing.
    pub least: u64,
    /// How long it must be bad before the alarm opens.
    pub hold: Duration,
    /// For how long an alarm as bad as the rule knows it holds its label back; none when it does not.
    pub exclude: Option<Duration>,
}

/// What is to be different from [`RuleSettings`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// Whether it is looked for.
    pub enabled: Option<bool>,
    /// Bad from here on.
    pub warning: Option<f64>,
    /// Very bad from here on.
    pub critical: Option<f64>,
    /// An open alarm is over only on the other side of this.
    pub clear: Option<f64>,
    /// With fewer the value says nothing.
    pub least: Option<u64>,
    /// How long it must be bad before the alarm opens.
    pub hold: Option<Duration>,
    /// For how long an alarm holds its label back; zero when it does not.
    pub exclude: Option<Duration>,
}

/// Other settings for what matches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adjustment {
    /// For what.
    pub of: Matcher,
    /// What is different there.
    pub change: Change,
}

/// How far exclusion of labels goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExclusionSettings {
    /// The most labels that are held back at once.
    pub at_most: usize,
    /// The most orders in a row for one label.
    pub times: u32,
}

/// What all rules go by.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmSettings {
    /// How often the rules are evaluated.
    pub every: Duration,
    /// How long an alarm must not have been found before it is over.
    pub clear_after: Duration,
    /// When receivers are told again of an alarm that nobody looks after.
    pub repeat: Duration,
    /// How long alarms that are over are kept.
    pub keep: Duration,
    /// What is different for a rule from its defaults.
    pub rules: BTreeMap<Rule, Change>,
    /// What is different for some things; the first that matches wins.
    pub adjust: Vec<Adjustment>,
    /// How far exclusion of labels goes.
    pub exclusion: ExclusionSettings,
}

impl Default for AlarmSettings {
    fn default() -> AlarmSettings {
        AlarmSettings {
            every: Duration::from_secs(60),
            clear_after: Duration::from_secs(300),
            repeat: Duration::from_secs(6 * 3600),
            keep: Duration::from_secs(90 * 86_400),
            rules: BTreeMap::new(),
            adjust: Vec::new(),
            exclusion: ExclusionSettings { at_most: 5, times: 5 },
        }
    }
}

impl RuleSettings {
    /// The same with what is different. A warning level that was moved beyond the level at which the alarm is over takes
    /// that with it.
    #[must_use]
    pub fn changed(self, rule: Rule, change: Change) -> RuleSettings {
        let warning = change.warning.unwrap_or(self.warning);
        let inherited = match rule.direction() {
            Direction::Above => self.clear.min(warning),
            Direction::Below => self.clear.max(warning),
        };
        RuleSettings {
            enabled: change.enabled.unwrap_or(self.enabled),
            warning,
            critical: change.critical.or(self.critical),
            clear: change.clear.unwrap_or(inherited),
            least: change.least.unwrap_or(self.least),
            hold: change.hold.unwrap_or(self.hold),
            exclude: change.exclude.or(self.exclude).filter(|time| !time.is_zero()),
        }
    }

    /// How bad a value is; none when not even an open alarm stays open for it.
    pub fn grade(&self, rule: Rule, value: f64) -> Option<Grade> {
        let reaches = |level: f64| match rule.direction() {
            Direction::Above => value >= level,
            Direction::Below => value < level,
        };
        if self.critical.is_some_and(reaches) {
            Some(Grade::Bad(Severity::Critical))
        } else if reaches(self.warning) {
            Some(Grade::Bad(Severity::Warning))
        } else {
            reaches(self.clear).then_some(Grade::Lingers)
        }
    }

    /// What contradicts itself: the key, and why.
    pub fn problem(&self, rule: Rule) -> Option<(&'static str, String)> {
        let worse = |a: f64, b: f64| match rule.direction() {
            Direction::Above => a >= b,
            Direction::Below => a <= b,
        };
        let finite = [self.warning, self.clear].into_iter().chain(self.critical).all(|level| level >= 0.0);
        if !finite {
            return Some(("warning", "levels are numbers from 0 on".to_owned()));
        }
        if rule.unit() != Unit::None && self.critical.is_some_and(|critical| !worse(critical, self.warning)) {
            return Some(("critical", "it must be worse than 'warning'".to_owned()));
        }
        (!worse(self.warning, self.clear)).then(|| ("clear", "it must not be worse than 'warning'".to_owned()))
    }
}

impl AlarmSettings {
    /// What a rule goes by where nothing is adjusted.
    pub fn of_rule(&self, rule: Rule) -> RuleSettings {
        rule.defaults().changed(rule, self.rules.get(&rule).copied().unwrap_or_default())
    }

    /// Whether any alarm may hold a label back.
    pub fn may_exclude(&self) -> bool {
        let mut changes = self.rules.values().chain(self.adjust.iter().map(|adjustment| &adjustment.change));
        changes.any(|change| change.exclude.is_some_and(|time| !time.is_zero()))
    }

    /// What a rule goes by for a thing.
    pub fn of(&self, rule: Rule, subject: &Subject) -> RuleSettings {
        let adjusted = self.adjust.iter().find(|adjustment| adjustment.of.matches(rule, subject));
        let settings = self.of_rule(rule);
        adjusted.map_or(settings, |adjustment| settings.changed(rule, adjustment.change))
    }
}
