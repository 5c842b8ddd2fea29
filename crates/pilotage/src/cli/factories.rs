//! `pilotage factories`.

use super::args::{FactoriesAction, FactoriesArgs};
use super::ask::{self, tell};
use super::{configuration, now, orders, with_client};
use crate::output::{Style, Table, ago, duration, mib, print, print_json};
use model::{
    BadNode, CredentialInfo, FactoryHealth, FileSystemHealth, Hold, MonitorInfo, Order, Reported, SourceInfo, Time,
    Verb,
};
use std::process::ExitCode;
use std::time::Duration;
use wire::Client;
use wire::api::{FactoryList, FactoryQuery, FactorySummary};

/// Lists factories with their labels, or gives a command to one.
pub fn run(args: FactoriesArgs) -> anyhow::Result<ExitCode> {
    match args.action {
        None => with_client(&args.server, async |client| list(args.idle, args.output.json, &client).await),
        Some(FactoriesAction::Pause(args)) => {
            with_client(&args.server.clone(), async |client| orders::give(args, Hold::Pause, &client).await)
        }
        Some(FactoriesAction::Drain(args)) => {
            with_client(&args.server.clone(), async |client| orders::give(args, Hold::Drain, &client).await)
        }
        Some(FactoriesAction::Cap(args)) => {
            with_client(&args.hold.server.clone(), async |client| orders::cap(args, &client).await)
        }
        Some(FactoriesAction::Resume(args)) => {
            with_client(&args.server.clone(), async |client| orders::resume(args, &client).await)
        }
        Some(FactoriesAction::Orders(args)) => {
            with_client(&args.server.clone(), async |client| orders::list(args, &client).await)
        }
        Some(FactoriesAction::Config(args)) => {
            with_client(&args.server.clone(), async |client| configuration::show(args, &client).await)
        }
        Some(FactoriesAction::Reload { factory, accept, timeout, server }) => with_client(&server, async |client| {
            tell(&[ask::factory(&client, &factory, Verb::Reload, accept, timeout).await?], false)
        }),
        Some(FactoriesAction::Forgive { factory, nodes, timeout, output, server }) => {
            with_client(&server, async |client| {
                tell(&[ask::factory(&client, &factory, Verb::Forgive, nodes, timeout).await?], output.json)
            })
        }
        Some(FactoriesAction::Test { factory, label, timeout, output, server }) => {
            with_client(&server, async |client| {
                tell(&[ask::factory(&client, &factory, Verb::Test, vec![label], timeout).await?], output.json)
            })
        }
        Some(FactoriesAction::Stop { factory, drain, timeout, output, server }) => {
            let verb = if drain { Verb::Drain } else { Verb::Stop };
            with_client(&server, async |client| {
                tell(&[ask::factory(&client, &factory, verb, Vec::new(), timeout).await?], output.json)
            })
        }
        Some(FactoriesAction::Cycle { factory, timeout, output, server }) => with_client(&server, async |client| {
            tell(&[ask::factory(&client, &factory, Verb::Cycle, Vec::new(), timeout).await?], output.json)
        }),
    }
}

