//! The server's directory: lock, address, tokens.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It or something in it cannot be written.
    #[error("use {path}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another server uses it.
    #[error("lock {path}: another server uses this directory ({holder})")]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// What the other server wrote into it.
        holder: String,
    },
}

/// The locked directory; the lock ends with the value.
pub struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Makes the directory when it is missing and locks it.
    pub fn open(path: &Path) -> Result<Directory, DirectoryError> {
        let failed = |source| DirectoryError::Io { path: path.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let path = path.canonicalize().map_err(failed)?;
        let lock = lock(&path.join("server.lock"))?;
        Ok(Directory { path, _lock: lock })
    }

    /// A path below it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that others may read; it is never seen half written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), DirectoryError> {
        self.replace(name, text, 0o644)
    }

    /// Writes a file of mode 0600; it is never seen half written, nor with other permissions.
    pub fn write_private(&self, name: &str, text: &str) -> Result<(), DirectoryError> {
        self.replace(name, text, 0o600)
    }

    /// The trimmed content of a file; `None` when there is none.
    pub fn read(&self, name: &str) -> Result<Option<String>, DirectoryError> {
        let path = self.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DirectoryError::Io { path, source }),
        }
    }

    fn replace(&self, name: &str, text: &str, mode: u32) -> Result<(), DirectoryError> {
        let path = self.join(name);
        write_atomically(&path, text, mode).map_err(|source| DirectoryError::Io { path, source })
    }
}

fn write_atomically(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let partial = path.with_extension("part");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&partial)?;
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&partial, path)
}

fn lock(path: &Path) -> Result<File, DirectoryError> {
    let failed = |source| DirectoryError::Io { path: path.to_owned(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        file.read_to_string(&mut holder).map_err(failed)?;
        return Err(DirectoryError::Locked { path: path.to_owned(), holder: holder.trim().to_owned() });
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    file.set_len(0).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    writeln!(file, "process {} on {host}", std::process::id()).map_err(failed)?;
    Ok(file)
}
