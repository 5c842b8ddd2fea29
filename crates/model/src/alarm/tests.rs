//! Rules over tables of facts, and the life of alarms over many turns.

mod exclusion;
mod life;
mod rules;

use super::*;
use crate::{FactorySummary, LabelInfo, PilotFlow, QueueRecord, Time};
use std::time::Duration;

/// A time of no importance.
const NOW: Time = Time(1_700_000_000_000);

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn flow(submitted: u64, done: u64, fault: u64) -> PilotFlow {
    PilotFlow { submitted, done, fault, ..PilotFlow::default() }
}

fn label(name: &str, queue: &str, facts: Facts) -> LabelFacts {
    let (factory, label, queue) = ("f".to_owned(), name.to_owned(), queue.to_owned());
    LabelFacts { factory, label, queue, facts, decided: Some(NOW), submit_error: String::new() }
}

fn queue(name: &str, site: &str) -> QueueRecord {
    QueueRecord { name: name.to_owned(), site: site.to_owned(), ..QueueRecord::default() }
}

fn info(name: &str, queue: &str, batch: &str, trouble: &str) -> LabelInfo {
    let text = serde_json::json!({
        "name": name, "queue": queue, "batch": batch, "system": "local", "chain": [], "trouble": trouble
    });
    serde_json::from_value(text).unwrap()
}

fn factory(name: &str, labels: Vec<LabelInfo>, heard: Time) -> FactorySummary {
    let said = serde_json::json!({
        "version": "1", "host": "h", "pid": 1, "started": Time(0), "cycle_s": 30, "labels": labels
    });
    FactorySummary {
        name: name.to_owned(),
        said: serde_json::from_value(said).unwrap(),
        last_heard: heard,
        reported: None,
    }
}

fn situation(labels: Vec<LabelFacts>) -> Situation {
    let queues = [queue("q", "s"), queue("r", "s"), queue("other", "t")];
    let queues = queues.map(|queue| (queue.name.clone(), queue)).into();
    Situation { now: NOW, labels, queues, ..Situation::default() }
}

/// Rule, subject and words of what is found, one a line.
fn told(situation: &Situation, settings: &AlarmSettings) -> Vec<String> {
    let line = |finding: &Finding| {
        let grade = match finding.grade {
            Grade::Bad(severity) => severity.as_str(),
            Grade::Lingers => "lingers",
        };
        format!("{} {grade} {}: {}", finding.rule, finding.subject, finding.words)
    };
    findings(situation, settings).iter().map(line).collect()
}
