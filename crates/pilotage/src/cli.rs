//! The command line: one file per command.

pub mod args;
mod completions;
mod generate;
mod man;

use args::{Cli, Command};
use clap::Parser;
use std::process::ExitCode;

/// Parses what was typed and runs it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let _done: anyhow::Result<()> = match cli.command {
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Generate(args) => generate::run(&args),
        _ => Ok(()),
    };
    ExitCode::SUCCESS
}
