//! A record of every command given to a batch system, for the operator: a text file that never grows beyond a bound.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Bytes after which the file becomes the older half of the record.
const HALF_MAX: u64 = 1 << 20;
/// Bytes of each output of a command that are kept.
const SAID_MAX: usize = 2000;

/// Two files, `transcript` and `transcript.1`, of at most 1 MiB each and readable by their owner alone.
pub struct Transcript {
    /// `None` for no record.
    path: Option<PathBuf>,
    // Guards the turn-over; writes themselves are appended whole.
    turn: Mutex<()>,
}

/// One command and what came of it.
pub struct Entry<'a> {
    /// When it began, as text.
    pub time: &'a str,
    /// Program and arguments.
    pub command: &'a str,
    /// Exit code, or why there is none.
    pub end: &'a str,
    /// Milliseconds it took.
    pub took_ms: u128,
    /// Standard output.
    pub out: &'a [u8],
    /// Standard error.
    pub err: &'a [u8],
}

impl Transcript {
    /// A record in this directory.
    pub fn in_dir(dir: &Path) -> Transcript {
        Transcript { path: Some(dir.join("transcript")), turn: Mutex::new(()) }
    }

    /// No record, for commands whose caller says what went wrong and keeps nothing else.
    pub fn none() -> Transcript {
        Transcript { path: None, turn: Mutex::new(()) }
    }

    /// Appends an entry. A record that cannot be written must not stop the work, so a failure is only logged.
    pub fn keep(&self, entry: &Entry<'_>) {
        let Some(path) = &self.path else { return };
        if let Err(error) = self.append(path, entry) {
            tracing::warn!(path = %path.display(), %error, "could not write the transcript");
        }
    }

    fn append(&self, path: &Path, entry: &Entry<'_>) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if fs::metadata(path).is_ok_and(|file| file.len() > HALF_MAX) {
            fs::rename(path, path.with_extension("1"))?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.write_all(entry.to_text().as_bytes())
    }
}

impl Entry<'_> {
    fn to_text(&self) -> String {
        let mut text = format!("{} {} -> {} in {} ms\n", self.time, self.command, self.end, self.took_ms);
        for (mark, said) in [("  | ", self.out), ("  ! ", self.err)] {
            for line in String::from_utf8_lossy(&said[..said.len().min(SAID_MAX)]).lines() {
                text.push_str(mark);
                text.push_str(line);
                text.push('\n');
            }
            if said.len() > SAID_MAX {
                text.push_str(&format!("{mark}... {} bytes in all\n", said.len()));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bound_and_keeps_the_newest() {
        let dir = tempfile::tempdir().unwrap();
        let transcript = Transcript::in_dir(dir.path());
        let out = vec![b'x'; 3000];
        for turn in 0..1500 {
            let time = turn.to_string();
            transcript.keep(&Entry { time: &time, command: "squeue -h", end: "0", took_ms: 3, out: &out, err: b"" });
        }
        let size = |name: &str| fs::metadata(dir.path().join(name)).unwrap().len();
        assert!(size("transcript") < HALF_MAX + 4096 && size("transcript.1") < HALF_MAX + 4096);
        let text = fs::read_to_string(dir.path().join("transcript")).unwrap();
        assert!(text.contains("1499 squeue -h -> 0 in 3 ms") && text.contains("... 3000 bytes in all"));
    }
}
