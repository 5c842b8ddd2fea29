//! The connection to the pilot: never blocks the runner.

use crate::frame::{BadFrame, FrameBuffer, FromRunner, ToRunner};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Unsent answers above which no further job is started.
const UNSENT_MAX: usize = 1 << 20;
/// Answers that are sent in one write while more jobs are at hand.
const BATCH: u32 = 8;
/// The longest an answer waits for others.
const BATCH_WAIT: Duration = Duration::from_millis(5);

/// Frames in, frames out.
pub(crate) struct Control {
    stream: UnixStream,
    input: FrameBuffer,
    buffer: Vec<u8>,
    unsent: Vec<u8>,
    frames: u32,
    oldest: Option<Instant>,
    /// The pilot has gone.
    pub(crate) closed: bool,
}

impl Control {
    /// Over the descriptor that was the process's standard input.
    pub(crate) fn new(descriptor: OwnedFd) -> io::Result<Control> {
        let stream = UnixStream::from(descriptor);
        stream.set_nonblocking(true)?;
        let (input, buffer, unsent) = (FrameBuffer::default(), vec![0; 64 << 10], Vec::new());
        Ok(Control { stream, input, buffer, unsent, frames: 0, oldest: None, closed: false })
    }

    /// For waiting.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Reads what there is.
    pub(crate) fn fill(&mut self) {
        loop {
            match self.stream.read(&mut self.buffer) {
                Ok(0) => self.closed = true,
                Ok(n) => {
                    self.input.push(&self.buffer[..n]);
                    if n == self.buffer.len() {
                        continue;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => self.closed = true,
            }
            return;
        }
    }

    /// The next message.
    pub(crate) fn next_message(&mut self) -> Result<Option<ToRunner>, BadFrame> {
        self.input.next_body()?.map(ToRunner::decode).transpose()
    }

    /// Queues an answer.
    pub(crate) fn send(&mut self, message: &FromRunner) {
        message.encode(&mut self.unsent);
        self.frames += 1;
        self.oldest.get_or_insert_with(Instant::now);
    }

    /// Whether queued answers should go now although more jobs are at hand.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.frames >= BATCH || self.oldest.is_some_and(|oldest| now >= oldest + BATCH_WAIT)
    }

    /// Whether something is queued.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Whether the pilot does not read fast enough.
    pub(crate) fn is_full(&self) -> bool {
        self.unsent.len() > UNSENT_MAX
    }

    /// Writes as much as the pilot takes.
    pub(crate) fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.unsent.len() {
            match self.stream.write(&self.unsent[sent..]) {
                Ok(n) => sent += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.closed = true;
                    sent = self.unsent.len();
                }
            }
        }
        self.unsent.drain(..sent);
        if self.unsent.is_empty() {
            self.frames = 0;
            self.oldest = None;
        }
    }
}
