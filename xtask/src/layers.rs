//! `cargo xtask layers`: the invariants of ARCHITECTURE.md that a program can check.

mod code;
mod crates;

use crate::source;
use crate::workspace::Workspace;
use anyhow::{Result, bail};

/// Checks the crates and their sources; fails with every violation, one a line.
pub fn run(workspace: &Workspace) -> Result<()> {
    let files = source::program_files(workspace)?;
    let mut violations = crates::check(workspace);
    violations.extend(files.iter().flat_map(code::check));
    if !violations.is_empty() {
        bail!("the layers are broken:\n  {}", violations.join("\n  "));
    }
    println!("layers: {} crates and {} files keep to them", workspace.members().count(), files.len());
    Ok(())
}
