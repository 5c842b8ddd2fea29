//! `cargo xtask test`: everything that must hold, against real services, from nothing but the toolchain and apt.

mod interrupt;
pub mod packages;
mod ports;
mod services;
mod step;

use crate::workspace::{Workspace, cargo, compiler};
use anyhow::{Context, Result, bail};
pub use interrupt::Interrupt;
pub use services::Services;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Command;
use step::{Outcome, Step};

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Leave out what only reads the sources: formatting, lints, layers, shape, generated files.
    #[arg(long)]
    only_tests: bool,
    /// Handed to the test runner, such as a filter.
    #[arg(last = true)]
    rest: Vec<OsString>,
}

/// What `cargo xtask services` was asked for.
#[derive(clap::Args)]
pub struct WithServices {
    /// The command to run while they are up.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Runs the whole suite. Goes on after a failed step, so that one run shows everything that is wrong.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let interrupt = Interrupt::install()?;
    let environment = packages::install(workspace)?;
    let services = Services::start(workspace, environment, &services::ALL)?;
    let mut total = Outcome::default();
    for step in steps(workspace, arguments)? {
        interrupt.check()?;
        total.add(&step.run(&services.environment, &interrupt)?);
    }
    services.stop()?;
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { Ok(()) } else { bail!("failed: {}", total.names.join(", ")) }
}

/// Runs one command with the services up.
pub fn with_services(workspace: &Workspace, arguments: &WithServices) -> Result<()> {
    let interrupt = Interrupt::install()?;
    let services = Services::start(workspace, packages::install(workspace)?, &services::ALL)?;
    let (program, rest) = arguments.command.split_first().context("no command is given")?;
    let mut command = Command::new(program);
    command.args(rest).envs(&services.environment);
    let status = interrupt.wait(&mut command.spawn().with_context(|| format!("cannot run {}", program.display()))?)?;
    services.stop()?;
    if status.success() { Ok(()) } else { bail!("{} ended with {status}", program.display()) }
}

fn steps(workspace: &Workspace, arguments: &Arguments) -> Result<Vec<Step>> {
    let mut steps = vec![
        Step::task("build", &["build", "--workspace", "--all-targets"]),
        Step::tests("tests", &test_runner(), &arguments.rest),
    ];
    if !arguments.only_tests {
        steps.insert(0, Step::task("format", &["fmt", "--all", "--check"]));
        steps.push(Step::tests("documentation tests", &["test", "--workspace", "--doc"], &[]));
        steps.push(Step::task("lints", lints(workspace)?));
        steps.push(Step::task("layers", &["xtask", "layers"]));
        steps.push(Step::task("shape", &["xtask", "shape"]));
        steps.push(Step::task("generated files", &["xtask", "generate", "--check"]));
        steps.push(Step::task("release tarball", &["xtask", "dist", "--profile", "dev", "--test"]));
    }
    Ok(steps)
}

/// Clippy, whose warnings are errors with the compiler that the sources were written for. A newer one knows lints that
/// nobody has seen here, which are no reason to fail on a fresh machine.
fn lints(workspace: &Workspace) -> Result<&'static [&'static str]> {
    let arguments = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let compiler = compiler()?;
    if workspace.rust_version().is_some_and(|version| compiler.starts_with(&format!("{version}."))) {
        return Ok(arguments);
    }
    println!("== lints: warnings are not errors with rustc {compiler}");
    Ok(&arguments[..3])
}

/// nextest when the toolchain has it; building it takes longer than the suite.
fn test_runner() -> Vec<&'static str> {
    let probe = cargo().args(["nextest", "--version"]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        vec!["nextest", "run", "--workspace", "--no-fail-fast", "--color", "never"]
    } else {
        vec!["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]
    }
}

/// Variables for the tests.
type Environment = BTreeMap<String, String>;
