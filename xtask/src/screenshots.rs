//! `cargo xtask screenshots`: the pictures of all pages in `docs/screenshots`, taken anew by the test that knows them.

use crate::suite::packages;
use crate::workspace::{Workspace, cargo};
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;

/// The test, which takes them in any case and compares only their names.
const TEST: &str = "screenshots::every_page_has_its_picture";

#[derive(clap::Args)]
pub struct Arguments {
    /// Besides, take every page empty, filled, in trouble and as those see it who may do less, narrow and wide, light and
    /// dark, into this folder, to look at them.
    #[arg(long, value_name = "FOLDER")]
    every_state: Option<PathBuf>,
}

/// Takes them.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let environment = packages::install(workspace)?;
    let test = ["test", "--workspace", "--test", "pages", "--", "--exact", TEST];
    let mut command = cargo();
    command.args(test).current_dir(&workspace.root).envs(environment).env("PILOTAGE_SCREENSHOTS", "keep");
    if let Some(folder) = &arguments.every_state {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        command.env("PILOTAGE_SCREENSHOTS_EVERY_STATE", folder.canonicalize()?);
    }
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "the test of the pictures ended with {status}");
    Ok(())
}
