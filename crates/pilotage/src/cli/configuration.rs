//! `pilotage factories config`.

use super::args::ConfigurationArgs;
use super::now;
use crate::output::{Style, Table, ago, print, print_json};
use model::configuration::{ChangeGroup, grouped, label_of};
use model::{ConfigSection, Configuration, Time};
use std::process::ExitCode;
use wire::Client;
use wire::api::ConfigurationQuery;

/// Sections that a line of changes names.
const NAMED_MAX: usize = 3;

/// Shows what a factory told of its configuration, and what changed in it.
pub async fn show(args: ConfigurationArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let query = ConfigurationQuery { label: args.label, limit: args.limit };
    let known = client.configuration(&args.factory, &query).await?;
    if args.output.json {
        print_json(&known)?
    } else {
        print(&in_words(&known, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(known: &Configuration, now: Time) -> String {
    let mut text = format!("in use since {}, caused by {}\n", ago(now, known.since), known.cause);
    if !known.changes.is_empty() {
        text += &format!("\n{}\n{}", Style::for_stdout().heading("changes"), changes(&grouped(&known.changes), now));
    }
    known.sections.iter().for_each(|section| text += &settings(section));
    if known.left_out > 0 {
        text += &format!("\n{} sections are not told, as there are too many\n", known.left_out);
    }
    text
}

fn changes(groups: &[ChangeGroup], now: Time) -> String {
    let mut table =
        Table::new(&["when", "~what", "~setting", "~from", "~to", "~written in", "~caused by"]).minor(&["caused by"]);
    for ChangeGroup { change, sections } in groups {
        let or = |value: &Option<String>, without: &str| value.clone().unwrap_or_else(|| without.to_owned());
        let key = match (change.key.as_str(), &change.from) {
            ("", None) => "new",
            ("", Some(_)) => "gone",
            (key, _) => key,
        };
        let place = if change.place.is_empty() && !change.key.is_empty() { "default" } else { &change.place };
        let (from, to) = (or(&change.from, "not set"), or(&change.to, "not set"));
        let when = ago(now, change.at);
        table.row([when, names(sections), key.to_owned(), from, to, place.to_owned(), change.cause.clone()]);
    }
    table.text()
}

/// Labels by their names, other sections as they are called.
fn names(sections: &[String]) -> String {
    let named: Vec<&str> = sections.iter().take(NAMED_MAX).map(|name| label_of(name).unwrap_or(name)).collect();
    match sections.len().saturating_sub(NAMED_MAX) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn settings(section: &ConfigSection) -> String {
    let mut table = Table::new(&["setting", "~value", "~written in"]);
    for setting in &section.settings {
        let place = if setting.place.is_empty() { "default" } else { &setting.place };
        table.row([setting.key.clone(), setting.value.clone(), place.to_owned()]);
    }
    let more = match section.left_out {
        0 => String::new(),
        more => format!("and {more} settings more\n"),
    };
    format!("\n{}\n{}{more}", Style::for_stdout().heading(&section.name), table.text())
}
