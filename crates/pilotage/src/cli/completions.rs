//! `pilotage completions`.

use super::args::{Cli, CompletionsArgs};
use clap::CommandFactory;
use std::io::Write;

/// Prints the completions of one shell.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pilotage", &mut script);
    Ok(std::io::stdout().lock().write_all(&script)?)
}
