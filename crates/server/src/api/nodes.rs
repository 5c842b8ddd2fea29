//! Worker nodes: what happened there, and which of them swallow what is sent to them.

use super::pilot_ends::beginning;
use super::{hours, page_size};
use crate::auth::Identity;
use crate::extract::Params;
use crate::names::{Narrowed, leaves};
use crate::places::Places;
use crate::{ApiError, AppState};
use axum::Json;
use axum::extract::State;
use model::{NodeCounts, Permission, node_health};
use std::cmp::Reverse;
use std::collections::HashMap;
use store::NodeFlow;
use wire::api::{NodeInfo, NodeList, NodeQuery};

/// Hours to look back at most: as long as nodes are counted.
pub const HOURS_MAX: u32 = 72;

/// Worker nodes of the last hours: black holes first, then those with most failures. From counters.
#[utoipa::path(get, path = "/pilotage/v1/nodes", tag = "nodes", params(NodeQuery),
    responses((status = 200, body = NodeList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<NodeQuery>,
) -> Result<Json<NodeList>, ApiError> {
    who.require(Permission::Read)?;
    let range = hours(query.hours.unwrap_or(node_health::HOURS as u32), HOURS_MAX)?;
    let limit = page_size(query.limit)? as usize;
    let since = beginning(range);
    let places = Places::read(&state).await?;
    let flows = state.aggregates.nodes(&state.store, since).await?;
    let queues = by_queue(&flows);
    let mut nodes: Vec<NodeInfo> = flows.iter().map(|flow| info(flow.clone(), &queues, &places)).collect();
    nodes.retain(|node| is_meant(node, &query));
    if nodes.is_empty() {
        Narrowed { queue: query.queue, site: query.site, ..Narrowed::default() }.check(&state).await?;
    }
    let (total, bad) = (nodes.len() as u64, nodes.iter().filter(|node| node.is_black_hole).count() as u64);
    nodes.sort_by_key(|node| Reverse((node.is_black_hole, node.counts.failures(), node.counts.ended())));
    nodes.truncate(limit);
    Ok(Json(NodeList { since, total, bad, nodes }))
}

/// What happened on all nodes of each queue.
fn by_queue(flows: &[NodeFlow]) -> HashMap<String, NodeCounts> {
    let mut queues: HashMap<String, NodeCounts> = HashMap::new();
    for flow in flows {
        *queues.entry(flow.queue.clone()).or_default() += flow.counts;
    }
    queues
}

fn info(flow: NodeFlow, queues: &HashMap<String, NodeCounts>, places: &Places) -> NodeInfo {
    let of_queue = queues.get(&flow.queue).copied().unwrap_or_default();
    NodeInfo {
        site: places.site(&flow.queue).to_owned(),
        is_black_hole: flow.counts.is_black_hole(&of_queue),
        queue: flow.queue,
        node: flow.node,
        counts: flow.counts,
        last_bad: flow.last_bad,
    }
}

fn is_meant(node: &NodeInfo, query: &NodeQuery) -> bool {
    leaves(&query.queue, &node.queue)
        && leaves(&query.site, &node.site)
        && leaves(&query.node, &node.node)
        && query.bad.is_none_or(|bad| bad == node.is_black_hole)
}
