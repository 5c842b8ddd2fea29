//! One process per SQLite file: a lock file with a record of who has it.

use crate::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// File systems that other hosts may mount too: NFS, SMB (three), AFS, Coda, Ceph, Lustre, GPFS, 9P, FUSE.
const SHARED: [u32; 11] = [
    0x6969,
    0x517B,
    0xFF53_4D42,
    0xFE53_4D42,
    0x5346_414F,
    0x7375_7245,
    0x00C3_6400,
    0x0BD0_0BD0,
    0x4750_4653,
    0x0102_1997,
    0x6573_5546,
];

/// The lock, held while this lives.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    file: File,
}

/// Whether other hosts may see the directory too.
pub(crate) fn is_shared(directory: &Path) -> bool {
    rustix::fs::statfs(directory).is_ok_and(|about| SHARED.contains(&(about.f_type as u32)))
}

impl DirectoryLock {
    /// Takes the lock or says who has it.
    pub(crate) fn take(directory: &Path) -> Result<DirectoryLock> {
        let path = directory.join("pilotage.db.lock");
        let broken = |source| Error::Path { path: path.clone(), source };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(broken)?;
        let me = Holder { host: host(), pid: std::process::id() };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Holder::read(&mut file).in_use(path)),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported || no_locks(&error) => {
                let other = Holder::read(&mut file);
                if other.may_live(&me) {
                    return Err(other.in_use(path));
                }
            }
            Err(TryLockError::Error(source)) => return Err(broken(source)),
        }
        me.write(&mut file).map_err(broken)?;
        Ok(DirectoryLock { file })
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // An empty record says that nobody has it, also where the lock itself does not work.
        if let Err(error) = self.file.set_len(0) {
            tracing::debug!(%error, "cannot empty the lock record");
        }
    }
}

/// Who has the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    host: String,
    pid: u32,
}

impl Holder {
    fn read(file: &mut File) -> Holder {
        let mut text = String::new();
        let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
        let mut words = text.split_whitespace();
        let host = words.next().filter(|_| read.is_ok()).unwrap_or_default().to_owned();
        let pid = words.next().and_then(|pid| pid.parse().ok()).unwrap_or_default();
        Holder { host, pid }
    }

    fn write(&self, file: &mut File) -> std::io::Result<()> {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{} {}", self.host, self.pid)?;
        file.sync_all()
    }

    /// Without working locks: a record of another host counts as alive, one of this host if the process is.
    fn may_live(&self, me: &Holder) -> bool {
        let same_host = self.host == me.host;
        !self.host.is_empty() && (!same_host || Path::new(&format!("/proc/{}", self.pid)).exists())
    }

    fn in_use(self, path: PathBuf) -> Error {
        Error::InUse { path, host: self.host, pid: self.pid }
    }
}

fn no_locks(error: &std::io::Error) -> bool {
    matches!(rustix::io::Errno::from_io_error(error), Some(rustix::io::Errno::NOLCK | rustix::io::Errno::NOSYS))
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
