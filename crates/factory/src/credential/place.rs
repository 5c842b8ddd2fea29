//! Where the factory keeps the credentials that it makes: each in one file of mode 0600, replaced as a whole, so that a
//! reader finds the old one or the new one whatever happens in between.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How directories begin in which a new one is made.
const NEW: &str = ".new-";

/// The directory of all credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// Below the factory's directory. Nothing is made yet.
    pub fn of(dir: &Path) -> Place {
        let place = dir.join("credentials");
        Place(std::path::absolute(&place).unwrap_or(place))
    }

    /// The file of a credential.
    pub fn file(&self, name: &str, ending: &str) -> PathBuf {
        self.0.join(format!("{name}.{ending}"))
    }

    /// An empty directory for making a new one, which only we may look into; it goes when it is dropped.
    pub fn workshop(&self, name: &str) -> io::Result<TempDir> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        tempfile::Builder::new().prefix(&format!("{NEW}{name}-")).tempdir_in(&self.0)
    }

    /// Makes a new file one that nobody else can use, whatever the program that wrote it thought of that.
    pub fn close(&self, new: &Path) -> io::Result<()> {
        fs::set_permissions(new, Permissions::from_mode(0o600))
    }

    /// Puts a new file in the place of the old one.
    pub fn replace(&self, new: &Path, old: &Path) -> io::Result<()> {
        File::open(new)?.sync_all()?;
        fs::rename(new, old)?;
        File::open(&self.0)?.sync_all()
    }

    /// Deletes what a factory that was killed left behind.
    pub fn sweep(&self) {
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(NEW)
                && let Err(error) = fs::remove_dir_all(entry.path())
            {
                tracing::warn!(path = %entry.path().display(), %error, "could not delete what a dead factory left");
            }
        }
    }
}
