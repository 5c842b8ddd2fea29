//! Rules about factories: whether they are heard, and what they say is wrong.

use super::facts::{LabelFacts, Situation};
use super::finding::{Finding, Grade};
use super::record::{Severity, Subject, SubjectKind};
use super::rule::Rule;
use super::settings::{AlarmSettings, RuleSettings};
use super::words::{counted, lasting};
use crate::{CredentialInfo, FactorySummary, FileSystemHealth, LabelInfo, Time};
use std::collections::BTreeMap;

/// Of the life of a credential, so much may be left before it is bad, and very bad: those that live for an hour are
/// renewed within it.
const LIFE_LEFT: [f64; 2] = [0.25, 0.1];
/// The most labels that are named.
const NAMED_MAX: usize = 5;

/// Findings about all factories.
pub(super) fn findings(situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        situation.factories.iter().flat_map(|factory| of_factory(factory, situation, settings)).collect();
    found.extend(situation.labels.iter().filter_map(|label| stale(label, situation, settings)));
    found.extend(situation.labels.iter().filter_map(|label| submit_error(label, situation, settings)));
    found
}

fn of_factory(factory: &FactorySummary, situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let mut found: Vec<Finding> = silent(factory, situation, settings).into_iter().collect();
    let said = &factory.said;
    let subject = Subject::factory(&factory.name);
    found.extend(trouble(subject, &said.trouble, settings));
    for source in &said.sources {
        let subject = Subject::of_factory(SubjectKind::Source, &source.name, &factory.name);
        found.extend(trouble(subject, &source.trouble, settings));
    }
    found.extend(troubled_labels(factory, situation, settings));
    found.extend(counted_errors(factory, situation, settings));
    found.extend(disk(factory, settings));
    let credentials = said.credentials.iter();
    found.extend(credentials.filter_map(|one| credential(one, factory, situation.now, settings)));
    found
}

fn silent(factory: &FactorySummary, situation: &Situation, settings: &AlarmSettings) -> Option<Finding> {
    let subject = Subject::factory(&factory.name);
    let settings = settings.of(Rule::FactorySilent, &subject);
    let grade = silence(Rule::FactorySilent, &settings, factory.last_heard, situation)?;
    let words = format!("it was not heard for {}", lasting(situation.now.since(factory.last_heard)));
    let figures = [("host", factory.said.host.clone()), ("cycle", format!("{} s", factory.said.cycle_s))];
    Some(Finding::new(Rule::FactorySilent, subject, grade, words).with(figures))
}

/// How bad a silence since a time is. Where nobody listened for long enough it begins no alarm, but it ends none either.
fn silence(rule: Rule, settings: &RuleSettings, since: Time, situation: &Situation) -> Option<Grade> {
    let grade = |since: Time| settings.grade(rule, situation.now.since(since).as_secs_f64());
    let listened = grade(since.max(situation.listening_since));
    listened.or_else(|| grade(since).map(|_| Grade::Lingers)).filter(|_| settings.enabled)
}

fn trouble(subject: Subject, words: &str, settings: &AlarmSettings) -> Option<Finding> {
    let is_wanted = !words.is_empty() && settings.of(Rule::Trouble, &subject).enabled;
    is_wanted.then(|| Finding::new(Rule::Trouble, subject, Grade::Bad(Severity::Warning), words.to_owned()))
}

/// Labels of one end point with the same trouble are one finding, about the end point.
fn troubled_labels(factory: &FactorySummary, situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, &str), Vec<&LabelInfo>> = BTreeMap::new();
    for label in factory.said.labels.iter().filter(|label| !label.trouble.is_empty()) {
        groups.entry((&label.batch, &label.trouble)).or_default().push(label);
    }
    let mut found: BTreeMap<String, Finding> = BTreeMap::new();
    for ((batch, words), labels) in groups {
        let (subject, words) = match labels.as_slice() {
            [label] => (label_subject(situation, &factory.name, &label.name, &label.queue), words.to_owned()),
            many => (Subject::of_factory(SubjectKind::EndPoint, batch, &factory.name), of_many(words, many)),
        };
        // Several troubles of one end point are told one after the other.
        if let Some(finding) = trouble(subject, &words, settings) {
            found.entry(finding.subject.key()).or_insert(finding);
        }
    }
    found.into_values().collect()
}

/// The file system of its host with the least room.
fn disk(factory: &FactorySummary, settings: &AlarmSettings) -> Option<Finding> {
    let FileSystemHealth { path, free_bytes, used_percent, .. } = factory.said.health.as_ref()?.fullest()?;
    let subject = Subject::factory(&factory.name);
    let settings = settings.of(Rule::Disk, &subject);
    let grade = settings.grade(Rule::Disk, (*used_percent).into()).filter(|_| settings.enabled)?;
    let words = format!("on its host {path} is {used_percent} % full");
    let figures = [
        ("host", factory.said.host.clone()),
        ("used", format!("{used_percent} %")),
        ("free", format!("{} MiB", free_bytes >> 20)),
    ];
    Some(Finding::new(Rule::Disk, subject, grade, words).with(figures))
}

