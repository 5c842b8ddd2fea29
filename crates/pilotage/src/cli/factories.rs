//! `pilotage factories`.

use super::args::FactoriesArgs;
use super::now;
use crate::output::{Style, Table, ago, duration, print, print_json};
use model::Time;
use std::process::ExitCode;
use std::time::Duration;
use wire::Client;
use wire::api::{FactoryList, FactorySummary};

/// Lists factories with their labels.
pub async fn run(args: FactoriesArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let list = client.factories().await?;
    if args.output.json {
        print_json(&list)?
    } else {
        print(&in_words(&list, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(list: &FactoryList, now: Time) -> String {
    if list.factories.is_empty() {
        return "no factory has called yet\n".to_owned();
    }
    list.factories.iter().map(|factory| describe(factory, now)).collect::<Vec<_>>().join("\n")
}

fn describe(factory: &FactorySummary, now: Time) -> String {
    let said = &factory.said;
    let style = Style::for_stdout();
    let draining = if said.draining { ", draining" } else { "" };
    let head = format!(
        "{}  version {} on {}, process {}, up {}, cycle {}, heard {}{draining}\n",
        style.heading(&factory.name),
        said.version,
        said.host,
        said.pid,
        duration(now.since(said.started)),
        duration(Duration::from_secs(said.cycle_s.into())),
        ago(now, factory.last_heard),
    );
    if said.labels.is_empty() {
        return head + "  no labels\n";
    }
    let mut table = Table::new(&["label", "queue", "batch", "system", "chain", "trouble"]);
    for label in &said.labels {
        let trouble = if label.trouble.is_empty() { "none".to_owned() } else { label.trouble.clone() };
        let chain = label.chain.join(" > ");
        table.row([label.name.clone(), label.queue.clone(), label.batch.clone(), label.system.clone(), chain, trouble]);
    }
    let labels: String = table.text().lines().map(|line| format!("  {line}\n")).collect();
    head + &labels
}
