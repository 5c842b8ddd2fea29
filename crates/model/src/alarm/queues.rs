//! Rules about queues and about the server.

use super::facts::{BlackHole, QueueFacts, Situation};
use super::finding::{Finding, Grade};
use super::record::{Severity, Subject, SubjectKind};
use super::rule::Rule;
use super::settings::AlarmSettings;
use crate::QueueStatus;
use crate::node_health::HOURS;
use std::collections::{BTreeMap, BTreeSet};

/// Findings about queues and about the server.
pub(super) fn findings(situation: &Situation, settings: &AlarmSettings) -> Vec<Finding> {
    let gaps = situation.slots.iter().filter_map(|slots| gap(slots, situation, settings));
    let nodes = situation.black_holes.iter().filter_map(|node| black_hole(node, situation, settings));
    gaps.chain(nodes).chain(single_factories(situation, settings)).chain(disk(situation, settings)).collect()
}

fn queue(situation: &Situation, name: &str) -> Subject {
    let site = situation.site_of(name).to_owned();
    Subject { queue: name.to_owned(), site, ..Subject::new(SubjectKind::Queue, name) }
}

/// Slots without jobs.
fn gap(slots: &QueueFacts, situation: &Situation, settings: &AlarmSettings) -> Option<Finding> {
    let subject = queue(situation, &slots.queue);
    let settings = settings.of(Rule::Gap, &subject);
    if !settings.enabled || slots.slots < settings.least.max(1) {
        return None;
    }
    let idle = slots.slots.saturating_sub(slots.filled);
    let percent = idle as f64 * 100.0 / slots.slots as f64;
    let grade = settings.grade(Rule::Gap, percent)?;
    let words = format!("{percent:.0} % of its slots have no job: {idle} of {}", slots.slots);
    let figures = [("slots", slots.slots.to_string()), ("filled", slots.filled.to_string())];
    Some(Finding::new(Rule::Gap, subject, grade, words).with(figures))
}

fn black_hole(node: &BlackHole, situation: &Situation, settings: &AlarmSettings) -> Option<Finding> {
    let BlackHole { queue, node: name, counts, last } = node;
    let (queue, site) = (queue.clone(), situation.site_of(queue).to_owned());
    let subject = Subject { queue, site, ..Subject::new(SubjectKind::Node, name) };
    if !settings.of(Rule::BlackHole, &subject).enabled {
        return None;
    }
    let (failures, ended) = (counts.failures(), counts.ended());
    let words = format!("{failures} of {ended} ends in the last {HOURS} h were failures, far more than on other nodes");
    let figures = [
        ("pilots in fault", counts.fault.to_string()),
        ("pilots refused", counts.refused.to_string()),
        ("attempts failed", counts.failed.to_string()),
        ("jobs finished", counts.finished.to_string()),
    ];
    let finding = Finding::new(Rule::BlackHole, subject, Grade::Bad(Severity::Warning), words).with(figures);
    Some(Finding { pilots: last.iter().copied().collect(), ..finding })
}

/// Queues that are lost with one factory. With a single factory there is nothing to choose.
fn single_factories<'a>(situation: &'a Situation, settings: &'a AlarmSettings) -> impl Iterator<Item = Finding> + 'a {
    let mut serving: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for factory in situation.factories.iter().filter(|factory| !factory.is_silent(situation.now)) {
        for label in &factory.said.labels {
            serving.entry(&label.queue).or_default().insert(&factory.name);
        }
    }
    let online = situation.queues.values().filter(|queue| queue.status == QueueStatus::Online);
    online.filter_map(move |record| {
        let only = serving.get(record.name.as_str()).filter(|factories| factories.len() == 1)?.first()?;
        let subject = queue(situation, &record.name);
        let is_wanted = situation.factories.len() > 1 && settings.of(Rule::SingleFactory, &subject).enabled;
        let words = format!("only the factory {only} serves it");
        is_wanted.then(|| Finding::new(Rule::SingleFactory, subject, Grade::Bad(Severity::Info), words))
    })
}

fn disk(situation: &Situation, settings: &AlarmSettings) -> Option<Finding> {
    let subject = Subject::new(SubjectKind::Server, "");
    let percent = situation.disk_percent?;
    let settings = settings.of(Rule::Disk, &subject);
    let grade = settings.grade(Rule::Disk, percent.into()).filter(|_| settings.enabled)?;
    let words = format!("the disk with logs and outputs is {percent} % full");
    Some(Finding::new(Rule::Disk, subject, grade, words).with([("used", format!("{percent} %"))]))
}
