//! Rules about pilots: of labels, and of queues and sites whose labels are in the same trouble.

use super::facts::{EXAMPLES_MAX, Facts, LabelFacts, Situation};
use super::finding::{Finding, Grade, capped};
use super::record::{Severity, Subject, SubjectKind};
use super::rule::Rule;
use super::settings::{AlarmSettings, RuleSettings};
use super::words::{counted, lasting};
use crate::{EndedPilots, PilotState, Time, template};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Rules that make of counts a finding; they are asked of labels, queues and sites.
const RULES: [Rule; 6] = [Rule::FaultRatio, Rule::NoStart, Rule::Held, Rule::Empty, Rule::Short, Rule::Drop];
/// From so many times `least` faults on, a share of faults may be critical.
const CRITICAL_TIMES: u64 = 10;
/// So many queues of a site, or labels of a queue, in the same trouble are one alarm.
const TOGETHER_MIN: usize = 2;

/// Findings about labels, and about queues and sites.
pub(super) fn findings(situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let labels: Vec<Member> = situation.labels.iter().map(|label| Member::of_label(situation, label)).collect();
    let queues = together(&labels, SubjectKind::Queue);
    let sites = together(&queues, SubjectKind::Site);
    let (ends, texts) = (by_label(&situation.ends), by_label(&situation.texts));
    let mut found = Vec::new();
    for rule in RULES {
        let assess = |member: &Member| assess(rule, member, [&ends, &texts], settings, situation.now);
        let of_labels: Vec<Finding> = labels.iter().filter_map(assess).collect();
        let of_queues: Vec<Finding> = in_trouble_together(&queues, &of_labels).filter_map(assess).collect();
        let of_sites: Vec<Finding> = in_trouble_together(&sites, &of_queues).filter_map(assess).collect();
        found.extend(of_labels.into_iter().chain(of_queues).chain(of_sites));
    }
    found
}

/// How pilots of each label ended, or how they put it.
type Ends<'a> = BTreeMap<Key, Vec<&'a EndedPilots>>;

fn by_label(ends: &[EndedPilots]) -> Ends<'_> {
    let mut by_label = Ends::new();
    for end in ends {
        let key = (end.factory.clone(), end.label.clone(), end.queue.clone());
        by_label.entry(key).or_default().push(end);
    }
    by_label
}

/// Factory, label and queue.
type Key = (String, String, String);

/// A label, queue or site with what is known of its pilots.
struct Member {
    subject: Subject,
    facts: Facts,
    labels: Vec<Key>,
}

impl Member {
    fn of_label(situation: &Situation, label: &LabelFacts) -> Member {
        let LabelFacts { factory, label, queue, facts, .. } = label;
        let site = situation.site_of(queue).to_owned();
        let subject = Subject::of_factory(SubjectKind::Label, label, factory);
        let labels = vec![(factory.clone(), label.clone(), queue.clone())];
        Member { subject: Subject { queue: queue.clone(), site, ..subject }, facts: facts.clone(), labels }
    }

    /// What is of its labels.
    fn of<'a>(&self, ends: &Ends<'a>) -> impl Iterator<Item = &'a EndedPilots> {
        self.labels.iter().filter_map(|label| ends.get(label)).flatten().copied()
    }
}

/// The queue or site that a subject belongs to.
fn parent(subject: &Subject, kind: SubjectKind) -> Subject {
    let site = subject.site.clone();
    match kind {
        SubjectKind::Site => Subject { site: site.clone(), ..Subject::new(kind, &site) },
        _ => Subject { queue: subject.queue.clone(), site, ..Subject::new(kind, &subject.queue) },
    }
}

/// The members by queue or site, added up.
fn together(members: &[Member], kind: SubjectKind) -> Vec<Member> {
    let mut all: BTreeMap<Subject, Member> = BTreeMap::new();
    for member in members {
        let subject = parent(&member.subject, kind);
        let sum = all.entry(subject.clone());
        let sum = sum.or_insert_with(|| Member { subject, facts: Facts::default(), labels: Vec::new() });
        sum.facts += &member.facts;
        sum.labels.extend(member.labels.iter().cloned());
    }
    all.into_values().collect()
}

/// Those with enough parts in trouble.
fn in_trouble_together<'a>(members: &'a [Member], parts: &[Finding]) -> impl Iterator<Item = &'a Member> {
    let mut troubled: BTreeMap<Subject, usize> = BTreeMap::new();
    let kind = members.first().map_or(SubjectKind::Queue, |member| member.subject.kind);
    for part in parts {
        *troubled.entry(parent(&part.subject, kind)).or_default() += 1;
    }
    members.iter().filter(move |member| troubled.get(&member.subject).is_some_and(|parts| *parts >= TOGETHER_MIN))
}

