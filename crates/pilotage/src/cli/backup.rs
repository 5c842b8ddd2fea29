//! `pilotage backup`.

use super::args::BackupArgs;
use crate::output::print;
use anyhow::Context;
use std::process::ExitCode;
use wire::Client;
use wire::api::BackupRequest;

/// Copies the store of a working server; the copy appears on the server's machine.
pub async fn run(args: BackupArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let to = std::path::absolute(&args.to).context("find the directory")?;
    let done = client.backup(&BackupRequest { to: to.display().to_string() }).await?;
    print(&format!("backup in {} on the server's machine\n", done.path))?;
    Ok(ExitCode::SUCCESS)
}
