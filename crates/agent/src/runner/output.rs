//! Keeps what a payload writes: in memory while it is little, in a file beyond, of very much only head and tail.

use crate::frame::Captured;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use wire::api::INLINE_LOG_MAX;

/// One output of one payload.
pub(crate) struct Output {
    memory: Vec<u8>,
    file: Option<LogFile>,
    total: u64,
    max: u64,
}

impl Output {
    /// Nothing yet; at most about `max` bytes will be kept.
    pub(crate) fn new(max: u64) -> Output {
        Output { memory: Vec::new(), file: None, total: 0, max }
    }

    /// Adds what was written; `path` is where the file goes if one is needed.
    pub(crate) fn push(&mut self, bytes: &[u8], path: &Path) -> io::Result<()> {
        self.total += bytes.len() as u64;
        if self.file.is_none() && self.memory.len() + bytes.len() > INLINE_LOG_MAX {
            self.spill(path)?;
        }
        if self.memory.len() + bytes.len() <= INLINE_LOG_MAX {
            self.memory.extend_from_slice(bytes);
        }
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Ok(()),
        }
    }

    /// From now on it can be read in the file at `path` while it grows.
    pub(crate) fn spill(&mut self, path: &Path) -> io::Result<()> {
        if self.file.is_none() {
            let mut file = LogFile::create(path, self.max / 2)?;
            file.write(&self.memory)?;
            self.file = Some(file);
        }
        Ok(())
    }

    /// Ends it: all of it when it is small, else what is in the file.
    pub(crate) fn finish(self) -> io::Result<Captured> {
        match self.file {
            Some(file) if self.total > INLINE_LOG_MAX as u64 => Ok(Captured::File { bytes: file.finish()? }),
            _ => Ok(Captured::Inline(self.memory)),
        }
    }
}

/// A file with the first `half` bytes; what comes later goes round in a second one.
struct LogFile {
    path: PathBuf,
    head: File,
    head_bytes: u64,
    half: u64,
    ring: Option<Ring>,
}

impl LogFile {
    fn create(path: &Path, half: u64) -> io::Result<LogFile> {
        let head = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(LogFile { path: path.to_owned(), head, head_bytes: 0, half, ring: None })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = usize::try_from(self.half - self.head_bytes).unwrap_or(usize::MAX);
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.write_all(first)?;
        self.head_bytes += first.len() as u64;
        if rest.is_empty() {
            return Ok(());
        }
        let ring = match &mut self.ring {
            Some(ring) => ring,
            none => none.insert(Ring::create(&self.path.with_extension("tail"), self.half)?),
        };
        ring.write(rest)
    }

    /// Puts the tail behind the head, with a line between them when something was left out.
    fn finish(mut self) -> io::Result<u64> {
        let Some(ring) = self.ring.take() else { return Ok(self.head_bytes) };
        let left_out = ring.total.saturating_sub(ring.size);
        if left_out > 0 {
            let kept = (self.half + ring.size) >> 20;
            let line = format!(
                "\n[pilotage: {left_out} bytes are left out here; of this output the first and the last bytes, together {kept} MiB, are kept]\n"
            );
            self.head.write_all(line.as_bytes())?;
        }
        ring.append_to(&mut self.head)?;
        fs::remove_file(self.path.with_extension("tail"))?;
        self.head.stream_position()
    }
}

/// The last `size` bytes of a stream.
struct Ring {
    file: File,
    size: u64,
    total: u64,
}

impl Ring {
    fn create(path: &Path, size: u64) -> io::Result<Ring> {
        let mut options = fs::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
        Ok(Ring { file, size: size.max(1), total: 0 })
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let at = self.total % self.size;
            let room = usize::try_from(self.size - at).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.file.seek(SeekFrom::Start(at))?;
            self.file.write_all(now)?;
            self.total += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    fn append_to(mut self, out: &mut File) -> io::Result<()> {
        let start = if self.total > self.size { self.total % self.size } else { 0 };
        self.file.seek(SeekFrom::Start(start))?;
        io::copy(&mut self.file, out)?;
        self.file.seek(SeekFrom::Start(0))?;
        io::copy(&mut (&mut self.file).take(start), out)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_stays_in_memory_even_when_followed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.stdout");
        let mut output = Output::new(1 << 20);
        output.push(b"hello ", &path).unwrap();
        output.spill(&path).unwrap();
        output.push(b"world", &path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"hello world");
        assert_eq!(output.finish().unwrap(), Captured::Inline(b"hello world".to_vec()));
    }

    #[test]
    fn much_keeps_head_and_tail_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.stdout");
        let mut output = Output::new(40_000);
        let text: String = (0..20_000).map(|n| format!("{n:06}\n")).collect();
        for part in text.as_bytes().chunks(777) {
            output.push(part, &path).unwrap();
        }
        let Captured::File { bytes } = output.finish().unwrap() else { panic!("not in a file") };
        let kept = fs::read_to_string(&path).unwrap();
        assert_eq!(kept.len() as u64, bytes);
        assert!(kept.starts_with(&text[..20_000]), "head");
        assert!(kept.ends_with(&text[text.len() - 20_000..]), "tail");
        assert!(kept.contains("[pilotage: 100000 bytes are left out here"), "note");
        assert!(!path.with_extension("tail").exists());
    }

    #[test]
    fn between_half_and_all_nothing_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.stdout");
        let mut output = Output::new(40_000);
        let text = vec![b'x'; 30_000];
        output.push(&text, &path).unwrap();
        assert_eq!(output.finish().unwrap(), Captured::File { bytes: 30_000 });
        assert_eq!(fs::read(&path).unwrap(), text);
    }
}
