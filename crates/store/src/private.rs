//! Files and directories that nobody but their owner may read.

use crate::{Error, Result};
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes the file when it is missing, and takes it away from all others when it is there. A file that is there is never
/// opened: closing it would release the locks that SQLite has on it.
pub(crate) fn keep_file(path: &Path) -> Result<()> {
    let kept = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => take_from_others(path),
        made => made.map(drop),
    };
    kept.map_err(|source| Error::Path { path: path.to_owned(), source })
}

fn take_from_others(path: &Path) -> io::Result<()> {
    let is_open_to_others = fs::metadata(path)?.permissions().mode() & 0o077 != 0;
    if is_open_to_others { fs::set_permissions(path, Permissions::from_mode(0o600)) } else { Ok(()) }
}

/// Copies a file whose copy is its owner's alone, and syncs it.
pub(crate) fn copy_file(from: &Path, to: &Path) -> Result<()> {
    keep_file(to)?;
    // Not `fs::copy`, which gives the copy the mode of its source.
    let copied = || -> io::Result<()> {
        let mut target = OpenOptions::new().write(true).truncate(true).open(to)?;
        io::copy(&mut fs::File::open(from)?, &mut target)?;
        target.sync_all()
    };
    copied().map_err(|source| Error::Path { path: from.to_owned(), source })
}

/// Makes a directory that must not be there.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    let made = DirBuilder::new().mode(0o700).create(path);
    made.map_err(|source| Error::Path { path: path.to_owned(), source })
}

/// Makes a directory unless it is there, with those above it.
pub(crate) fn ensure_directory(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| Error::Path { path: path.to_owned(), source })
}
