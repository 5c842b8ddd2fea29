//! `pilotage nodes`.

use super::args::NodesArgs;
use super::jobs::{dash, or_dash};
use crate::output::{Table, Tone, count, plural, print, print_json, utc_time};
use std::process::ExitCode;
use wire::Client;
use wire::api::{NodeInfo, NodeList, NodeQuery};

/// Columns of the table.
const HEADINGS: [&str; 11] = [
    "node",
    "queue",
    "site",
    ">failures",
    ">of ends",
    ">fault",
    ">refused",
    ">failed jobs",
    ">done",
    ">jobs",
    ">last bad",
];
/// Those that a narrow terminal has no room for, the first to go first.
const MINOR: [&str; 6] = ["jobs", "done", "site", "refused", "failed jobs", "fault"];

/// Shows nodes.
pub async fn run(args: NodesArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let NodesArgs { hours, queue, site, node, bad, limit, output, .. } = args;
    let (hours, bad, limit) = (Some(hours), bad.then_some(true), Some(limit));
    let list = client.nodes(&NodeQuery { hours, queue, site, node, bad, limit }).await?;
    if output.json {
        print_json(&list)?
    } else {
        print(&in_words(&list))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(list: &NodeList) -> String {
    let (nodes, bad) = (plural(list.total, "node"), plural(list.bad, "black hole"));
    let head = format!("since {} UTC: {nodes}, {bad}\n", utc_time(list.since));
    if list.nodes.is_empty() {
        return head;
    }
    let mut table = Table::new(&HEADINGS).minor(&MINOR);
    for node in &list.nodes {
        let name = if node.is_black_hole { table.toned(Tone::Fault, &node.node) } else { node.node.clone() };
        table.row(cells(node, name));
    }
    let left = list.total.saturating_sub(list.nodes.len() as u64);
    let more = if left > 0 { format!("{} more: --limit\n", count(left)) } else { String::new() };
    head + &table.text() + &more
}

fn cells(node: &NodeInfo, name: String) -> [String; 11] {
    let counts = &node.counts;
    let failures = if node.is_black_hole {
        format!("{} (black hole)", count(counts.failures()))
    } else {
        count(counts.failures())
    };
    [
        name,
        node.queue.clone(),
        or_dash(&node.site),
        failures,
        counts.failed_percent().map_or_else(dash, |percent| format!("{percent} %")),
        count(counts.fault),
        count(counts.refused),
        count(counts.failed),
        count(counts.done),
        count(counts.finished),
        node.last_bad.map_or_else(dash, |pilot| pilot.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{NodeCounts, PilotId, Time};

    #[test]
    fn black_holes_are_named_in_words() {
        let node = |name: &str, fault, is_black_hole| NodeInfo {
            site: "GLASGOW".into(),
            queue: "short".into(),
            node: name.into(),
            counts: NodeCounts { fault, done: 2, finished: 1200, ..NodeCounts::default() },
            is_black_hole,
            last_bad: (fault > 0).then_some(PilotId(41)),
        };
        let nodes = vec![node("wn7", 3000, true), node("wn8", 0, false)];
        let list = NodeList { since: Time(1_700_000_000_000), total: 9, bad: 1, nodes };
        insta::assert_snapshot!(in_words(&list));
        insta::assert_snapshot!("no_nodes", in_words(&NodeList::default()));
    }
}
