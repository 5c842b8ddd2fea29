//! The directory of the last `pilotage up`, so that the next terminal finds it.

use super::Environment;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

fn file(environment: &Environment) -> Option<PathBuf> {
    environment.state_home.as_ref().map(|home| home.join("pilotage/last-dir"))
}

/// The remembered directory, if there is one.
pub fn read_last_dir(environment: &Environment) -> Option<PathBuf> {
    let mut bytes = fs::read(file(environment)?).ok()?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    (!bytes.is_empty()).then(|| PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// Remembers `dir`. Without a home there is nowhere to remember it, which is no error.
pub fn remember_last_dir(environment: &Environment, dir: &Path) -> io::Result<()> {
    let Some(file) = file(environment) else { return Ok(()) };
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    let partial = file.with_extension("part");
    let mut line = dir.as_os_str().as_bytes().to_vec();
    line.push(b'\n');
    fs::write(&partial, line)?;
    fs::rename(partial, file)
}

/// Remembers what was remembered before `dir`, unless somebody else has remembered another directory since.
pub fn forget_last_dir(environment: &Environment, dir: &Path, before: Option<&Path>) -> io::Result<()> {
    if read_last_dir(environment).is_none_or(|last| last != dir) {
        return Ok(());
    }
    match (before, file(environment)) {
        (Some(before), _) => remember_last_dir(environment, before),
        (None, Some(file)) => fs::remove_file(file),
        (None, None) => Ok(()),
    }
}
