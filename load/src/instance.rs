//! The program under measurement: started as a user starts it, in a temporary directory, and ended for certain.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wire::{Client, ClientConfig};

const PATIENCE: Duration = Duration::from_secs(60);

/// A started `pilotage up` or `pilotage server`.
pub struct Instance {
    /// Its address.
    pub url: String,
    /// Time from start to serving.
    pub start: Duration,
    child: Child,
    dir: PathBuf,
}

/// The program itself: `PILOTAGE_BIN`, or the one built beside this harness.
pub fn program() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("PILOTAGE_BIN") {
        return Ok(path.into());
    }
    let own = std::env::current_exe()?;
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("pilotage")).find(|path| path.is_file());
    beside.context("no pilotage beside the harness; build it or set PILOTAGE_BIN")
}

/// The program with a clean environment for `dir`.
pub fn command(dir: &Path) -> Result<Command> {
    let mut command = Command::new(program()?);
    for variable in ["PILOTAGE_URL", "PILOTAGE_TOKEN", "PILOTAGE_DATABASE", "RUST_LOG"] {
        command.env_remove(variable);
    }
    command.env("PILOTAGE_DIR", dir).env("XDG_STATE_HOME", dir).env("XDG_DATA_HOME", dir).env("XDG_CONFIG_HOME", dir);
    Ok(command)
}

impl Instance {
    /// Starts `pilotage up` with `slots` local slots.
    pub fn up(dir: &Path, slots: u32) -> Result<Instance> {
        Instance::start(dir, &["up", "--slots", &slots.to_string()])
    }

    /// Starts `pilotage server`, on `database` when one is given.
    pub fn server(dir: &Path, database: Option<&str>) -> Result<Instance> {
        let arguments: Vec<&str> = database.iter().flat_map(|url| ["--database", url]).collect();
        Instance::server_with(dir, &arguments)
    }

    /// Starts `pilotage server` with these arguments.
    pub fn server_with(dir: &Path, arguments: &[&str]) -> Result<Instance> {
        Instance::start(dir, &[&["server"], arguments].concat())
    }

    fn start(dir: &Path, arguments: &[&str]) -> Result<Instance> {
        let begin = Instant::now();
        let log = std::fs::File::options().create(true).append(true).open(dir.join("stderr.log"))?;
        let mut child = command(dir)?
            .args(arguments)
            .arg("--dir")
            .arg(dir)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start pilotage")?;
        match ready_url(&mut child, dir) {
            Ok(url) => Ok(Instance { url, start: begin.elapsed(), child, dir: dir.to_owned() }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error)
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client with the administrator's token.
    pub fn client(&self) -> Result<Client> {
        let mut config = ClientConfig::new([self.url.clone()], Some(self.token()?));
        config.timeout = PATIENCE;
        Client::new(config).context("cannot make a client")
    }

    /// The administrator's token.
    pub fn token(&self) -> Result<String> {
        let path = self.dir.join("admin.token");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim().to_owned())
    }

    /// Ends it at once, as a crash would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end and waits for it.
    pub fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself already.
            let _gone = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                self.child.kill()?;
                self.child.wait()?;
                bail!("pilotage did not end within {} s of TERM", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let (Ok(None), Err(error)) = (self.child.try_wait(), self.end()) {
            eprintln!("error: {error:#}");
        }
    }
}

/// Reads standard output up to `ready URL`; what comes later is read away by a thread of its own.
fn ready_url(child: &mut Child, dir: &Path) -> Result<String> {
    let output = child.stdout.take().context("no standard output")?;
    let mut lines = BufReader::new(output).lines();
    let mut seen = String::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some(url) = line.trim().strip_prefix("ready ") {
            let url = url.to_owned();
            std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
            return Ok(url);
        }
        seen.push_str(&line);
    }
    let log = std::fs::read_to_string(dir.join("stderr.log")).unwrap_or_default();
    bail!("pilotage ended before it was ready: {seen}{log}")
}
