//! What Alertmanager gets: version 2 of its API.

use super::webhook::page;
use model::Time;
use model::alarm::{Alarm, Notice, Severity};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// For how long Alertmanager takes an alarm for open when it hears nothing more.
const OPEN_FOR: Duration = Duration::from_secs(7 * 86_400);

/// One alert.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: Time,
    ends_at: Time,
    #[serde(rename = "generatorURL")]
    generator_url: String,
}

/// The alerts that notices mean. To Alertmanager an alarm of another severity is another alert: that of the severity that
/// is not is over.
pub(super) fn alerts(server: &str, notices: &[Notice], repeat: Duration, now: Time) -> Vec<Alert> {
    let of = |notice: &Notice| {
        [Severity::Warning, Severity::Critical].map(|severity| {
            let is_open = notice.alarm.cleared.is_none() && notice.alarm.severity == severity;
            let ends = if is_open { now + OPEN_FOR.max(repeat * 2) } else { notice.alarm.cleared.unwrap_or(now) };
            alert(server, &notice.alarm, severity, ends)
        })
    };
    notices.iter().flat_map(of).collect()
}

fn alert(server: &str, alarm: &Alarm, severity: Severity, ends_at: Time) -> Alert {
    let subject = &alarm.subject;
    let labels = [
        ("alertname", alarm.rule.as_str()),
        ("service", "pilotage"),
        ("severity", severity.as_str()),
        ("kind", subject.kind.as_str()),
        ("name", &subject.name),
        ("factory", &subject.factory),
        ("queue", &subject.queue),
        ("site", &subject.site),
    ];
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    let annotations = [
        ("summary", format!("{}: {}", subject, alarm.words)),
        ("error", alarm.error_text.clone()),
        ("action", alarm.rule.action().to_owned()),
    ];
    Alert {
        labels: labels.map(|(name, value)| (name, value.to_owned())).collect(),
        annotations: annotations.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
        starts_at: alarm.opened.unwrap_or(alarm.began),
        ends_at,
        generator_url: page(server, alarm),
    }
}
