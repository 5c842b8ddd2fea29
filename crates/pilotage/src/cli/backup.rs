//! `pilotage backup` and `pilotage restore`.

use super::args::{BackupArgs, RestoreArgs};
use super::client_runtime;
use crate::config::Environment;
use crate::output::{BadInput, print};
use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use store::{Store, StoreConfig};
use wire::Client;
use wire::api::BackupRequest;

/// Copies the store of a working server; the copy appears on the server's machine.
pub async fn run(args: BackupArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let to = std::path::absolute(&args.to).context("find the directory")?;
    let done = client.backup(&BackupRequest { to: to.display().to_string() }).await?;
    print(&format!("backup in {} on the server's machine\n", done.path))?;
    Ok(ExitCode::SUCCESS)
}

/// Fills the directory, or the empty database, of a stopped server from a backup.
pub fn restore(args: RestoreArgs) -> anyhow::Result<ExitCode> {
    if !args.from.is_dir() {
        return Err(BadInput::new(format!("{}: is no directory made by `pilotage backup`", args.from.display())).into());
    }
    let _unused = unused(&args.dir)?;
    let database = args.database.clone().or(Environment::of_process().database);
    let kept = set_aside(&args.dir)?;
    let config = database.map_or_else(|| StoreConfig::directory(&args.dir), StoreConfig::postgres);
    client_runtime()?.block_on(Store::restore(&config, &args.from)).context("restore the store")?;
    let objects = args.from.join("objects");
    if objects.is_dir() {
        copy_tree(&objects, &args.dir.join("objects"))?;
    }
    let note = kept.map(|path| format!("; what was there before is in {}", path.display())).unwrap_or_default();
    print(&format!("restored into {}{note}\n", args.dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The lock of the server's directory: a working server holds it.
fn unused(dir: &Path) -> anyhow::Result<fs::File> {
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    let path = dir.join("server.lock");
    let open = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let file = open.with_context(|| format!("open {}", path.display()))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        BadInput::new(format!("{}: a server works in it", dir.display())).hint("stop that server first")
    })?;
    Ok(file)
}

/// Moves a store that is there out of the way, so that a mistake can be taken back.
fn set_aside(dir: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !dir.join("pilotage.db").exists() {
        return Ok(None);
    }
    let kept = dir.join(format!("before-restore-{}", super::now().as_secs()));
    fs::create_dir(&kept).with_context(|| format!("make {}", kept.display()))?;
    for entry in fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))? {
        let name = entry?.file_name();
        if is_part_of_store(&name.to_string_lossy()) {
            fs::rename(dir.join(&name), kept.join(&name)).with_context(|| format!("set {} aside", name.display()))?;
        }
    }
    Ok(Some(kept))
}

fn is_part_of_store(name: &str) -> bool {
    [".db", ".db-wal", ".db-shm"].iter().any(|end| name.ends_with(end)) || name == "objects"
}

fn copy_tree(from: &Path, into: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(into).with_context(|| format!("make {}", into.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("list {}", from.display()))? {
        let entry = entry?;
        let target = into.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("copy {}", target.display()))?;
        }
    }
    Ok(())
}
