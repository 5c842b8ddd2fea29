//! The state directory of one local pilot: all that is known of it, so that a restarted factory knows it too.

use super::process::{Identity, boot_id, parse_stat};
use crate::BatchError;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Started as `sh -c SUPERVISOR pilotage-pilot ARGUMENTS...` in the state directory. It writes down who it is before
/// anything else and how the pilot ended after everything else. TERM reaches it too, since it leads the group; it must
/// outlive the pilot to write the end. A pilot that nobody could find again, or that was removed before anybody could
/// signal it, is not started at all: the look is taken by a process of its own, since a TERM between its fork and its
/// exec goes to the trap and is lost.
pub const SUPERVISOR: &str = r#"trap : TERM INT HUP
read -r stat </proc/$$/stat
read -r boot </proc/sys/kernel/random/boot_id
printf '%s\n%s\n' "$boot" "$stat" >process || exit
sh -c '[ -e removed ] || exec sh ./wrapper "$@"' sh "$@"
echo $? >exit
"#;

/// How long a supervisor may take until it has written down who it is.
pub const START_MAX: Duration = Duration::from_secs(20);

/// One state directory.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its path; the last part is the pilot's id.
    pub path: PathBuf,
}

/// What a state directory says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its supervisor was started just now.
    Starting,
    /// It runs.
    Running(Identity),
    /// It ended with this exit code.
    Ended(i32),
    /// It is gone and left no exit code: killed, or the machine was.
    Vanished,
    /// It was never started: the factory died in between.
    NeverStarted,
}

impl Folder {
    /// Makes the directory with the secret and the wrapper in it. Nobody but the owner may look into it.
    pub fn create(path: PathBuf, wrapper: &str, secret: &[u8]) -> Result<Folder, BatchError> {
        let folder = Folder { path };
        let failed = |source| BatchError::File { action: "make", path: folder.path.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder.path).map_err(failed)?;
        folder.write("wrapper", wrapper.as_bytes())?;
        folder.write("secret.json", secret)?;
        Ok(folder)
    }

    /// Path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a file for the output of the pilot.
    pub fn output(&self, name: &str) -> Result<fs::File, BatchError> {
        let path = self.file(name);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        file.map_err(|source| BatchError::File { action: "open", path, source })
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), BatchError> {
        let path = self.file(name);
        let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        written.and_then(|mut file| file.write_all(content)).map_err(|source| BatchError::File {
            action: "write",
            path,
            source,
        })
    }

    /// Remembers that the pilot was told to go; the first time counts.
    pub fn mark_removed(&self) -> io::Result<()> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.file("removed")) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other.map(drop),
        }
    }

    /// How long ago the pilot was told to go.
    pub fn removed_for(&self) -> Option<Duration> {
        age(&self.file("removed"))
    }

    /// Who its supervisor is, once that has written it down.
    pub fn identity(&self) -> Option<Identity> {
        let text = fs::read_to_string(self.file("process")).ok().filter(|text| text.ends_with('\n'))?;
        let (boot, line) = text.split_once('\n')?;
        let (pid, stat) = parse_stat(line)?;
        Some(Identity { pid, start: stat.start, boot: boot.to_owned() })
    }

    /// The variable by which processes of this pilot are known.
    pub fn mark(&self) -> String {
        format!("PILOTAGE_SECRET_FILE={}", self.file("secret.json").display())
    }

    /// Whether the pilot runs, and else how it ended.
    pub fn life(&self) -> Life {
        let Some(identity) = self.identity() else {
            let young = age(&self.file("secret.json")).is_some_and(|age| age < START_MAX);
            return if young { Life::Starting } else { Life::NeverStarted };
        };
        if identity.is_alive() {
            return Life::Running(identity);
        }
        // Read after the process was seen gone: the exit code is written before its end.
        match self.exit_code() {
            Some(code) => Life::Ended(code),
            None if identity.has_orphans(&self.mark()) => Life::Running(identity),
            None => Life::Vanished,
        }
    }

    fn exit_code(&self) -> Option<i32> {
        fs::read_to_string(self.file("exit")).ok()?.trim().parse().ok()
    }
}

fn age(path: &Path) -> Option<Duration> {
    let modified = fs::metadata(path).and_then(|file| file.modified()).ok()?;
    let now = SystemTime::from(jiff::Timestamp::now());
    Some(now.duration_since(modified).unwrap_or_default())
}

/// The directories below `dir` with the ids of their pilots.
pub fn list(dir: &Path) -> Result<Vec<(i64, Folder)>, BatchError> {
    let failed = |source| BatchError::File { action: "list", path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            found.push((id, Folder { path: entry.path() }));
        }
    }
    found.sort_by_key(|(id, _)| *id);
    Ok(found)
}

/// Whether the machine was started again since the identity was written.
pub fn rebooted(identity: &Identity) -> bool {
    identity.boot != boot_id()
}