async fn list(idle: bool, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let list = client.factories(&FactoryQuery { idle: idle.then_some(true) }).await?;
    if json {
        print_json(&list)?
    } else {
        let orders = orders::in_force(None, client).await?;
        print(&in_words(&list, &orders, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(list: &FactoryList, orders: &[Order], now: Time) -> String {
    if list.factories.is_empty() {
        return "no factory has called yet\n".to_owned();
    }
    let described = list.factories.iter().map(|factory| {
        let held = orders.iter().filter(|order| order.factory == factory.name);
        describe(factory, &held.map(|order| format!("  {}\n", orders::in_words(order))).collect::<String>(), now)
    });
    described.collect::<Vec<_>>().join("\n")
}

/// One of other software: it tells less.
fn describe_reported(factory: &FactorySummary, reported: &Reported, now: Time) -> String {
    let or = |text: &str, without: &str| if text.is_empty() { without.to_owned() } else { text.to_owned() };
    let mut lines = vec![format!(
        "{}  {} {}, reported from {}, heard {}",
        Style::for_stdout().heading(&factory.name),
        or(&reported.software, "other software"),
        or(&factory.said.version, "of a version that it does not tell"),
        or(&reported.address, "somewhere"),
        ago(now, factory.last_heard),
    )];
    let told = [("mail", &reported.mail), ("logs", &reported.log_url), ("batch system", &reported.totals)];
    lines.extend(told.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("  {name}: {text}")));
    for label in &factory.said.labels {
        let heard = reported.heard.get(&label.name).map(|heard| ago(now, *heard)).unwrap_or_default();
        let errors = reported.counted_errors(&label.name, now);
        let errors =
            errors.map(|(words, at)| format!(", errors counted {}: {words}", ago(now, at))).unwrap_or_default();
        lines.push(format!("  {}  queue {}, heard {heard}{errors}", label.name, label.queue));
    }
    lines.join("\n") + "\n"
}

fn describe(factory: &FactorySummary, orders: &str, now: Time) -> String {
    let said = &factory.said;
    let style = Style::for_stdout();
    if let Some(reported) = &factory.reported {
        return describe_reported(factory, reported, now);
    }
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
    let trouble = if said.trouble.is_empty() { String::new() } else { format!("  trouble: {}\n", said.trouble) };
    let sources: String = said.sources.iter().map(|source| describe_source(source, now)).collect();
    let monitors: String = said.monitors.iter().map(describe_monitor).collect();
    let credentials: String = said.credentials.iter().map(|credential| describe_credential(credential, now)).collect();
    let health: String = said.health.iter().map(|health| describe_health(health, now)).collect();
    let nodes: String = said.nodes.iter().map(|bad| describe_node(bad, now)).collect();
    let head = head + &trouble + orders + &health + &sources + &monitors + &credentials + &nodes;
    if said.labels.is_empty() {
        return head + "  no labels\n";
    }
    let mut table =
        Table::new(&["label", "queue", "batch", "system", "~chain", "~trouble"]).minor(&["system", "batch", "queue"]);
    for label in &said.labels {
        let trouble = if label.trouble.is_empty() { "none".to_owned() } else { label.trouble.clone() };
        let chain = label.chain.join(" > ");
        table.row([label.name.clone(), label.queue.clone(), label.batch.clone(), label.system.clone(), chain, trouble]);
    }
    let labels: String = table.text().lines().map(|line| format!("  {line}\n")).collect();
    head + &labels
}

fn describe_health(health: &FactoryHealth, now: Time) -> String {
    let memory = format!("{} of {} available", mib(health.memory_available_mib), mib(health.memory_mib));
    let mut lines =
        vec![format!("  host: load {} % of {} processors, memory {memory}", health.load_percent, health.cores)];
    lines.extend(health.file_systems.iter().map(|one| {
        let FileSystemHealth { path, bytes, free_bytes, used_percent } = one;
        format!("  host: {path} {used_percent} % full, {} of {} free", mib(free_bytes >> 20), mib(bytes >> 20))
    }));
    lines.extend(health.end_points.iter().map(|one| {
        let answered = one.answered.map_or("not answered yet".to_owned(), |at| format!("answered {}", ago(now, at)));
        let free = one.free.map(|free| format!(", takes {free} more pilots")).unwrap_or_default();
        let trouble = if one.trouble.is_empty() { String::new() } else { format!(": {}", one.trouble) };
        format!("  end point {} ({}) {answered}{free}{trouble}", one.name, one.system)
    }));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn describe_credential(credential: &CredentialInfo, now: Time) -> String {
    let CredentialInfo { name, kind, is_usable, alarm_percent, trouble, .. } = credential;
    let left = match credential.end() {
        Some(end) if end > now => format!(", {} left", duration(end.since(now))),
        Some(end) => format!(", ended {}", ago(now, end)),
        None => String::new(),
    };
    let state = if *is_usable { "good" } else { "dead" };
    let alarm = alarm_percent.map(|percent| format!(", below {percent} %")).unwrap_or_default();
    let trouble = if trouble.is_empty() { String::new() } else { format!(": {trouble}") };
    format!("  credential {name} ({kind}) {state}{left}{alarm}{trouble}\n")
}

fn describe_node(bad: &BadNode, now: Time) -> String {
    let BadNode { batch, node, failures, last, why, avoided_until } = bad;
    let avoided = match avoided_until.filter(|until| *until > now) {
        Some(until) => format!("avoided for {}", duration(until.since(now))),
        None => "not avoided".to_owned(),
    };
    format!("  node {node} of {batch}: failed {failures} in a row, last {}, {avoided}: {why}\n", ago(now, *last))
}

fn describe_source(source: &SourceInfo, now: Time) -> String {
    let SourceInfo { name, from, labels, excluded, trouble, .. } = source;
    let read = source.read.map_or("never".to_owned(), |read| ago(now, read));
    let refused = if trouble.is_empty() { String::new() } else { format!("; refused: {trouble}") };
    format!("  source {name}, {from}, read {read}: {labels} labels, {excluded} left out{refused}\n")
}

fn describe_monitor(monitor: &MonitorInfo) -> String {
    let MonitorInfo { name, url, waiting, dropped, refused, trouble } = monitor;
    let trouble = if trouble.is_empty() { String::new() } else { format!("; trouble: {trouble}") };
    format!("  monitor {name}, {url}: {waiting} events waiting, {dropped} dropped, {refused} refused{trouble}\n")
}
