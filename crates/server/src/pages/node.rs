//! `/nodes/{name}`: one worker node: what happened there by the hour, and its pilots.

use super::about::About;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::reading::{Reader, SIDE_ROWS};
use super::times::{Axis, Kind, Times};
use super::{assets, link, moment, number, result, tone};
use crate::{ApiError, AppState};
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::{Subject, SubjectKind};
use model::{NodeCounts, PilotSummary, Time};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use wire::api::{NodeInfo, NodeQuery, PilotQuery};

/// Hours that are shown: as long as nodes are counted.
const HOURS: i64 = crate::api::nodes::HOURS_MAX as i64;
const HOUR_MS: i64 = 3_600_000;

/// What happened to the pilots of one queue.
struct OfQueue {
    queue: String,
    times: Times,
}

/// The page.
#[derive(Template)]
#[template(path = "node.html")]
pub struct Node {
    frame: Frame,
    name: String,
    rows: Vec<NodeInfo>,
    charts: Vec<OfQueue>,
    pilots: Vec<PilotSummary>,
}

/// Counts of a node as columns.
pub fn columns(counts: &NodeCounts) -> [(&'static str, u64); 6] {
    [
        ("Pilots done", counts.done),
        ("Without a job", counts.empty),
        ("Fault", counts.fault),
        ("Refused", counts.refused),
        ("Jobs finished", counts.finished),
        ("Jobs failed", counts.failed),
    ]
}

/// The chart of the hours up to `now`, by hours since 1970.
fn chart(hours: &[(i64, NodeCounts)], now: Time) -> Times {
    let axis = Axis { since: Time((hour(now) - HOURS + 1) * HOUR_MS), hours: 1, now };
    let parts = hours.iter().map(|(hour, counts)| (axis.part(Time(hour * HOUR_MS)), counts));
    let parts: BTreeMap<i64, &NodeCounts> = parts.filter(|(part, _)| (0..HOURS).contains(part)).collect();
    let all = parts.values().fold(NodeCounts::default(), |mut all, counts| {
        all += **counts;
        all
    });
    let good = |counts: &NodeCounts| counts.ended() - counts.failures();
    let kind = |tone: &str, word: &str, ends| Kind {
        tone: tone.to_owned(),
        words: format!("{word} {}", number::grouped(ends)),
    };
    let kinds = vec![kind("c-good", "good", good(&all)), kind("c-failed", "failed", all.failures())];
    let drawn = parts.iter().map(|(part, counts)| (*part, vec![good(counts), counts.failures()])).collect();
    let of_all = |counts: &NodeCounts| {
        format!("{} of {} failed", number::grouped(counts.failures()), number::grouped(counts.ended()))
    };
    let told = |from: &str, part: i64| format!("from {from}, {}", of_all(parts[&part]));
    Times::drawn(&axis, "Pilots and jobs that ended", kinds, &drawn, told, format!("{}.", of_all(&all)))
}

/// `GET /nodes/{name}`.
pub async fn show(State(state): State<AppState>, asked: Asked, Path(name): Path<String>) -> Answer {
    let read = Reader::new(&state, &asked);
    let query = NodeQuery { hours: Some(HOURS as u32), node: Some(name.clone()), ..NodeQuery::default() };
    let rows = read.nodes(query).await?.nodes;
    let of_node = PilotQuery { node: Some(name.clone()), limit: Some(SIDE_ROWS), ..PilotQuery::default() };
    let pilots = read.pilots(of_node).await?.pilots;
    if rows.is_empty() && pilots.is_empty() {
        let detail = format!("no pilot that is still known ran on a node '{}'", number::capped(&name, 80));
        return Err(read.fail(ApiError::missing("unknown-node", detail)));
    }
    if asked.json {
        return frame::data(&json!({ "node": name, "queues": rows, "pilots": pilots }));
    }
    let since = asked.now - Duration::from_secs(3600 * (HOURS as u64 - 1));
    let mut charts = Vec::new();
    for row in &rows {
        let hours = read.node_hours(&row.queue, &name, since).await?;
        charts.push(OfQueue { queue: row.queue.clone(), times: chart(&hours, asked.now) });
    }
    let is_it = |subject: &Subject| subject.kind == SubjectKind::Node && subject.name == name;
    let about = About::of(&read.open_alarms().await?, is_it);
    let frame = Frame::new(Section::Errors, format!("Node {name}"), &asked).live(&["pilots", "alarms"]).about(about);
    frame::shown(&Node { frame, name, rows, charts, pilots })
}

fn hour(time: Time) -> i64 {
    time.0.div_euclid(HOUR_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_stand_where_they_were() {
        let counts = NodeCounts { finished: 3, failed: 1, ..NodeCounts::default() };
        let failed = NodeCounts { failed: 2, ..NodeCounts::default() };
        let now = Time(171 * HOUR_MS + 60_000);
        let times = chart(&[(100, counts), (171, failed), (99, counts)], now);
        let layers: Vec<_> = times.layers.iter().map(|one| (one.kind.words.as_str(), one.path.as_str())).collect();
        let bad = "M0.05 15.0v-15.0h.9v15.0zM71.05 60.0v-30.0h.9v30.0z";
        assert_eq!(layers, [("good 3", "M0.05 60.0v-45.0h.9v45.0z"), ("failed 3", bad)]);
        assert_eq!((times.parts, times.words.as_str()), (72, "3 of 6 failed."));
        assert_eq!(times.told[1].words, "from 03:00, 2 of 2 failed");
    }
}
