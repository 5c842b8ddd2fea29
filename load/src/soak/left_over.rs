//! What must not be there any more once factory and server have ended.

use crate::process;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

/// Processes, scratch directories and batch jobs that are left over.
pub fn check(root: &Path, slurm: bool) -> Result<Vec<String>> {
    let mut found: Vec<String> = process::mentioning(&root.display().to_string())
        .into_iter()
        .map(|seen| format!("process {} is left over: {}", seen.pid, seen.arguments.join(" ")))
        .collect();
    for entry in std::fs::read_dir(root.join("scratch"))? {
        found.push(format!("scratch directory {} is left over", entry?.path().display()));
    }
    if slurm {
        let output =
            Command::new("squeue").args(["--noheader", "--format=%i %j %T"]).output().context("cannot run squeue")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        found.extend(text.lines().map(|line| format!("batch job {line} is left over")));
    }
    Ok(found)
}
