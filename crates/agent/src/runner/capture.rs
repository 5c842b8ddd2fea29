//! The pipes that all payloads of a slot write to, and what came through them.

use super::output::Output;
use super::process;
use crate::frame::{Captured, JobKey};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use wire::api::LogStream;

/// Reads of one pipe in a row, so that a payload that writes without end does not get all attention.
const READS_MAX: usize = 32;

/// Both outputs of the payload that runs now.
pub(crate) struct Capture {
    pipes: [File; 2],
    outputs: [Output; 2],
    max: u64,
    slot_dir: PathBuf,
    fault: Option<io::Error>,
    /// For reading; clearing a new one for each payload would cost more than the read.
    buffer: Vec<u8>,
}

/// The log file of an attempt, if it has one.
pub(crate) fn log_path(slot_dir: &Path, key: JobKey, stream: LogStream) -> PathBuf {
    slot_dir.join("logs").join(format!("{}.{}.{}", key.job, key.attempt, stream.as_str()))
}

impl Capture {
    /// Makes the pipes; they are this process's standard output and error from now on.
    pub(crate) fn new() -> io::Result<Capture> {
        let outputs = [Output::new(0), Output::new(0)];
        let (pipes, buffer) = (process::make_pipes()?, vec![0; 64 << 10]);
        Ok(Capture { pipes, outputs, max: 0, slot_dir: PathBuf::new(), fault: None, buffer })
    }

    /// Where files go and how large they may become.
    pub(crate) fn set_up(&mut self, slot_dir: &Path, max: u64) -> io::Result<()> {
        self.slot_dir = slot_dir.to_owned();
        self.max = max;
        self.outputs = [Output::new(max), Output::new(max)];
        std::fs::create_dir_all(slot_dir.join("logs"))
    }

    /// For waiting.
    pub(crate) fn descriptors(&self) -> [BorrowedFd<'_>; 2] {
        self.pipes.each_ref().map(AsFd::as_fd)
    }

    /// Reads what is in both pipes now.
    pub(crate) fn read_all(&mut self, key: JobKey) {
        self.read(0, key);
        self.read(1, key);
    }

    /// Reads what is in one pipe now.
    pub(crate) fn read(&mut self, which: usize, key: JobKey) {
        for _ in 0..READS_MAX {
            let n = match self.pipes[which].read(&mut self.buffer) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let path = log_path(&self.slot_dir, key, LogStream::ALL[which]);
            let pushed = self.outputs[which].push(&self.buffer[..n], &path);
            self.note(pushed);
            if n < self.buffer.len() {
                return;
            }
        }
    }

    /// From now on the output of this payload can be read in its files while it grows.
    pub(crate) fn spill(&mut self, key: JobKey) {
        for (which, stream) in LogStream::ALL.into_iter().enumerate() {
            let spilled = self.outputs[which].spill(&log_path(&self.slot_dir, key, stream));
            self.note(spilled);
        }
    }

    /// Both outputs of a payload that has ended, and words when some of it was lost.
    pub(crate) fn finish(&mut self, key: JobKey) -> ([Captured; 2], Option<String>) {
        self.read_all(key);
        let outputs = [0, 1].map(|which| {
            let finished = std::mem::replace(&mut self.outputs[which], Output::new(self.max)).finish();
            finished.unwrap_or_else(|error| {
                self.note(Err(error));
                Captured::Inline(Vec::new())
            })
        });
        let fault = self.fault.take();
        (outputs, fault.map(|error| format!("output was lost on the node: {error}")))
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.fault.get_or_insert(error);
        }
    }
}
