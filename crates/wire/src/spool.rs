//! What a pilot could not deliver, on disk: written by the pilot, delivered by its factory or by its next process.
//!
//! `PILOT.spool` is a directory beside the pilot's secret file and exists only while something is in it. Its file
//! `reports` holds one JSON document a line; other files are outputs that go with some of them. What is in it was synced
//! before it counts, and a line that was cut off by a crash or a full disk costs that line alone.

mod deliver;

pub use deliver::deliver;

use model::job::LogStream;
use model::{JobReport, PilotId};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The most bytes of the reports of one spool.
const REPORTS_BYTES_MAX: u64 = 64 << 20;
/// The most bytes of its other files together.
const FILES_BYTES_MAX: u64 = 256 << 20;

/// A report that waits for a server, with the outputs that have to be uploaded before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// The report.
    #[serde(flatten)]
    pub report: JobReport,
    /// The outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<KeptFile>,
}

/// One output in a spool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFile {
    /// Its name in the spool.
    pub file: String,
    /// What it is.
    pub is: KeptOutput,
}

/// Which output of its attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeptOutput {
    /// Standard output or error; the server has all before `offset`.
    Log {
        /// Which of the two.
        stream: LogStream,
        /// Bytes that were uploaded before.
        offset: u64,
    },
    /// An output file that the server keeps, by the name that the job gave it.
    Output(String),
}

/// The spool of one pilot.
pub struct Spool {
    dir: PathBuf,
    reports: Option<File>,
    /// Good bytes of `reports`.
    bytes: u64,
    /// Those of them that were there when it was opened.
    inherited: u64,
    files_bytes: u64,
}

/// The spool of a pilot whose secret file is in `place`.
pub fn path(place: &Path, pilot: PilotId) -> PathBuf {
    place.join(format!("{pilot}.spool"))
}

/// What is in a spool, in the order of writing; nothing when there is none. Lines that make no sense are left out.
pub fn read(spool: &Path) -> io::Result<Vec<Kept>> {
    let text = match fs::read(spool.join(REPORTS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    Ok(text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

const REPORTS: &str = "reports";

impl Spool {
    /// Opens the spool at this path. What an earlier process left stays in it, but for a line that was cut off.
    pub fn open(dir: &Path) -> io::Result<Spool> {
        let mut spool = Spool { dir: dir.to_owned(), reports: None, bytes: 0, inherited: 0, files_bytes: 0 };
        match fs::read(spool.dir.join(REPORTS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(spool),
            Err(error) => return Err(error),
            Ok(text) => spool.bytes = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1),
        }
        spool.inherited = spool.bytes;
        spool.cut().map(|()| spool)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Adds reports durably, all or none.
    pub fn append(&mut self, kept: &[Kept]) -> io::Result<()> {
        let mut text = Vec::new();
        for one in kept {
            serde_json::to_writer(&mut text, one)?;
            text.push(b'\n');
        }
        if text.is_empty() {
            return Ok(());
        }
        if self.bytes + text.len() as u64 > REPORTS_BYTES_MAX {
            return Err(full(REPORTS_BYTES_MAX));
        }
        let file = self.reports()?;
        let written = file.write_all(&text).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // The next line must not be glued to half of this one.
            self.cut()?;
            return Err(error);
        }
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Copies a file into the spool durably; a later [`Spool::append`] refers to it by `name`.
    pub fn add_file(&mut self, from: &Path, name: &str) -> io::Result<()> {
        let bytes = fs::metadata(from)?.len();
        self.make_room(bytes)?;
        let to = self.dir.join(name);
        let copied = fs::copy(from, &to).and_then(|_| File::open(&to)?.sync_all());
        self.added(&to, bytes, copied)
    }

    /// Writes bytes into a file of the spool, as [`Spool::add_file`] does.
    pub fn add_bytes(&mut self, content: &[u8], name: &str) -> io::Result<()> {
        let bytes = content.len() as u64;
        self.make_room(bytes)?;
        let to = self.dir.join(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&to);
        let written = file.and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
        self.added(&to, bytes, written)
    }

    /// Everything that was added was delivered. What an earlier process left stays.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.bytes == self.inherited {
            return Ok(());
        }
        self.bytes = self.inherited;
        match self.inherited {
            0 => {
                self.reports = None;
                self.files_bytes = 0;
                fs::remove_dir_all(&self.dir)
            }
            _ => self.cut(),
        }
    }

    fn make_room(&mut self, bytes: u64) -> io::Result<()> {
        if self.files_bytes + bytes > FILES_BYTES_MAX {
            return Err(full(FILES_BYTES_MAX));
        }
        self.make_dir()
    }

    fn added(&mut self, to: &Path, bytes: u64, result: io::Result<()>) -> io::Result<()> {
        match result {
            Ok(()) => self.files_bytes += bytes,
            Err(_) => drop(fs::remove_file(to)),
        }
        result
    }

    fn make_dir(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)
    }

    fn reports(&mut self) -> io::Result<&mut File> {
        if self.reports.is_none() {
            self.make_dir()?;
            let path = self.dir.join(REPORTS);
            self.reports = Some(OpenOptions::new().append(true).create(true).mode(0o600).open(path)?);
        }
        self.reports.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Ends the reports after the last good line.
    fn cut(&mut self) -> io::Result<()> {
        let bytes = self.bytes;
        let file = self.reports()?;
        file.set_len(bytes)?;
        file.sync_data()
    }
}

fn full(max: u64) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, format!("a spool holds at most {} MiB", max >> 20))
}

#[cfg(test)]
mod tests;
