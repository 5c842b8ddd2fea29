//! The process that holds the connection. It outlives a factory by two minutes, and the next one finds it.

use super::Login;
use super::config::SOCKET;
use super::script::GO_MAX;
use crate::BatchError;
use std::fs::{self, File};
use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Seconds that the connection stays without a command; longer than the usual time between two polls.
const IDLE_S: u32 = 120;
/// How long a master may take to say that it is there: it is a process of this machine.
const CHECK_MAX: Duration = Duration::from_secs(5);
/// How long a login node is left alone that could not be reached: sites lock accounts out that fail too often.
const PAUSE: Duration = Duration::from_secs(10);
/// Held while a master is started.
const LOCK: &str = "master.lock";
/// Between two looks at a lock that another process holds.
const LOCK_PAUSE: Duration = Duration::from_millis(50);
/// Name of the file with what a starting master says.
const SAID: &str = "master.said";

impl Login {
    /// Makes sure that there is a connection. An error means that nothing was done on the other side.
    pub async fn connect(&self) -> Result<(), BatchError> {
        let mut failed = self.failed.lock().await;
        if let Some((_, said)) = failed.as_ref().filter(|(when, _)| when.elapsed() < PAUSE) {
            return Err(self.unreachable(said));
        }
        *failed = None;
        if self.is_there().await {
            return Ok(());
        }
        let started = self.start_alone().await;
        *failed = started.as_ref().err().map(|said| (Instant::now(), said.clone()));
        started.map_err(|said| self.unreachable(&said))
    }

    /// Starts a master unless another process of this factory does: a second one beside it would never end.
    async fn start_alone(&self) -> Result<(), String> {
        let path = self.dir.join(LOCK);
        let lock = File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let limit = Instant::now() + self.start_max();
        while lock.try_lock().is_err() {
            if Instant::now() >= limit {
                return Err(format!("another process holds {}", path.display()));
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        }
        if self.is_there().await {
            return Ok(());
        }
        // One that was killed leaves its socket, and one that hangs is not waited for.
        let _ = fs::remove_file(self.dir.join(SOCKET));
        self.start().await
    }

    /// How long it takes at most until a command is told to go, and heeds it.
    pub fn latest_go(&self) -> Duration {
        (CHECK_MAX + self.start_max()) * 2 + GO_MAX
    }

    /// The answer of a host, and then some for the keys of a slow one.
    fn start_max(&self) -> Duration {
        self.connect_timeout() * 2
    }

    /// Learns from what came of a command, as a connection may be there and lead nowhere.
    pub async fn learn<T>(&self, result: &Result<T, BatchError>) {
        match result {
            Err(BatchError::Unreachable { said, .. }) => {
                self.failed.lock().await.get_or_insert_with(|| (Instant::now(), said.clone()));
            }
            _ => *self.failed.lock().await = None,
        }
    }

    /// Whether a master answers on the socket.
    pub async fn is_there(&self) -> bool {
        if !self.dir.join(SOCKET).exists() {
            return false;
        }
        let mut check = self.ssh();
        check.args(["-O", "check", "--", &self.config.host]);
        check.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(CHECK_MAX, check.status()).await;
        matches!(ended, Ok(Ok(status)) if status.success())
    }

    /// Starts a master, which goes to the background when the other side has let it in; the error is what it said.
    async fn start(&self) -> Result<(), String> {
        let path = self.dir.join(SAID);
        // Not a pipe: older ones keep it open in the background.
        let said = File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let mut master = self.ssh();
        master.args(["-o", "ControlMaster=yes", "-o", &format!("ControlPersist={IDLE_S}"), "-N", "-f"]);
        master.args(["--", &self.config.host]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let mut child = master.process_group(0).kill_on_drop(true).spawn().map_err(|error| start_trouble(&error))?;
        let limit = self.start_max();
        match tokio::time::timeout(limit, child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self.explained(&fs::read_to_string(&path).unwrap_or_default(), status.code())),
            Ok(Err(error)) => Err(start_trouble(&error)),
            Err(_) => {
                crate::command::kill_group(child.id());
                Err(format!("no connection within {} s", limit.as_secs()))
            }
        }
    }

    /// The last lines, where the reason stands, and what to do about a host key.
    fn explained(&self, said: &str, code: Option<i32>) -> String {
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines[lines.len().saturating_sub(2)..].join("; ");
        if said.contains("Host key verification failed") || said.contains("host key is known") {
            let file = self.config.known_hosts(&self.dir);
            let differs = said.contains("IDENTIFICATION HAS CHANGED");
            let what = if differs { "its host key is another than that" } else { "its host key is not" };
            return format!("{what} in {}", file.display());
        }
        match (last.is_empty(), code) {
            (false, _) => last,
            (true, Some(code)) => format!("ssh ended with exit code {code}"),
            (true, None) => "ssh was killed".to_owned(),
        }
    }
}

fn start_trouble(error: &io::Error) -> String {
    format!("cannot run ssh: {error}")
}
