//! `pilotage factory sources`.

use super::{ServerChoice, look};
use crate::cli::{client_runtime, now};
use crate::output::{Style, Table, ago, print, print_json};
use factory::Look;
use factory::source::SourceState;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Reads all sources and shows their labels and what was left out.
pub fn run(path: &Path, choice: &ServerChoice, json: bool) -> anyhow::Result<ExitCode> {
    let loaded = client_runtime()?.block_on(look(path, choice, Look::All(BTreeSet::new())))?;
    if json {
        print_json(&loaded.sources)?
    } else if loaded.sources.is_empty() {
        print("there is no [source.NAME] in the configuration\n")?
    } else {
        print(&loaded.sources.iter().map(describe).collect::<Vec<_>>().join("\n"))?
    }
    let all_well = loaded.sources.iter().all(|source| source.info.trouble.is_empty());
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(source: &SourceState) -> String {
    let info = &source.info;
    let read = info.read.map_or("never".to_owned(), |read| ago(now(), read));
    let name = Style::for_stdout().heading(&info.name);
    let mut text = format!("{name}  {}, read {read}: {} labels, {} left out\n", info.from, info.labels, info.excluded);
    if !info.trouble.is_empty() {
        text.push_str(&format!("  refused: {}\n", info.trouble));
    }
    if source.excluded.is_empty() {
        return text;
    }
    let mut table = Table::new(&["left out", "~because"]);
    for excluded in &source.excluded {
        table.row([excluded.what.clone(), excluded.reason.clone()]);
    }
    text + &table.text().lines().map(|line| format!("  {line}\n")).collect::<String>()
}
