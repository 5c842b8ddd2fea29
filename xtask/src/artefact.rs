//! Static programs: `cargo xtask pilot`, and the building blocks of `cargo xtask dist`.

use crate::workspace::{Workspace, cargo, host};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Cargo profile: `dist` is small and slow to build, `dev` is quick.
    #[arg(long, default_value = "dist")]
    profile: String,
}

/// Builds the static pilot and says where it is.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let pilot = build(workspace, "agent", "pilotage-pilot", &arguments.profile)?;
    check_static(&pilot)?;
    let bytes = std::fs::metadata(&pilot)?.len();
    println!("{} ({:.1} MB, static)", pilot.display(), bytes as f64 / 1e6);
    Ok(())
}

/// Builds one program so that it needs nothing of the machine it runs on: against musl when that target is installed,
/// else as static-pie with this machine's glibc.
pub fn build(workspace: &Workspace, package: &str, program: &str, profile: &str) -> Result<PathBuf> {
    let target = target()?;
    let status = cargo()
        .args(["build", "--locked", "--package", package, "--bin", program, "--profile", profile, "--target", &target])
        // Named with --target, so that build scripts and macros are not built static as well.
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .current_dir(&workspace.root)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "building {program} for {target} ended with {status}");
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(workspace.target.join(&target).join(folder).join(program))
}

fn target() -> Result<String> {
    let host = host()?;
    let musl = host.replace("-gnu", "-musl");
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", &musl]).output()?;
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    // C code of dependencies needs the compiler of the same library.
    let compiler = Command::new("musl-gcc").arg("--version").output().is_ok();
    Ok(if output.status.success() && library.exists() && compiler { musl } else { host })
}

/// Fails when a program asks for a dynamic loader or a shared library.
pub fn check_static(program: &Path) -> Result<()> {
    let output = Command::new("readelf")
        .args(["--wide", "--program-headers", "--dynamic"])
        .arg(program)
        .output()
        .context("cannot run readelf")?;
    ensure!(output.status.success(), "readelf {} ended with {}", program.display(), output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().find(|line| line.contains("INTERP") || line.contains("(NEEDED)")) {
        Some(line) => bail!("{} is not static: {}", program.display(), line.trim()),
        None => Ok(()),
    }
}
