//! The command line: one file per command.

mod alarms;
pub mod args;
mod ask;
mod backup;
mod completions;
mod configuration;
mod decisions;
mod doctor;
mod factories;
mod factory;
mod find;
mod generate;
mod job;
mod jobs;
mod kill;
mod labels;
mod logs;
mod man;
mod nodes;
mod orders;
mod paging;
mod pilots;
mod programs;
mod queues;
mod restore;
mod retry;
mod server;
mod submit;
mod token;
mod top;
mod wait;

pub use decisions::describe as describe_decision;
pub use doctor::find_on_path;
pub use man::pages as manual_pages;
pub use wait::wait_for;

use crate::config::{Connection, Environment};
use crate::{demo, output, up};
use anyhow::Context;
use args::{Cli, Command, ServerChoice};
use clap::Parser;
use std::process::ExitCode;
use wire::Client;

/// Parses what was typed and runs it.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed standard output is the reader's choice.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    run(cli.command).unwrap_or_else(|error| output::report(&error))
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Up(args) => up::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Server(args) => server::run(&args),
        Command::Factory(args) => factory::run(&args),
        Command::Pilot(args) => Ok(pilot(args)),
        Command::Restore(args) => restore::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Completions(args) => done(completions::run(&args)),
        Command::Man(args) => done(man::run(&args)),
        Command::Generate(args) => done(generate::run(&args)),
        Command::DemoTile(args) => done(demo::tile(&args)),
        Command::DemoAssemble(args) => done(demo::assemble(&args)),
        Command::DemoMemory(args) => done(demo::use_memory(&args)),
        client_side => run_client_side(client_side),
    }
}

/// Commands that only speak to a server.
fn run_client_side(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Submit(args) => submit::run(*args),
        Command::Queues(args) => queues::run(args),
        Command::Pilots(args) => pilots::run(args),
        Command::Alarms(args) => alarms::run(args),
        Command::Nodes(args) => with_client(&args.server.clone(), async |client| nodes::run(args, &client).await),
        Command::Find(args) => with_client(&args.server.clone(), async |client| find::run(args, &client).await),
        Command::Programs(args) => programs::run(args),
        Command::Token(args) => token::run(args.action),
        Command::Jobs(args) => with_client(&args.server.clone(), async |client| jobs::run(args, &client).await),
        Command::Job(args) => with_client(&args.server.clone(), async |client| job::run(args, &client).await),
        Command::Logs(args) => with_client(&args.server.clone(), async |client| logs::run(args, &client).await),
        Command::Wait(args) => with_client(&args.server.clone(), async |client| wait::run(args, &client).await),
        Command::Kill(args) => with_client(&args.server.clone(), async |client| kill::run(args, &client).await),
        Command::Retry(args) => with_client(&args.server.clone(), async |client| retry::run(args, &client).await),
        Command::Top(args) => with_client(&args.server.clone(), async |client| top::run(args, client).await),
        Command::Decisions(args) => {
            with_client(&args.server.clone(), async |client| decisions::run(args, &client).await)
        }
        Command::Factories(args) => factories::run(args),
        Command::Labels(args) => with_client(&args.server.clone(), async |client| labels::run(args, &client).await),
        Command::Backup(args) => with_client(&args.server.clone(), async |client| backup::run(args, &client).await),
        other => anyhow::bail!("run {other:?} as a client"),
    }
}

fn pilot(args: agent::PilotArgs) -> ExitCode {
    output::log_to_stderr("info");
    agent::run_pilot(args)
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// Runs a command that speaks to a server.
fn with_client(
    choice: &ServerChoice,
    task: impl AsyncFnOnce(Client) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let client = Connection::find(choice, &Environment::of_process())?.client()?;
    client_runtime()?.block_on(task(client))
}

/// A runtime for a program that only calls.
pub fn client_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")
}

/// A runtime for a program that serves.
pub fn server_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the runtime")
}

/// The time at this moment; the program's edge to the clock.
pub fn now() -> model::Time {
    jiff::Timestamp::now().into()
}
