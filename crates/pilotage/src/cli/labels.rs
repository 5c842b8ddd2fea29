//! `pilotage labels`.

use super::args::{LabelsArgs, Narrowing};
use super::jobs::{dash, or_dash};
use super::now;
use crate::output::{Table, count, duration, print, print_json};
use model::{LabelStatus, PilotState, Since, Time};
use std::process::ExitCode;
use wire::Client;
use wire::api::LabelQuery;

/// Columns of the table.
const HEADINGS: [&str; 12] = [
    "label",
    "factory",
    "queue",
    "batch",
    ">waiting",
    ">held",
    ">running",
    ">done",
    ">fault",
    ">longest wait",
    ">longest run",
    "~trouble",
];
/// Those that a narrow terminal has no room for, the first to go first.
const MINOR: [&str; 6] = ["batch", "queue", "held", "done", "factory", "fault"];

/// Shows how labels are doing.
pub async fn run(args: LabelsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let Narrowing { queue, factory, label } = args.only;
    let list = client.labels(&LabelQuery { factory, label, queue }).await?;
    if args.output.json {
        print_json(&list)?
    } else {
        print(&table(&list.labels, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn table(labels: &[LabelStatus], now: Time) -> String {
    if labels.is_empty() {
        return "no labels\n".to_owned();
    }
    let mut table = Table::new(&HEADINGS).minor(&MINOR);
    for label in labels {
        table.row(cells(label, now));
    }
    table.text()
}

/// What keeps it from submitting: orders first, then what is wrong.
fn trouble(label: &LabelStatus) -> String {
    let orders = label.orders.iter().map(model::Order::in_words);
    let words: Vec<String> = orders.chain(Some(label.trouble.clone()).filter(|words| !words.is_empty())).collect();
    if words.is_empty() { "none".to_owned() } else { words.join("; ") }
}

fn cells(label: &LabelStatus, now: Time) -> [String; 12] {
    use PilotState::{Announced, Done, Exiting, Fault, Pending, Running, Submitted};
    let pilots = |states: &[PilotState]| count(label.count(states));
    let oldest = |since: Option<Since>| {
        since.map_or_else(dash, |one| format!("{} (pilot {})", duration(now.since(one.since)), one.pilot))
    };
    [
        label.label.clone(),
        label.factory.clone(),
        label.queue.clone(),
        or_dash(&label.batch),
        pilots(&[Announced, Submitted, Pending]),
        count(label.held),
        pilots(&[Running, Exiting]),
        pilots(&[Done]),
        pilots(&[Fault]),
        oldest(label.waits),
        oldest(label.runs),
        trouble(label),
    ]
}
