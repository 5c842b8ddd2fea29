//! A runner process and the connection to it.

use super::PilotError;
use super::event::{Event, Sender};
use crate::RUNNER_COMMAND;
use crate::frame::{FrameBuffer, FromRunner, ToRunner};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::net::UnixStream;

/// The pilot's end.
pub(super) struct Link {
    child: Child,
    stream: Arc<UnixStream>,
    unsent: Vec<u8>,
    blocked: bool,
    slot: usize,
    events: Sender,
    reader: tokio::task::JoinHandle<()>,
}

impl Link {
    /// Starts a runner for `slot`; `generation` tells it from an earlier one of the same slot.
    pub(super) fn start(slot: usize, generation: u32, events: &Sender) -> Result<Link, PilotError> {
        let fault = |error| PilotError::system("start a runner", error);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(fault)?;
        ours.set_nonblocking(true).map_err(fault)?;
        let mut command = Command::new(own_program());
        command.arg0("pilotage").arg(RUNNER_COMMAND).stdin(Stdio::from(OwnedFd::from(theirs)));
        let child = command.spawn().map_err(fault)?;
        let stream = Arc::new(UnixStream::from_std(ours).map_err(fault)?);
        let reader = tokio::spawn(read_frames(Arc::clone(&stream), slot, generation, events.clone()));
        Ok(Link { child, stream, unsent: Vec::new(), blocked: false, slot, events: events.clone(), reader })
    }

    /// The runner's process id.
    pub(super) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap_or_default()
    }

    /// Queues a message; [`Link::flush`] sends it.
    pub(super) fn queue(&mut self, message: &ToRunner) {
        message.encode(&mut self.unsent);
    }

    /// Sends what was queued, as far as the runner takes it.
    pub(super) fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.unsent.len() && !self.blocked {
            match self.stream.try_write(&self.unsent[sent..]) {
                Ok(n) => sent += n,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait_writable(),
                // The reader notices the end of the runner.
                Err(_) => sent = self.unsent.len(),
            }
        }
        self.unsent.drain(..sent);
    }

    fn wait_writable(&mut self) {
        self.blocked = true;
        let (stream, events, slot) = (Arc::clone(&self.stream), self.events.clone(), self.slot);
        tokio::spawn(async move {
            let _ = stream.writable().await;
            let _ = events.send(Event::Writable(slot)).await;
        });
    }

    /// The runner takes bytes again.
    pub(super) fn unblock(&mut self) {
        self.blocked = false;
        self.flush();
    }

    /// Hangs up; the runner ends what it has and removes its directory. Waits for that, and kills it at last.
    pub(super) async fn close(mut self, patience: std::time::Duration) {
        self.reader.abort();
        let _ = self.reader.await;
        drop(self.stream);
        let begin = std::time::Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if begin.elapsed() < patience => {}
                Ok(None) => {
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    return;
                }
                _ => return,
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Its process is gone: takes note of that.
    pub(super) fn bury(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn read_frames(stream: Arc<UnixStream>, slot: usize, generation: u32, events: Sender) {
    let mut input = FrameBuffer::default();
    let mut buffer = vec![0; 64 << 10];
    loop {
        if stream.readable().await.is_err() {
            break;
        }
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => input.push(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(_) => break,
        }
        let Ok(messages) = cut(&mut input) else { break };
        if !messages.is_empty() && events.send(Event::Runner(slot, messages)).await.is_err() {
            return;
        }
    }
    let _ = events.send(Event::RunnerGone(slot, generation)).await;
}

fn cut(input: &mut FrameBuffer) -> Result<Vec<FromRunner>, crate::frame::BadFrame> {
    let mut messages = Vec::new();
    while let Some(body) = input.next_body()? {
        messages.push(FromRunner::decode(body)?);
    }
    Ok(messages)
}

/// The file of this program; by its name where `/proc` is not mounted.
fn own_program() -> PathBuf {
    if std::path::Path::new("/proc/self/exe").exists() {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::args_os().next().map(PathBuf::from).unwrap_or_default()
}
