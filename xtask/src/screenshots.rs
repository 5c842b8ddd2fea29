//! `cargo xtask screenshots`: the pictures of all pages in `docs/screenshots`, taken anew by the test that knows them.

use crate::suite::packages;
use crate::workspace::{Workspace, cargo};
use anyhow::{Context, Result, ensure};

/// The test, which takes them in any case and compares only their names.
const TEST: &str = "screenshots::every_page_has_its_picture";

/// Takes them.
pub fn run(workspace: &Workspace) -> Result<()> {
    let environment = packages::install(workspace)?;
    let test = ["test", "--workspace", "--test", "pages", "--", "--exact", TEST];
    let mut command = cargo();
    command.args(test).current_dir(&workspace.root).envs(environment).env("PILOTAGE_SCREENSHOTS", "keep");
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "the test of the pictures ended with {status}");
    Ok(())
}