fn assess(
    rule: Rule,
    member: &Member,
    [ends, texts]: [&Ends<'_>; 2],
    settings: &AlarmSettings,
    now: Time,
) -> Option<Finding> {
    let settings = settings.of(rule, &member.subject);
    if !settings.enabled {
        return None;
    }
    let (value, words, figures) = measure(rule, &member.facts, &settings, now)?;
    let mut grade = settings.grade(rule, value)?;
    if rule == Rule::FaultRatio && member.facts.recent.fault < settings.least * CRITICAL_TIMES {
        grade = grade.min(Grade::Bad(Severity::Warning));
    }
    let finding = Finding { figures, ..Finding::new(rule, member.subject.clone(), grade, words) };
    Some(with_errors(finding, member, ends, texts))
}

type Measured = (f64, String, Vec<(String, String)>);

/// What a rule measures, when there is enough to measure.
fn measure(rule: Rule, facts: &Facts, settings: &RuleSettings, now: Time) -> Option<Measured> {
    let flow = &facts.recent;
    let (value, words) = match rule {
        Rule::FaultRatio => {
            let says_something = flow.fault >= settings.least && flow.submitted >= settings.least;
            let percent = says_something.then(|| share(flow.fault, flow.ended()))?;
            let ended = counted(flow.ended(), "pilot");
            (percent, format!("{percent:.0} % of its pilots end in fault: {} of {ended} in the last 2 h", flow.fault))
        }
        Rule::Held => {
            let percent = (facts.held >= settings.least.max(1)).then(|| share(facts.held, facts.pending))?;
            let waiting = counted(facts.pending, "pilot");
            (
                percent,
                format!("its batch system holds {percent:.0} % of its waiting pilots: {} of {waiting}", facts.held),
            )
        }
        Rule::Empty => {
            let percent = (flow.ended() >= settings.least.max(1)).then(|| share(flow.empty, flow.ended()))?;
            let ended = counted(flow.ended(), "pilot");
            (percent, format!("{percent:.0} % of its pilots got no job: {} of {ended} in the last 2 h", flow.empty))
        }
        Rule::Short => {
            let median = facts.ran.quantile(0.5).filter(|_| facts.ran.count() >= settings.least)?;
            let words = format!(
                "half of its pilots ran for at most {}; {} ended in the last 2 h",
                lasting(median),
                counted(facts.ran.count(), "pilot")
            );
            (median.as_secs_f64(), words)
        }
        Rule::Drop => {
            let usual = facts.usual_starts();
            let is_wanted = facts.pending > 0 && usual >= settings.least.max(1);
            let percent = is_wanted.then(|| share(facts.starts_3h, usual))?;
            let words = format!(
                "{} in the last 3 h, {percent:.0} % of the {usual} that are usual at this time of day, while {} wait",
                counted(facts.starts_3h, "start"),
                facts.pending
            );
            (percent, words)
        }
        _ => {
            let stuck = now.since(facts.stuck_since.filter(|_| facts.pending >= settings.least)?);
            let words = format!("no pilot has started for {}, while {} wait", lasting(stuck), facts.pending);
            (stuck.as_secs_f64(), words)
        }
    };
    Some((value, words, figures(rule, value, facts)))
}

fn figures(rule: Rule, value: f64, facts: &Facts) -> Vec<(String, String)> {
    let flow = &facts.recent;
    let figure = |name: &str, value: u64| (name.to_owned(), value.to_string());
    let mut figures = vec![("measured".to_owned(), rule.value(value)), figure("waiting now", facts.pending)];
    figures.push(figure("of those held", facts.held));
    figures.extend([
        figure("submitted in 2 h", flow.submitted),
        figure("started in 2 h", flow.started),
        figure("done in 2 h", flow.done),
        figure("of those without a job", flow.empty),
        figure("fault in 2 h", flow.fault),
    ]);
    figures
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// The same with the most frequent error of its pilots, and pilots to look at: those that broke or are held, or, where they
/// only had no work, those that ended.
fn with_errors(finding: Finding, member: &Member, ends: &Ends<'_>, texts: &Ends<'_>) -> Finding {
    let wanted = match finding.rule {
        Rule::FaultRatio => PilotState::Fault,
        Rule::Empty | Rule::Short => PilotState::Done,
        Rule::Held => return Finding { pilots: member.facts.held_pilots.clone(), ..finding },
        _ => return finding,
    };
    let mut ends: Vec<&EndedPilots> = member.of(ends).filter(|end| end.state == wanted).collect();
    ends.sort_by_key(|end| Reverse(end.pilots));
    let most = ends.first().filter(|end| end.state == PilotState::Fault);
    Finding {
        error_class: most.and_then(|end| end.error_class),
        error_text: most.map(|end| capped(&most_frequent(member, end, texts))).unwrap_or_default(),
        pilots: ends.iter().take(EXAMPLES_MAX).map(|end| end.last).collect(),
        ..finding
    }
}

/// The words that most pilots of this class ended with, as the last one put them when it is one of those; those of the last
/// one when they were not counted.
fn most_frequent(member: &Member, class: &EndedPilots, texts: &Ends<'_>) -> String {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for text in member.of(texts).filter(|text| text.error_class == class.error_class) {
        *sums.entry(&text.message).or_default() += text.pilots;
    }
    match sums.into_iter().max_by_key(|(_, pilots)| *pilots) {
        Some((most, _)) if most != template(&class.message) => most.to_owned(),
        _ => class.message.clone(),
    }
}
