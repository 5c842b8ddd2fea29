//! Development tasks: `cargo xtask TASK`. Every task prints what it does and fails with a message that says where.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person who called it")]

mod artefact;
mod dist;
mod generate;
mod harness;
mod layers;
mod screenshots;
mod shape;
mod source;
mod suite;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of Pilotage")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check which crate may use what.
    Layers,
    /// Check the lengths of functions and files.
    Shape(shape::Arguments),
    /// Write the files that are made from the program: reference, man pages, completions, schemas, tables.
    Generate(generate::Arguments),
    /// Build the static pilot.
    Pilot(artefact::Arguments),
    /// Build the release tarball and check it.
    Dist(dist::Arguments),
    /// Install what the tests need, start the real services, run everything, stop the services.
    Test(suite::Arguments),
    /// Measure a release build beside the floor of the machine and its peers.
    Load(harness::Arguments),
    /// Kill parts of a release build at random while jobs run; check that nothing is lost.
    Soak(harness::Arguments),
    /// Take the pictures of all pages that the documentation shows.
    Screenshots(screenshots::Arguments),
    /// Run a command while the services of the tests are up.
    Services(suite::WithServices),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let workspace = workspace::Workspace::load()?;
    match task {
        Task::Layers => layers::run(&workspace),
        Task::Shape(arguments) => shape::run(&workspace, &arguments),
        Task::Generate(arguments) => generate::run(&workspace, &arguments),
        Task::Pilot(arguments) => artefact::run(&workspace, &arguments),
        Task::Dist(arguments) => dist::run(&workspace, &arguments),
        Task::Test(arguments) => suite::run(&workspace, &arguments),
        Task::Load(arguments) => harness::load(&workspace, &arguments),
        Task::Soak(arguments) => harness::soak(&workspace, &arguments),
        Task::Screenshots(arguments) => screenshots::run(&workspace, &arguments),
        Task::Services(arguments) => suite::with_services(&workspace, &arguments),
    }
}
