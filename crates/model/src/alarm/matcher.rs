//! Which alarms, by patterns.

use super::record::Subject;
use super::rule::Rule;
use serde::{Deserialize, Serialize};
use std::fmt;
use wildmatch::WildMatch;

/// The most characters of a pattern.
pub const PATTERN_MAX: usize = 256;

/// Patterns, in which `*` stands for any characters and `?` for one. Those that are empty match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Matcher {
    /// Names of rules.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule: String,
    /// Factories.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub factory: String,
    /// Labels, or names of whatever else an alarm is about: nodes, credentials, end points, sources.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Queues.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// Sites.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub site: String,
}

impl Matcher {
    /// The alarms of one rule about one thing.
    pub fn exactly(rule: Rule, subject: &Subject) -> Matcher {
        Matcher {
            rule: rule.as_str().to_owned(),
            factory: subject.factory.clone(),
            label: subject.name.clone(),
            queue: subject.queue.clone(),
            site: subject.site.clone(),
        }
    }

    /// Whether all patterns match.
    pub fn matches(&self, rule: Rule, subject: &Subject) -> bool {
        let is = |pattern: &str, value: &str| pattern.is_empty() || WildMatch::new(pattern).matches(value);
        is(&self.rule, rule.as_str())
            && is(&self.factory, &subject.factory)
            && is(&self.label, &subject.name)
            && is(&self.queue, &subject.queue)
            && is(&self.site, &subject.site)
    }

    /// The patterns with their names, of those that are not empty.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("rule", &self.rule),
            ("factory", &self.factory),
            ("label", &self.label),
            ("queue", &self.queue),
            ("site", &self.site),
        ];
        all.into_iter().filter(|(_, pattern)| !pattern.is_empty()).map(|(name, pattern)| (name, pattern.as_str()))
    }

    /// What cannot be accepted from somebody who silences alarms: the field, and why.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let long = self
            .parts()
            .find(|(_, pattern)| pattern.chars().count() > PATTERN_MAX || pattern.contains(char::is_control));
        if let Some((name, _)) = long {
            return Some((name, format!("it has control characters or more than {PATTERN_MAX} characters")));
        }
        let knows = |pattern: &WildMatch| Rule::ALL.iter().any(|rule| pattern.matches(rule.as_str()));
        let is_known = self.rule.is_empty() || knows(&WildMatch::new(&self.rule));
        (!is_known).then(|| {
            let hint = crate::spelling::hint(&self.rule, Rule::ALL.map(Rule::as_str));
            ("rule", format!("no rule is called '{}'{hint}", self.rule))
        })
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts().map(|(name, pattern)| format!("{name} {pattern}")).collect();
        if parts.is_empty() { f.write_str("everything") } else { f.write_str(&parts.join(", ")) }
    }
}
