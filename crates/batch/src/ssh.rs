//! A login node that is reached by the system's OpenSSH over one connection, which all commands share.
//!
//! A command runs in a remote `sh` that reads everything from its standard input, so that nothing is in an argument
//! of `ssh` or of the login shell; see [`script`]. The connection belongs to a process of its own, the master; see
//! [`master`].

mod config;
mod doctor;
mod master;
pub mod script;

pub use config::SshConfig;

use crate::BatchError;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::Mutex;

/// One login node.
pub struct Login {
    config: SshConfig,
    /// Where the control socket and the host keys are.
    dir: PathBuf,
    // One master at a time; when and why the host could not be reached the last time, until it could.
    failed: Mutex<Option<(Instant, String)>>,
}

impl Login {
    /// A login node whose control socket and host keys are in `dir`, which must be there.
    pub fn new(config: SshConfig, dir: &Path) -> Login {
        Login { config, dir: dir.to_owned(), failed: Mutex::default() }
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        &self.config.host
    }

    /// A `sh` there that waits for its script on standard input. Needs [`Login::connect`] before.
    pub fn shell(&self) -> Command {
        let mut command = self.ssh();
        // When the connection is gone, or has no place for another session, `ssh` would make one of its own.
        command.args(["-o", "ControlMaster=no", "-o", "ProxyCommand=false"]);
        // Whatever shell the account has understands this.
        command.args(["--", &self.config.host, "exec /bin/sh"]).stdin(Stdio::piped());
        command
    }

    fn ssh(&self) -> Command {
        let mut command = Command::new("ssh");
        // Relative to this directory the socket's path is short; the system takes some hundred bytes at most.
        command.args(self.config.options(&self.dir)).current_dir(&self.dir);
        command
    }

    fn unreachable(&self, said: &str) -> BatchError {
        BatchError::Unreachable { host: self.config.host.clone(), said: said.to_owned() }
    }

    fn connect_timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.config.connect_timeout_s).unwrap_or(Duration::from_secs(15))
    }
}
