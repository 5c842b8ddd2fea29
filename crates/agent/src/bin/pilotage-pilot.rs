//! The pilot alone, as a small static program for worker nodes.

use clap::Parser;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Leases jobs from a Pilotage server and runs them on this node.
#[derive(Parser)]
#[command(name = "pilotage-pilot", version)]
struct Cli {
    #[command(flatten)]
    pilot: agent::PilotArgs,
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == agent::RUNNER_COMMAND) {
        return agent::runner_main();
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    agent::run_pilot(Cli::parse().pilot)
}
