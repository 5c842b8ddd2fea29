//! `up --detach`: a second start of this program in a session of its own.

use crate::output::BadInput;
use anyhow::Context;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

/// Set for the second start only.
const MARK: &str = "PILOTAGE_DETACHED";
/// The most of the log that is shown when the start fails.
const SHOWN_MAX: u64 = 16 << 10;

/// Whether this process is the second start.
pub fn is_detached() -> bool {
    std::env::var_os(MARK).is_some()
}

/// The second start leaves the terminal and its process group.
pub fn leave_terminal() -> anyhow::Result<()> {
    if is_detached() {
        rustix::process::setsid().context("leave the terminal")?;
    }
    Ok(())
}

/// Starts the second process, waits until it serves, and prints its `ready` line.
pub fn start(dir: &Path) -> anyhow::Result<ExitCode> {
    let (log, before) = open_log(dir)?;
    let mut child = spawn(&log)?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out).read_line(&mut line).context("listen to the detached process")?;
    }
    if line.starts_with("ready ") {
        crate::output::print(&line)?;
        return Ok(ExitCode::SUCCESS);
    }
    failed(child, log, before)
}

fn open_log(dir: &Path) -> anyhow::Result<(File, u64)> {
    let logs = dir.join("logs");
    let path = logs.join("up.log");
    let opened = fs::create_dir_all(&logs)
        .and_then(|()| OpenOptions::new().read(true).append(true).create(true).open(&path))
        .and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    opened.map_err(|error| unwritable(&dir.display().to_string(), &error).into())
}

fn spawn(log: &File) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("find this program")?;
    let arguments = std::env::args_os().skip(1).filter(|word| word != "--detach");
    Command::new(&program)
        .args(arguments)
        .env(MARK, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log.try_clone().context("open the log")?)
        .spawn()
        .with_context(|| format!("start {}", program.display()))
}

/// Shows what the process said, and ends with its exit code.
fn failed(mut child: Child, mut log: File, before: u64) -> anyhow::Result<ExitCode> {
    let status = child.wait().context("wait for the detached process")?;
    let mut said = String::new();
    log.seek(SeekFrom::Start(before)).context("read the log")?;
    log.take(SHOWN_MAX).read_to_string(&mut said).context("read the log")?;
    // Nobody is left to tell when standard error is closed.
    let _ = io::stderr().write_all(said.as_bytes());
    let code = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| *code != 0);
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// The failure for a directory that cannot be used.
pub fn directory_refused(dir: &str, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(source) => unwritable(dir, source).into(),
        None => anyhow::Error::from(error),
    }
}

fn unwritable(dir: &str, error: &io::Error) -> BadInput {
    BadInput::new(format!("--dir: {dir} cannot be used: {error}")).hint("choose a directory that you may write to")
}
