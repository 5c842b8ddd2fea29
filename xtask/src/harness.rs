//! `cargo xtask load` and `cargo xtask soak`: builds program and harness, starts the service they need, runs them.

use crate::suite::{Interrupt, Services, packages};
use crate::workspace::{Workspace, cargo};
use anyhow::{Context, Result, bail, ensure};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Handed on to the harness.
#[derive(clap::Args)]
pub struct Arguments {
    /// Options of the harness; `--help` shows them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTION")]
    rest: Vec<OsString>,
}

/// Measures a release build, with PostgreSQL beside it.
pub fn load(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    run(workspace, "measure", &arguments.rest, &["postgresql"], &["postgres.sh"])
}

/// Kills a release build, with Slurm beside it when `--slurm` is given.
pub fn soak(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let slurm = arguments.rest.iter().any(|option| option == "--slurm");
    let (debian, scripts): (&[&str], &[&str]) = if slurm { (packages::SLURM, &["slurm.sh"]) } else { (&[], &[]) };
    run(workspace, "soak", &arguments.rest, debian, scripts)
}

fn run(
    workspace: &Workspace,
    action: &str,
    rest: &[OsString],
    debian: &[&str],
    scripts: &[&'static str],
) -> Result<()> {
    let harness = build(workspace)?;
    let interrupt = Interrupt::install()?;
    packages::install_debian(debian)?;
    let services = Services::start(workspace, Default::default(), scripts)?;
    let mut command = Command::new(&harness);
    command.arg(action).args(rest).envs(&services.environment);
    let status = interrupt.wait(&mut command.spawn().context("cannot run the harness")?)?;
    services.stop()?;
    if status.success() { Ok(()) } else { bail!("the harness ended with {status}") }
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let status = cargo()
        .args(["build", "--locked", "--release", "--package", "pilotage", "--package", "load"])
        .current_dir(&workspace.root)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "cargo build ended with {status}");
    Ok(workspace.target.join("release/load"))
}
