//! Measures the program against the floor of the machine and against its targets (`cargo xtask load`), and kills it at
//! random while it works (`cargo xtask soak`).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a harness talks to the person who called it")]

mod batches;
mod cycles;
mod database;
mod floor;
mod grid;
mod instance;
mod null;
mod peers;
mod process;
mod report;
mod scenario;
mod simulated;
mod soak;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "load", about = "Measures the program, and kills it while it works")]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Measure and print the table.
    Measure(scenario::Arguments),
    /// Fill the empty directory of a server with the grid of the monitor's measurement, to look at.
    Fill(grid::Arguments),
    /// The factory of the measurement of that name.
    #[command(hide = true)]
    Cycles(cycles::Arguments),
    /// The user of a batch system of the measurements of their names.
    #[command(hide = true)]
    Batches(batches::Arguments),
    /// Kill parts at random while jobs run, then check that nothing is lost.
    Soak(soak::Arguments),
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == STAMP) {
        return stamp();
    }
    let action = Arguments::parse().action;
    if let Action::Batches(arguments) = &action
        && let Err(error) = batches::become_submitter(arguments.system)
    {
        return fail(&error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(run(action)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

async fn run(action: Action) -> anyhow::Result<bool> {
    match action {
        Action::Measure(arguments) => scenario::run(&arguments).await,
        Action::Fill(arguments) => grid::fill(&arguments.dir, arguments.pilots, arguments.live).await.map(|()| true),
        Action::Cycles(arguments) => cycles::run(&arguments).await,
        Action::Batches(arguments) => batches::run(&arguments).await,
        Action::Soak(arguments) => soak::run(&arguments).await,
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// The payload of the latency measurement: prints the time as its first instruction, before anything is parsed.
const STAMP: &str = "stamp";

fn stamp() -> ExitCode {
    println!("{}", jiff::Timestamp::now().as_nanosecond());
    ExitCode::SUCCESS
}
