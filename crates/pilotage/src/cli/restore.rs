//! `pilotage restore`: everything is copied beside the live store first, so that only renames can leave a half.

use super::args::RestoreArgs;
use super::client_runtime;
use crate::config::Environment;
use crate::output::{BadInput, print};
use anyhow::Context;
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use store::{Location, Store, StoreConfig};
use tempfile::TempDir;

/// Fills the directory, or the empty database, of a stopped server from a backup.
pub fn run(args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let database = args.database.clone().or(Environment::of_process().database);
    let config_in = |dir: &Path| database.clone().map_or_else(|| StoreConfig::directory(dir), StoreConfig::postgres);
    Store::check_backup(&config_in(&args.dir), &args.from).map_err(|error| no_backup(&args.from, &error))?;
    let is_new = !args.dir.exists();
    let _unused = unused(&args.dir)?;
    let filled = fill(&args.from, &args.dir, &config_in);
    if is_new && filled.is_err() {
        // What could not be taken away is empty, or is named by the failure.
        let _ = fs::remove_file(args.dir.join(LOCK)).and_then(|()| fs::remove_dir(&args.dir));
    }
    let note = match filled? {
        Some(kept) => format!("; what was there before is in {}", kept.display()),
        None if is_new => ", a new directory".to_owned(),
        None => String::new(),
    };
    print(&format!("restored into {}{note}\n", args.dir.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn no_backup(from: &Path, error: &store::Error) -> BadInput {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    BadInput::new(format!("{}: is no whole backup for this store: {error}{cause}", from.display()))
        .hint("name a directory that `pilotage backup` made; nothing was changed")
}

/// What a working server locks in its directory.
const LOCK: &str = "server.lock";

fn unused(dir: &Path) -> anyhow::Result<fs::File> {
    make(dir)?;
    let path = dir.join(LOCK);
    let open = fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let file = open.with_context(|| format!("open {}", path.display()))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        BadInput::new(format!("{}: a server works in it", dir.display())).hint("stop that server first")
    })?;
    Ok(file)
}

/// Copies into a directory beside the live store, then swaps the two. Says where the old one is.
fn fill(from: &Path, dir: &Path, config_in: &dyn Fn(&Path) -> StoreConfig) -> anyhow::Result<Option<PathBuf>> {
    let fresh = tempfile::Builder::new().prefix("restoring-").tempdir_in(dir);
    let fresh: TempDir = fresh.with_context(|| format!("make a directory in {}", dir.display()))?;
    let objects = from.join("objects");
    if objects.is_dir() {
        copy_tree(&objects, &fresh.path().join("objects"))?;
    }
    let config = config_in(fresh.path());
    client_runtime()?.block_on(Store::restore(&config, from)).context("restore the store")?;
    let kept = dir.join(format!("before-restore-{}", super::now().as_secs()));
    swap(fresh.path(), dir, kept).map_err(|error| match config.location {
        Location::Directory(_) => error,
        Location::Postgres(_) => error.context("take over logs and outputs, although the database is restored"),
    })
}

/// Sets the parts of a store in `dir` aside to `kept` and moves those of `fresh` there; all back again when one cannot be
/// moved.
fn swap(fresh: &Path, dir: &Path, kept: PathBuf) -> anyhow::Result<Option<PathBuf>> {
    let old = parts_of_store(dir)?;
    if !old.is_empty() {
        make(&kept)?;
    }
    let aside = old.iter().map(|name| (dir.join(name), kept.join(name)));
    let new = parts_of_store(fresh)?;
    let moves: Vec<_> = aside.chain(new.iter().map(|name| (fresh.join(name), dir.join(name)))).collect();
    for (done, (from, to)) in moves.iter().enumerate() {
        if let Err(error) = fs::rename(from, to) {
            let back = moves[..done].iter().rev().try_for_each(|(from, to)| fs::rename(to, from));
            // Not empty when something could not be moved back.
            let _ = fs::remove_dir(&kept);
            let rest = match back {
                Ok(()) => "nothing was changed".to_owned(),
                Err(_) => format!("what was there before is in {}", kept.display()),
            };
            return Err(error).with_context(|| format!("move {} to {} ({rest})", from.display(), to.display()));
        }
    }
    Ok((!old.is_empty()).then_some(kept))
}

fn parts_of_store(dir: &Path) -> anyhow::Result<Vec<OsString>> {
    let listed = || -> std::io::Result<Vec<OsString>> {
        fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
    };
    let mut names = listed().with_context(|| format!("list {}", dir.display()))?;
    names.retain(|name| is_part_of_store(&name.to_string_lossy()));
    Ok(names)
}

fn is_part_of_store(name: &str) -> bool {
    [".db", ".db-wal", ".db-shm"].iter().any(|end| name.ends_with(end)) || name == "objects"
}

/// A directory that only its owner may read, unless it is there.
fn make(dir: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("make {}", dir.display()))
}

fn copy_tree(from: &Path, into: &Path) -> anyhow::Result<()> {
    make(into)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory `fresh` with a new store and a directory `dir` with an old one.
    fn stores() -> (TempDir, PathBuf, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let (fresh, dir) = (place.path().join("fresh"), place.path().join("dir"));
        for (dir, says) in [(&fresh, "new"), (&dir, "old")] {
            fs::create_dir_all(dir.join("objects")).unwrap();
            fs::write(dir.join("objects/log"), says).unwrap();
            fs::write(dir.join("pilotage.db"), says).unwrap();
        }
        (place, fresh, dir)
    }

    fn says(dir: &Path) -> [String; 2] {
        ["pilotage.db", "objects/log"].map(|name| fs::read_to_string(dir.join(name)).unwrap())
    }

    #[test]
    fn the_old_store_is_set_aside() {
        let (_place, fresh, dir) = stores();
        fs::write(dir.join("admin.token"), "mine").unwrap();
        let kept = swap(&fresh, &dir, dir.join("kept")).unwrap().unwrap();
        assert_eq!((says(&dir), says(&kept)), (["new"; 2].map(str::to_owned), ["old"; 2].map(str::to_owned)));
        assert!(dir.join("admin.token").exists());
    }

    #[test]
    fn a_swap_that_breaks_off_is_taken_back() {
        let (_place, fresh, dir) = stores();
        fs::create_dir_all(dir.join("kept/objects/in-the-way")).unwrap();
        let error = swap(&fresh, &dir, dir.join("kept")).unwrap_err();
        assert!(format!("{error:#}").contains("(nothing was changed)"), "{error:#}");
        assert_eq!(says(&dir), ["old"; 2]);
    }
}
