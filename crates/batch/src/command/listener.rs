//! Hearing what a program says, while it is told what it waits for.

use super::{OUTPUT_MAX, kill_group, short};
use crate::BatchError;
use crate::ssh::script;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::sync::Notify;

/// Bytes of an output that are watched for words that change what to wait for.
const WATCHED_MAX: usize = 16 << 10;

/// What was read of a command, also when it did not come to its end.
#[derive(Default)]
pub struct Said {
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: Vec<u8>,
    went: AtomicBool,
}

impl Said {
    /// Cuts a remote answer to what the command itself said; gives the command's exit code, if its end was heard.
    pub fn cut_to_marks(&mut self) -> Option<i32> {
        let (code, out, err) = script::answer(&self.out, &self.err);
        (self.out, self.err) = (out, err);
        code
    }

    /// Whether it was told to go: if not, nothing was done.
    pub fn has_gone(&self) -> bool {
        self.went.load(Ordering::Relaxed)
    }

    /// The beginning of standard error as one line.
    pub fn words(&self) -> String {
        short(&String::from_utf8_lossy(script::after_mark(&self.err)))
    }
}

/// Who talks with a program.
pub struct Listener {
    /// Its name, for errors.
    pub program: String,
    /// Whether it need not be waited for after what it has said on standard error.
    pub hopeless: fn(&str) -> bool,
    /// What it gets on standard input.
    pub input: Input,
}

/// What a program gets on standard input.
pub enum Input {
    /// Nothing.
    None,
    /// A text. It may end without having read all of that.
    Text(Vec<u8>),
    /// A script of [`script`], and the word to go. Then the input stays open as long as somebody waits.
    Script(Vec<u8>),
}

impl Input {
    /// Whether the program need not be given a pipe.
    pub fn is_none(&self) -> bool {
        matches!(self, Input::None)
    }

    /// Tells it to a program, and never ends.
    async fn tell(&self, pipe: Option<ChildStdin>, ready: &Notify, went: &AtomicBool) -> Infallible {
        // A program that does not read says itself what is wrong.
        match (self, pipe) {
            (Input::Text(text), Some(mut pipe)) => drop(pipe.write_all(text).await),
            (Input::Script(script), Some(mut pipe)) => {
                let _ = pipe.write_all(script).await;
                ready.notified().await;
                // Before it is sent: from now on nobody knows.
                went.store(true, Ordering::Relaxed);
                let _ = pipe.write_all(script::GO).await;
                return std::future::pending().await;
            }
            _ => {}
        }
        std::future::pending().await
    }
}

impl Listener {
    /// The exit code of a remote command, once its `ssh` has ended with another or with an error.
    pub fn judge(
        &self,
        ssh: Result<i32, BatchError>,
        command: Option<i32>,
        said: &Said,
        host: &str,
    ) -> Result<i32, BatchError> {
        let (host, words) = (host.to_owned(), said.words());
        match (ssh, command) {
            (Err(error @ BatchError::Unreachable { .. }), _) => Err(error),
            (ssh, _) if !said.has_gone() => Err(BatchError::Unreachable { host, said: no_shell(ssh.err(), words) }),
            (Ok(_), Some(code)) => Ok(script::exit_code(code)),
            // We have killed it ourselves.
            (Ok(ssh), None) if ssh < 0 && (self.hopeless)(&String::from_utf8_lossy(&said.err)) => Ok(-1),
            (Ok(_), None) => Err(BatchError::Cut { program: self.program.clone(), host, said: words }),
            (Err(error), _) => Err(error),
        }
    }

    /// Reads both outputs to their ends; gives the exit code, -1 after a signal.
    pub async fn listen(&self, child: &mut Child, said: &mut Said) -> Result<i32, BatchError> {
        let group = child.id();
        let (pipe, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let Said { out: heard_out, err: heard_err, went } = said;
        let ready = Notify::new();
        let watch_out = |out: &[u8]| {
            if !went.load(Ordering::Relaxed) && script::is_ready(&out[..out.len().min(WATCHED_MAX)]) {
                ready.notify_one();
            }
        };
        let watch_err = |err: &[u8]| {
            if err.len() <= WATCHED_MAX && (self.hopeless)(&String::from_utf8_lossy(err)) {
                kill_group(group);
            }
        };
        let both = async {
            tokio::try_join!(
                read(out, &self.program, heard_out, watch_out),
                read(err, &self.program, heard_err, watch_err)
            )
        };
        tokio::select! {
            both = both => both?,
            none = self.input.tell(pipe, &ready, went) => match none {},
        };
        let ended = child.wait().await;
        let status = ended.map_err(|source| BatchError::Start { program: self.program.clone(), source })?;
        Ok(status.code().unwrap_or(-1))
    }
}

/// Why nothing came of a session.
fn no_shell(error: Option<BatchError>, words: String) -> String {
    match error {
        Some(BatchError::TimeOut { limit_s, .. }) => format!("no shell within {limit_s} s"),
        Some(error) => error.to_string(),
        None if words.is_empty() => "its shell ended".to_owned(),
        None => words,
    }
}

async fn read(
    pipe: Option<impl AsyncRead + Unpin>,
    program: &str,
    into: &mut Vec<u8>,
    heard: impl Fn(&[u8]),
) -> Result<(), BatchError> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let failed = |source| BatchError::Start { program: program.to_owned(), source };
    while pipe.read_buf(into).await.map_err(failed)? > 0 {
        if into.len() > OUTPUT_MAX {
            return Err(BatchError::TooLong { program: program.to_owned(), limit: OUTPUT_MAX });
        }
        heard(into);
    }
    Ok(())
}
