//! `cargo xtask dist`: the release tarball, and a test that it runs where nothing else is.

mod bare;

use crate::artefact;
use crate::workspace::Workspace;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The programs of a release: package and name.
const PROGRAMS: [(&str, &str); 2] = [("pilotage", "pilotage"), ("agent", "pilotage-pilot")];

/// What else is in the tarball: path in the repository and folder in the tarball.
const FILES: [(&str, &str); 7] = [
    ("LICENSE", ""),
    ("README.md", ""),
    ("CHANGELOG.md", ""),
    ("packaging/systemd", "systemd"),
    ("packaging/examples", "examples"),
    ("packaging/man", "man"),
    ("packaging/completions", "completions"),
];

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Cargo profile of the programs: `dist` is small and slow to build, `dev` is quick.
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Also unpack it in an empty root with nothing but a shell and run the demo there.
    #[arg(long)]
    test: bool,
}

/// Builds the tarball below the target folder.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let tarball = pack(workspace, &arguments.profile)?;
    let bytes = std::fs::metadata(&tarball)?.len();
    println!("{} ({:.1} MB)", tarball.display(), bytes as f64 / 1e6);
    if arguments.test { bare::run_demo(&tarball) } else { Ok(()) }
}

fn pack(workspace: &Workspace, profile: &str) -> Result<PathBuf> {
    let staging = tempfile::tempdir()?;
    let name = format!("pilotage-{}-{}", version(workspace)?, std::env::consts::ARCH);
    let root = staging.path().join(&name);
    for (package, program) in PROGRAMS {
        let built = artefact::build(workspace, package, program, profile)?;
        artefact::check_static(&built)?;
        copy(&built, &root.join("bin"))?;
    }
    for (from, to) in FILES {
        copy(&workspace.root.join(from), &root.join(to))?;
    }
    let folder = workspace.target.join("dist");
    std::fs::create_dir_all(&folder)?;
    let tarball = folder.join(format!("{name}.tar.gz"));
    let owner = ["--owner=0", "--group=0", "--sort=name", "-czf"];
    call(Command::new("tar").args(owner).arg(&tarball).arg("-C").arg(staging.path()).arg(&name))?;
    Ok(tarball)
}

fn version(workspace: &Workspace) -> Result<&str> {
    let program = workspace.members().find(|package| package.name == "pilotage").context("no package pilotage")?;
    Ok(&program.version)
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    std::fs::create_dir_all(into)?;
    let contents = if from.is_dir() { from.join(".") } else { from.to_owned() };
    call(Command::new("cp").arg("-a").arg(contents).arg(into))
}

/// Runs a command and fails when it does.
pub fn call(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}