/// Errors that cron jobs on the host of a factory of other software counted for its labels.
fn counted_errors(factory: &FactorySummary, situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let of = |label: &LabelInfo| {
        let (words, _) = factory.reported.as_ref()?.counted_errors(&label.name, situation.now)?;
        let subject = label_subject(situation, &factory.name, &label.name, &label.queue);
        trouble(subject, &format!("errors were counted on its factory's host: {words}"), settings)
    };
    factory.said.labels.iter().filter_map(of).collect()
}

fn of_many(words: &str, labels: &[&LabelInfo]) -> String {
    let named: Vec<&str> = labels.iter().take(NAMED_MAX).map(|label| label.name.as_str()).collect();
    let more = if labels.len() > NAMED_MAX { ", ..." } else { "" };
    format!("{words} ({}: {}{more})", counted(labels.len() as u64, "label"), named.join(", "))
}

fn label_subject(situation: &Situation, factory: &str, label: &str, queue: &str) -> Subject {
    let (queue, site) = (queue.to_owned(), situation.site_of(queue).to_owned());
    Subject { queue, site, ..Subject::of_factory(SubjectKind::Label, label, factory) }
}

fn credential(one: &CredentialInfo, factory: &FactorySummary, now: Time, settings: &AlarmSettings) -> Option<Finding> {
    let subject = Subject::of_factory(SubjectKind::Credential, &one.name, &factory.name);
    let settings = settings.of(Rule::Credentials, &subject);
    let (grade, words) = credential_state(one, &settings, now).filter(|_| settings.enabled)?;
    let left = one.end().map_or_else(|| "unknown".to_owned(), |end| lasting(end.since(now)));
    let figures = [("kind", one.kind.clone()), ("of", one.who.clone()), ("left", left)];
    Some(Finding::new(Rule::Credentials, subject, grade, words).with(figures))
}

fn credential_state(one: &CredentialInfo, settings: &RuleSettings, now: Time) -> Option<(Grade, String)> {
    let because = if one.trouble.is_empty() { String::new() } else { format!(": {}", one.trouble) };
    if !one.is_usable {
        return Some((Grade::Bad(Severity::Critical), format!("it cannot be used{because}")));
    }
    let ends_soon = one.end().and_then(|end| {
        let left = end.since(now).as_secs_f64();
        let life = one.began.map_or(f64::INFINITY, |began| end.since(began).as_secs_f64());
        let [warning, critical] = LIFE_LEFT.map(|share| share * life);
        let settings = RuleSettings {
            warning: settings.warning.min(warning),
            critical: settings.critical.map(|level| level.min(critical)),
            clear: settings.clear.min(warning),
            ..*settings
        };
        let grade = settings.grade(Rule::Credentials, left)?;
        Some((grade, format!("it ends in {}{because}", lasting(end.since(now)))))
    });
    ends_soon.or_else(|| {
        (!one.trouble.is_empty()).then(|| (Grade::Bad(Severity::Warning), format!("it cannot be renewed{because}")))
    })
}

/// The factory of a label, when it is heard and has that label.
fn living<'a>(label: &LabelFacts, situation: &'a Situation) -> Option<&'a FactorySummary> {
    let factory = situation.factories.iter().find(|factory| factory.name == label.factory)?;
    let has_it = factory.said.labels.iter().any(|info| info.name == label.label && info.queue == label.queue);
    (has_it && !factory.is_silent(situation.now)).then_some(factory)
}

fn stale(label: &LabelFacts, situation: &Situation, settings: &AlarmSettings) -> Option<Finding> {
    let factory = living(label, situation)?;
    let subject = label_subject(situation, &label.factory, &label.label, &label.queue);
    let settings = settings.of(Rule::LabelStale, &subject);
    let told = label.decided.unwrap_or_default().max(factory.said.started);
    let grade = silence(Rule::LabelStale, &settings, told, situation)?;
    let words = match label.decided {
        Some(decided) => format!("no decision for {}", lasting(situation.now.since(decided))),
        None => "no decision since its factory started".to_owned(),
    };
    Some(Finding::new(Rule::LabelStale, subject, grade, words))
}

fn submit_error(label: &LabelFacts, situation: &Situation, settings: &AlarmSettings) -> Option<Finding> {
    living(label, situation).filter(|_| !label.submit_error.is_empty())?;
    let subject = label_subject(situation, &label.factory, &label.label, &label.queue);
    let words = format!("pilots cannot be submitted: {}", label.submit_error);
    let is_wanted = settings.of(Rule::Submit, &subject).enabled;
    is_wanted.then(|| Finding::new(Rule::Submit, subject, Grade::Bad(Severity::Warning), words))
}
