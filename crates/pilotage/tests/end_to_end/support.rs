//! A `pilotage up` of one test, which ends with the test and must leave nothing behind.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for anything that must happen.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pilotage");

/// A directory with everything one test writes; its name marks all processes of the test.
pub struct Place {
    root: TempDir,
    /// Who runs `up` here, when it is not the user of the tests.
    user: Option<String>,
}

/// A running `pilotage up`.
pub struct Up {
    pub place: Place,
    child: Child,
    _out: BufReader<ChildStdout>,
    pub url: String,
    is_stopped: bool,
}

impl Place {
    pub fn new() -> Place {
        let root = tempfile::Builder::new().prefix("pilotage-test-").tempdir().unwrap();
        for name in ["scratch", "state"] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        Place { root, user: None }
    }

    /// For `up` as another user, who gets a copy of the program: the one under test may lie where only root may look.
    pub fn of_user(user: &str) -> Place {
        let mut place = Place::new();
        fs::copy(PROGRAM, place.path("pilotage")).unwrap();
        let owned = std::process::Command::new("chown").args(["-R", user]).arg(place.root.path()).status().unwrap();
        assert!(owned.success());
        place.user = Some(user.to_owned());
        place
    }

    /// Who runs `up` here, when it is not the user of the tests.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The program as the one who runs it here.
    pub fn program(&self) -> std::process::Command {
        let Some(user) = &self.user else { return std::process::Command::new(PROGRAM) };
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg(self.path("pilotage"));
        command
    }

    /// A name of this test's own, for factories: they share an account and batch systems with those of other tests.
    pub fn name(&self) -> String {
        self.root.path().file_name().unwrap().to_str().unwrap().replace('.', "")
    }

    /// A path of this test's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file of this test's own.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The server's directory.
    pub fn dir(&self) -> PathBuf {
        self.path("server")
    }

