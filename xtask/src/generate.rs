//! `cargo xtask generate`: the program writes what is made from it; this compares or copies.

use crate::workspace::{Workspace, cargo};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold generated files only; what the program no longer writes there is deleted.
const GENERATED_FOLDERS: [&str; 2] = ["packaging/man", "packaging/completions"];

/// What was asked for.
#[derive(clap::Args)]
pub struct Arguments {
    /// Write nothing, fail when a file is stale.
    #[arg(long)]
    check: bool,
}

/// Writes or compares all generated files.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let fresh = tempfile::tempdir()?;
    // Of the whole workspace, whose libraries have the features that the suite has built.
    let build = ["build", "--quiet", "--workspace", "--bins"];
    let status = cargo().args(build).current_dir(&workspace.root).status().context("cannot run cargo")?;
    ensure!(status.success(), "cargo build ended with {status}");
    let program = workspace.target.join("debug/pilotage");
    let status = Command::new(&program).arg("generate").arg(fresh.path()).status();
    let status = status.with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(status.success(), "pilotage generate ended with {status}");
    let files = files_below(fresh.path(), fresh.path())?;
    let stale = stale_files(&workspace.root, fresh.path(), &files)?;
    let left_over = left_over_files(&workspace.root, &files)?;
    if arguments.check {
        complain(&stale, &left_over, files.len())
    } else {
        update(workspace, fresh.path(), &stale, &left_over)
    }
}

fn stale_files(root: &Path, fresh: &Path, files: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for file in files {
        let wanted = std::fs::read(fresh.join(file))?;
        if std::fs::read(root.join(file)).ok() != Some(wanted) {
            stale.push(file.clone());
        }
    }
    Ok(stale)
}

fn left_over_files(root: &Path, files: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>> {
    let mut left_over = Vec::new();
    for folder in GENERATED_FOLDERS.map(|folder| root.join(folder)).iter().filter(|folder| folder.exists()) {
        left_over.extend(files_below(root, folder)?.into_iter().filter(|file| !files.contains(file)));
    }
    Ok(left_over)
}

fn files_below(root: &Path, folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(root, &path)?);
        } else {
            files.insert(path.strip_prefix(root)?.to_owned());
        }
    }
    Ok(files)
}

fn complain(stale: &[PathBuf], left_over: &[PathBuf], total: usize) -> Result<()> {
    let names: Vec<String> = stale.iter().chain(left_over).map(|file| file.display().to_string()).collect();
    if names.is_empty() {
        println!("generate: {total} files are as the program makes them");
        return Ok(());
    }
    bail!("stale generated files; run cargo xtask generate:\n  {}", names.join("\n  "))
}

fn update(workspace: &Workspace, fresh: &Path, stale: &[PathBuf], left_over: &[PathBuf]) -> Result<()> {
    for file in stale {
        let target = workspace.root.join(file);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(fresh.join(file), &target).with_context(|| format!("cannot write {}", target.display()))?;
        println!("wrote {}", file.display());
    }
    for file in left_over {
        std::fs::remove_file(workspace.root.join(file))?;
        println!("deleted {}", file.display());
    }
    println!("generate: {} files changed", stale.len() + left_over.len());
    Ok(())
}
