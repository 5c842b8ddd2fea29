//! The `pilotage` program: parses, builds a configuration value, calls one function per role.

mod cli;
mod config;
mod demo;
mod output;
mod up;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The runner must stay small and single-threaded: nothing may run before it.
    if std::env::args_os().nth(1).is_some_and(|word| word == agent::RUNNER_COMMAND) {
        return agent::runner_main();
    }
    cli::main()
}
