//! The pilot's directory on the node, and those that killed pilots may have left.

use super::PilotError;
use crate::node;
use crate::runner::scratch::remove_tree;
use model::PilotId;
use rustix::fs::FlockOperation;
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

const PREFIX: &str = "pilotage-pilot-";
const LOCK: &str = "lock";

/// The directory, locked while this process lives.
pub(super) struct Root {
    path: PathBuf,
    _lock: File,
}

impl Root {
    /// Makes a new one below `base`.
    pub(super) fn create(base: &Path, pilot: PilotId) -> Result<Root, PilotError> {
        let path = base.join(format!("{PREFIX}{pilot}-{}", random_hex()?));
        let fault = |error| PilotError::system(format!("make the directory {}", path.display()), error);
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(fault)?;
        let lock = File::create(path.join(LOCK)).map_err(fault)?;
        // Some network file systems have no locks; then nobody can take this one for abandoned either.
        let _ = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive);
        Ok(Root { path, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.path) {
            tracing::warn!("failed to remove {}: {error}", self.path.display());
        }
    }
}

/// Removes the directories of this user's pilots that were killed together with their runners.
pub(super) fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let ours = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) && node::is_ours(&path);
        if !ours || !is_abandoned(&path) {
            continue;
        }
        match remove_tree(&path) {
            Ok(()) => tracing::info!("removed {}, left by a pilot that was killed", path.display()),
            Err(error) => tracing::warn!("failed to remove {}: {error}", path.display()),
        }
    }
}

fn is_abandoned(root: &Path) -> bool {
    let lock = File::open(root.join(LOCK));
    lock.is_ok_and(|lock| rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok())
}

/// Sixteen random hexadecimal digits.
pub(super) fn random_hex() -> Result<String, PilotError> {
    use ring::rand::{SecureRandom, SystemRandom};
    let mut bytes = [0; 8];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| PilotError::system("get random numbers", std::io::ErrorKind::Other.into()))?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_directories_are_swept() {
        let base = tempfile::tempdir().unwrap();
        let living = Root::create(base.path(), PilotId(1)).unwrap();
        let dead = base.path().join(format!("{PREFIX}2-0011223344556677"));
        fs::create_dir_all(dead.join("slot-0/work")).unwrap();
        fs::write(dead.join(LOCK), "").unwrap();
        let foreign = base.path().join("other");
        fs::create_dir(&foreign).unwrap();
        sweep(base.path());
        assert_eq!((living.path().exists(), dead.exists(), foreign.exists()), (true, false, true));
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
