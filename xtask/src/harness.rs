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

/// What a service of the measurements needs to be installed, and its script.
type Service = (&'static [&'static str], &'static str);

const POSTGRES: Service = (&["postgresql"], "postgres.sh");
const SLURM: Service = (packages::SLURM, "slurm.sh");
const HTCONDOR: Service = (packages::HTCONDOR, "htcondor.sh");

/// Measures a release build, with the services that it is measured on beside it: PostgreSQL, and the batch systems
/// unless only others are to be measured.
pub fn load(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let named = |name: &str| arguments.rest.iter().any(|word| word.to_string_lossy().contains(name));
    let all = !named("--only");
    let wanted = [(true, POSTGRES), (all || named("slurm"), SLURM), (all || named("condor"), HTCONDOR)];
    let services: Vec<Service> = wanted.into_iter().filter(|(wanted, _)| *wanted).map(|(_, service)| service).collect();
    run(workspace, "measure", &arguments.rest, &services)
}

/// Kills a release build, with Slurm beside it when `--slurm` is given.
pub fn soak(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let slurm = arguments.rest.iter().any(|option| option == "--slurm");
    run(workspace, "soak", &arguments.rest, if slurm { &[SLURM] } else { &[] })
}

fn run(workspace: &Workspace, action: &str, rest: &[OsString], services: &[Service]) -> Result<()> {
    let harness = build(workspace)?;
    let interrupt = Interrupt::install()?;
    let debian: Vec<&str> = services.iter().flat_map(|(debian, _)| *debian).copied().collect();
    packages::install_debian(&debian)?;
    let scripts: Vec<&str> = services.iter().map(|(_, script)| *script).collect();
    let services = Services::start(workspace, Default::default(), &scripts)?;
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
