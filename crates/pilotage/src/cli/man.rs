//! `pilotage man`: man pages, and the reference of all commands as Markdown.

use super::args::{Cli, ManArgs};
use anyhow::Context;
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// Writes the pages where they were asked for.
pub fn run(args: &ManArgs) -> anyhow::Result<()> {
    match &args.out {
        Some(dir) => write_pages(dir),
        None if args.markdown => print(markdown().as_bytes()),
        None => print(&page(&built())?),
    }
}

/// The reference of all commands as Markdown.
pub fn markdown() -> String {
    reference(&built())
}

/// All pages: name without section, and content.
pub fn pages() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    with_children(&built()).iter().map(|command| Ok((page_name(command), page(command)?))).collect()
}

fn built() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

fn write_pages(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("create {}", dir.display()))?;
    for (name, page) in pages()? {
        let file = dir.join(format!("{name}.1"));
        std::fs::write(&file, page).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}

fn with_children(command: &Command) -> Vec<Command> {
    let visible = command.get_subcommands().filter(|child| !child.is_hide_set() && child.get_name() != "help");
    std::iter::once(command.clone()).chain(visible.flat_map(with_children)).collect()
}

fn page_name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let named = command.clone().name(page_name(command)).version(env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(named).date("").render(&mut text)?;
    Ok(text)
}

fn reference(command: &Command) -> String {
    let mut text = String::from("# Commands\n\nMade by `pilotage man --markdown`; do not edit.\n");
    for command in with_children(command) {
        describe(&mut text, &command);
    }
    text
}

fn describe(text: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let _ = write!(text, "\n## `{name}`\n\n{about}\n\n```text\n{usage}\n```\n");
    let arguments: Vec<&Arg> = command.get_arguments().filter(|arg| is_worth_a_row(arg)).collect();
    if !arguments.is_empty() {
        text.push_str("\n| argument | meaning |\n|---|---|\n");
    }
    for argument in arguments {
        let _ = writeln!(text, "| `{}` | {} |", spelled(argument), in_table(&meaning(argument)));
    }
    if let Some(after) = command.get_after_help() {
        let _ = write!(text, "\n```text\n{after}\n```\n");
    }
}

fn is_worth_a_row(argument: &Arg) -> bool {
    !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
}

/// The help with the words that may be given, and the one that counts when none is.
fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    if !argument.get_action().takes_values() {
        return text;
    }
    let possible = argument.get_possible_values();
    let words: Vec<String> =
        possible.iter().filter(|word| !word.is_hide_set()).map(|word| format!("`{}`", word.get_name())).collect();
    if !words.is_empty() {
        text += &format!(": {}", words.join(", "));
    }
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if defaults.iter().any(|value| !value.is_empty()) {
        text += &format!(" [default: {}]", defaults.join(" "));
    }
    text
}

fn spelled(argument: &Arg) -> String {
    let short = argument.get_short().map(|c| format!("-{c}, ")).unwrap_or_default();
    let long = argument.get_long().map(|word| format!("--{word} ")).unwrap_or_default();
    let takes_value = argument.get_action().takes_values();
    let names = argument.get_value_names().unwrap_or_default();
    let value = names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ");
    let value = if takes_value { value } else { String::new() };
    in_table(format!("{short}{long}{value}").trim())
}

fn in_table(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn print(bytes: &[u8]) -> anyhow::Result<()> {
    Ok(std::io::stdout().lock().write_all(bytes)?)
}