    /// The program with the environment of this test and no server named.
    pub fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).envs(self.environment()).timeout(DEADLINE);
        for name in ["PILOTAGE_URL", "PILOTAGE_TOKEN", "PILOTAGE_DIR", "PILOTAGE_TRUST", "PILOTAGE_DATABASE"] {
            command.env_remove(name);
        }
        command
    }

    /// The program as a client of this test's server.
    pub fn client(&self, args: &[&str]) -> Command {
        let mut command = self.bare(args);
        command.env("PILOTAGE_DIR", self.dir());
        command
    }

    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        [("TMPDIR", self.path("scratch")), ("XDG_STATE_HOME", self.path("state")), ("XDG_DATA_HOME", self.path("data"))]
    }

    /// Processes that carry the name of this test's directory in their command line or environment, or work in it.
    pub fn processes(&self) -> Vec<(i32, String)> {
        let mark = self.root.path().to_str().unwrap().to_owned();
        let own = std::process::id() as i32;
        let numbers =
            fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| *pid != own).filter_map(|pid| mentions(pid, &mark).map(|line| (pid, line))).collect()
    }

    /// What lies in the directory of scratch directories.
    pub fn scratch(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("scratch")).unwrap().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Nothing of the test may be left once its server has ended.
    pub fn assert_empty(&self) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let (processes, scratch) = (self.processes(), self.scratch());
            if processes.is_empty() && scratch.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left over: processes {processes:?}, scratch {scratch:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Place {
    /// After a failed test too: ends what the test started, and only that.
    fn drop(&mut self) {
        for (pid, _) in self.processes() {
            kill(pid, "KILL");
        }
    }
}

fn mentions(pid: i32, mark: &str) -> Option<String> {
    let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
    let environment = String::from_utf8_lossy(&read("environ")).into_owned();
    let works_in = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default().display().to_string();
    let is_zombie = read("cmdline").is_empty();
    let found = [line.as_str(), environment.as_str(), works_in.as_str()].iter().any(|text| text.contains(mark));
    (found && !is_zombie).then_some(line)
}

/// Sends a signal by its name.
pub fn kill(pid: i32, signal: &str) {
    let _ = std::process::Command::new("kill").args(["-s", signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

impl Up {
    /// Two slots, no further options.
    pub fn start() -> Up {
        Up::with(&["--slots", "2"])
    }

    /// With these options beside directory and address.
    pub fn with(args: &[&str]) -> Up {
        Up::in_place(Place::new(), "127.0.0.1:0", args)
    }

    /// In a directory that may have been used before.
    pub fn in_place(place: Place, listen: &str, args: &[&str]) -> Up {
        let mut command = place.program();
        command.args(["up", "--listen", listen, "--dir"]).arg(place.dir()).args(args);
        command.envs(place.environment()).stdin(Stdio::null()).stdout(Stdio::piped());
        for name in ["PILOTAGE_URL", "PILOTAGE_TOKEN", "PILOTAGE_DIR", "PILOTAGE_TRUST", "PILOTAGE_DATABASE"] {
            command.env_remove(name);
        }
        command.stderr(fs::OpenOptions::new().create(true).append(true).open(place.path("up.log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let url = line.strip_prefix("ready ").map(|url| url.trim_end().to_owned());
        let url = url.unwrap_or_else(|| panic!("no ready line: {line:?}; log: {}", place.log()));
        Up { place, child, _out: out, url, is_stopped: false }
    }

    /// The program as a client of this server.
    pub fn client(&self, args: &[&str]) -> Command {
        self.place.client(args)
    }

    /// Standard output of a client command that must succeed.
    pub fn out(&self, args: &[&str]) -> String {
        let output = self.client(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?} ended with {}: {said}{}", output.status, self.place.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.out(args);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    }

    /// Submits one command; its id.
    pub fn submit(&self, args: &[&str]) -> i64 {
        let answer = self.json(&[&["submit", "--json"], args].concat());
        answer["jobs"][0]["id"].as_i64().unwrap_or_else(|| panic!("{answer}"))
    }

    /// Waits; must end with this exit code.
    pub fn wait(&self, ids: &str, code: i32) {
        let seconds = DEADLINE.as_secs().to_string();
        let output = self.client(&["wait", "--timeout", &seconds, ids]).timeout(DEADLINE * 2).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "wait {ids}: {said}{}", self.place.log());
    }

    /// Everything about one job.
    pub fn job(&self, id: i64) -> Value {
        self.json(&["job", "--json", &id.to_string()])
    }

    /// Kills the process without any warning; its pilots live on.
    pub fn crash(mut self) -> Place {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.is_stopped = true;
        std::mem::replace(&mut self.place, Place::new())
    }

    /// Ends it as a person would, and looks that nothing is left.
    pub fn stop(self) -> Place {
        self.stop_by("TERM")
    }

    /// The same by another signal.
    pub fn stop_by(mut self, signal: &str) -> Place {
        self.end_by(signal);
        self.place.assert_empty();
        std::mem::replace(&mut self.place, Place::new())
    }

    /// Waits until it ends by itself, well; and looks that nothing is left.
    pub fn ends(mut self) -> Place {
        self.wait_for_end();
        self.place.assert_empty();
        std::mem::replace(&mut self.place, Place::new())
    }

    fn end_by(&mut self, signal: &str) {
        kill(self.child.id() as i32, signal);
        self.wait_for_end();
    }

    fn wait_for_end(&mut self) {
        self.is_stopped = true;
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "up ended with {status}: {}", self.place.log());
                return;
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                panic!("up did not end: {}", self.place.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        if self.is_stopped {
            return;
        }
        if std::thread::panicking() {
            // The test has failed already; only clean up.
            let _ = self.child.kill();
            let _ = self.child.wait();
            return;
        }
        self.end_by("TERM");
        self.place.assert_empty();
    }
}

impl Place {
    /// What the server said, for messages.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("up.log")).unwrap_or_default()
    }
}

/// Looks again and again until something is there.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A port that was free a moment ago, for servers that must come back at the same address.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits for a file to appear.
pub fn wait_for_file(path: &Path) {
    eventually(&format!("{} appearing", path.display()), || path.exists().then_some(()));
}

/// Another role of the program, such as a server of its own, which ends with the test.
pub struct Role {
    child: Child,
    _out: Option<BufReader<ChildStdout>>,
}

impl Role {
    /// Starts it; with `ready` waits for its `ready` line.
    pub fn start(place: &Place, args: &[&str], ready: bool) -> Role {
        Role::spawn(place, args, &[], ready)
    }

    /// With further variables, which what it starts inherits.
    pub fn start_with(place: &Place, args: &[&str], variables: &[(&str, &str)]) -> Role {
        Role::spawn(place, args, variables, false)
    }

    fn spawn(place: &Place, args: &[&str], variables: &[(&str, &str)], ready: bool) -> Role {
        let mut command = std::process::Command::new(PROGRAM);
        command
            .args(args)
            .envs(place.environment())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command.env_remove("PILOTAGE_URL").env_remove("PILOTAGE_DIR").env_remove("PILOTAGE_TOKEN");
        command.stderr(fs::OpenOptions::new().create(true).append(true).open(place.path("up.log")).unwrap());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        if ready {
            out.read_line(&mut line).unwrap();
            assert!(line.starts_with("ready "), "{args:?}: {line:?}: {}", place.log());
        }
        Role { child, _out: Some(out) }
    }

    /// Ends it without any warning.
    pub fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Has it read its configuration again.
    pub fn hang_up(&self) {
        kill(self.child.id() as i32, "HUP");
    }

    /// Waits until it ends by itself; its exit code.
    pub fn ended(mut self) -> Option<i32> {
        eventually("the end of a role", || self.child.try_wait().unwrap()).code()
    }

    /// Ends it by TERM; it must end well.
    pub fn stop(self) {
        self.end_by("TERM");
    }

    /// Ends it by a signal; it must end well.
    pub fn end_by(mut self, signal: &str) {
        kill(self.child.id() as i32, signal);
        let status = eventually("the end of a role", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }
}
