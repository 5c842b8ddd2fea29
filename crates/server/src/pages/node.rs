//! `/nodes/{name}`: one worker node: what happened there by the hour, and its pilots.

use super::about::About;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::reading::{Reader, SIDE_ROWS};
use super::{assets, link, moment, number, result, tone};
use crate::{ApiError, AppState};
use askama::Template;
use axum::extract::{Path, State};
use model::alarm::{Subject, SubjectKind};
use model::{NodeCounts, PilotSummary, Time};
use serde_json::json;
use std::time::Duration;
use wire::api::{NodeInfo, NodeQuery, PilotQuery};

/// Hours that are shown: as long as nodes are counted.
const HOURS: i64 = crate::api::nodes::HOURS_MAX as i64;
/// Height of the tallest bar.
const HEIGHT: f64 = 40.0;

/// One hour of a chart.
struct Bar {
    at: i64,
    good_at: String,
    good: String,
    bad_at: String,
    bad: String,
    words: String,
}

/// What happened to the pilots of one queue.
struct OfQueue {
    queue: String,
    bars: Vec<Bar>,
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

/// The bars of a chart, of the hours up to `now`.
fn bars(hours: &[(i64, NodeCounts)], now: i64) -> Vec<Bar> {
    let most = hours.iter().map(|(_, counts)| counts.ended()).max().unwrap_or_default().max(1) as f64;
    let bar = |(hour, counts): &(i64, NodeCounts)| {
        let good = HEIGHT * (counts.ended() - counts.failures()) as f64 / most;
        let bad = HEIGHT * counts.failures() as f64 / most;
        let ago = now - hour;
        let when =
            if ago == 0 { "this hour".to_owned() } else { format!("{} ago", number::counted(ago as u64, "hour")) };
        Bar {
            at: HOURS - 1 - ago,
            good_at: format!("{:.1}", HEIGHT - good),
            good: format!("{good:.1}"),
            bad_at: format!("{:.1}", HEIGHT - good - bad),
            bad: format!("{bad:.1}"),
            words: format!(
                "{when}: {} of {} failed",
                number::grouped(counts.failures()),
                number::grouped(counts.ended())
            ),
        }
    };
    hours.iter().filter(|(hour, _)| (0..HOURS).contains(&(now - hour))).map(bar).collect()
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
        charts.push(OfQueue { queue: row.queue.clone(), bars: bars(&hours, hour(asked.now)) });
    }
    let is_it = |subject: &Subject| subject.kind == SubjectKind::Node && subject.name == name;
    let about = About::of(&read.open_alarms().await?, is_it);
    let frame = Frame::new(Section::Errors, format!("Node {name}"), &asked).live(&["pilots", "alarms"]).about(about);
    frame::shown(&Node { frame, name, rows, charts, pilots })
}

fn hour(time: Time) -> i64 {
    time.0.div_euclid(3_600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_stand_where_they_were() {
        let counts = NodeCounts { finished: 3, failed: 1, ..NodeCounts::default() };
        let bars = bars(&[(100, counts), (171, NodeCounts { failed: 2, ..NodeCounts::default() }), (99, counts)], 171);
        let drawn: Vec<_> = bars.iter().map(|bar| (bar.at, bar.good.as_str(), bar.bad.as_str())).collect();
        assert_eq!(drawn, [(0, "30.0", "10.0"), (71, "0.0", "20.0")]);
        assert_eq!(bars[1].words, "this hour: 2 of 2 failed");
    }
}
