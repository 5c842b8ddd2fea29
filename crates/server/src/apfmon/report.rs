//! `/report`: labels most of whose pilots fail, for programs; people are led to the alarms.

use super::Call;
use super::answer::{Answer, Answered};
use model::Span;
use serde_json::{Value, json};
use std::time::Duration;

/// What counts when nobody says otherwise.
const INTERVAL_S: u64 = 7200;
const INTERVAL_MAX_S: u64 = 7 * 86_400;
const MIN_CREATED: u64 = 10;
const MIN_FAULT: u64 = 10;
const MIN_PERCENT: u64 = 50;

/// `interval` (seconds), `min_created`, `min_fault`, `min_percent`.
pub(super) async fn show(call: &Call) -> Answer {
    let fields = call.fields()?;
    let number = |name: &str, default: u64| fields.get(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let interval = Duration::from_secs(number("interval", INTERVAL_S).min(INTERVAL_MAX_S));
    let (created, fault) = (number("min_created", MIN_CREATED), number("min_fault", MIN_FAULT));
    let percent = number("min_percent", MIN_PERCENT);
    let store = &call.face.state.store;
    let mut bad = Vec::new();
    for label in store.pilot_flow_by_label(Span::TenMinutes, crate::now() - interval).await? {
        let share = (100 * label.flow.fault).checked_div(label.flow.ended()).unwrap_or_default();
        if label.flow.submitted >= created && label.flow.fault > fault && share >= percent {
            bad.push((share, label));
        }
    }
    bad.sort_by_key(|(share, label)| std::cmp::Reverse((*share, label.flow.submitted)));
    let queues = store.queues().await?;
    let row = |(at, (share, label)): (usize, &(u64, store::LabelFlow))| {
        let site = queues.iter().find(|queue| queue.name == label.queue).map(|queue| queue.site.clone());
        json!({
            "id": at + 1, "name": label.label, "factory": label.factory, "site": site.unwrap_or_default(),
            "resource": label.queue, "total": label.flow.ended(), "created": label.flow.submitted,
            "done": label.flow.done, "fault": label.flow.fault, "per": share,
        })
    };
    Ok(Answered::json(&Value::from(bad.iter().enumerate().map(row).collect::<Vec<_>>())))
}
