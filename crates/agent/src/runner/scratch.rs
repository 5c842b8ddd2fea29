//! The scratch directory of a slot: used again while it stays empty, emptied or made anew when it does not.

use rustix::fs::{Mode, OFlags, RawDir, SeekFrom};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The directory, kept open.
pub(crate) struct Scratch {
    path: PathBuf,
    dir: OwnedFd,
}

impl Scratch {
    /// Makes the directory and goes into it.
    pub(crate) fn make(path: PathBuf) -> io::Result<Scratch> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        let dir = open_dir(&path)?;
        rustix::process::fchdir(&dir)?;
        Ok(Scratch { path, dir })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that it is there, empty and ours; `Err` when the node does not let us.
    pub(crate) fn clean(&mut self) -> io::Result<()> {
        if self.in_place()? && self.is_empty()? {
            return Ok(());
        }
        self.remove_moved();
        remove_tree(&self.path)?;
        *self = Scratch::make(std::mem::take(&mut self.path))?;
        Ok(())
    }

    /// A payload may have renamed it. What went out of the slot's directory is the user's.
    fn remove_moved(&self) {
        let link = format!("/proc/self/fd/{}", self.dir.as_raw_fd());
        let Ok(place) = fs::read_link(link) else { return };
        let near = self.path.parent().is_some_and(|slot| place.starts_with(slot));
        if near && place != self.path {
            // What stays goes with the slot's directory.
            let _ = remove_tree(&place);
        }
    }

    /// Whether the path still leads to the open directory, with its mode unchanged.
    fn in_place(&self) -> io::Result<bool> {
        let open = rustix::fs::fstat(&self.dir)?;
        match fs::symlink_metadata(&self.path) {
            Ok(seen) => Ok(seen.ino() == open.st_ino && seen.dev() == open.st_dev && open.st_mode & 0o7777 == 0o700),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn is_empty(&self) -> io::Result<bool> {
        rustix::fs::seek(&self.dir, SeekFrom::Start(0))?;
        let mut buffer = [const { MaybeUninit::<u8>::uninit() }; 512];
        let mut entries = RawDir::new(&self.dir, &mut buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn open_dir(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Removes a tree, also one whose directories were made unreadable. A missing one is fine.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(seen) if !seen.is_dir() => return fs::remove_file(path),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Gives the owner all rights on all directories of a tree, as far as it can.
fn open_up(path: &Path) {
    let mut open = vec![path.to_owned()];
    while let Some(dir) = open.pop() {
        let _ = fs::set_permissions(&dir, fs::Permissions::from_mode(0o700));
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        let dirs = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        open.extend(dirs.map(|entry| entry.path()));
    }
}

/// The most entries that [`disk_use`] looks at.
const ENTRIES_MAX: usize = 200_000;

/// Bytes that a tree takes on disk; of a very large one the first [`ENTRIES_MAX`] entries.
pub(crate) fn disk_use(path: &Path) -> u64 {
    let (mut bytes, mut entries) = (0, 0);
    let mut open = vec![path.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(listing) = fs::read_dir(&dir) else { continue };
        for entry in listing.flatten() {
            entries += 1;
            let Ok(seen) = entry.metadata() else { continue };
            bytes += seen.blocks() * 512;
            if seen.is_dir() && entries < ENTRIES_MAX {
                open.push(entry.path());
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_use_and_removal_reach_closed_directories() {
        let base = tempfile::tempdir().unwrap();
        let tree = base.path().join("tree");
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::write(tree.join("a/b/file"), vec![1; 100_000]).unwrap();
        assert!(disk_use(&tree) >= 100_000);
        fs::set_permissions(tree.join("a/b"), fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(tree.join("a"), fs::Permissions::from_mode(0o000)).unwrap();
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
        remove_tree(&tree).unwrap();
    }
}
