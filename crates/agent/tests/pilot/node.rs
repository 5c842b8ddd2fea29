//! A pilot process and its surroundings.

use crate::server::Server;
use model::{PilotId, Time};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wire::PilotSecret;
use wire::tls::Trust;

const DEADLINE: Duration = Duration::from_secs(30);
const PROGRAM: &str = env!("CARGO_BIN_EXE_pilotage-pilot");

pub(crate) struct TestPilot {
    child: Child,
    dir: tempfile::TempDir,
    ended: bool,
}

fn write_secret(path: &Path, server: &Server, secret: &str) {
    let urls = vec![format!("http://{}", server.address)];
    let content = PilotSecret { pilot: PilotId(7), secret: secret.into(), urls, trust: Trust::System };
    content.write(path).unwrap();
}

fn spawn(dir: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.arg("--secret-file").arg(dir.join("7.json")).arg("--scratch").arg(dir.join("scratch"));
    command.args(["--grace-s", "0.5"].iter().filter(|_| !arguments.contains(&"--grace-s"))).args(arguments);
    command.stdin(Stdio::null()).spawn().unwrap()
}

impl TestPilot {
    pub(crate) fn start(server: &Server, arguments: &[&str]) -> TestPilot {
        let dir = tempfile::tempdir().unwrap();
        write_secret(&dir.path().join("7.json"), server, "the-secret");
        TestPilot { child: spawn(dir.path(), arguments), dir, ended: false }
    }

    /// As after a requeue: the same secret, another process.
    pub(crate) fn again(self, server: &Server, arguments: &[&str]) -> TestPilot {
        assert!(self.ended && self.scratch_is_empty());
        let next = tempfile::tempdir().unwrap();
        write_secret(&next.path().join("7.json"), server, "the-secret");
        std::fs::rename(self.dir.path().join("7.spool"), next.path().join("7.spool")).unwrap();
        TestPilot { child: spawn(next.path(), arguments), dir: next, ended: false }
    }

    pub(crate) fn exit_code(&mut self) -> i32 {
        let mut code = None;
        wait_until("the pilot's end", || {
            code = self.child.try_wait().unwrap().map(|status| status.code().unwrap_or(-1));
            code.is_some()
        });
        self.ended = true;
        code.unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        send_signal(&self.child.id().to_string(), name);
    }

    pub(crate) fn spool(&self) -> Option<String> {
        std::fs::read_to_string(self.dir.path().join("7.spool/reports")).ok()
    }

    fn scratch(&self) -> PathBuf {
        self.dir.path().join("scratch")
    }

    pub(crate) fn scratch_is_empty(&self) -> bool {
        std::fs::read_dir(self.scratch()).is_ok_and(|mut dir| dir.next().is_none())
    }

    pub(crate) fn assert_nothing_left(&self) {
        assert!(self.scratch_is_empty(), "{} is not empty", self.scratch().display());
    }
}

impl Drop for TestPilot {
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
            wait_until("the runners' end", || self.scratch_is_empty());
        }
    }
}

pub(crate) fn run_to_end(server: &Server, arguments: &[&str]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    write_secret(&dir.path().join("secret"), server, "the-secret");
    write_secret(&dir.path().join("wrong"), server, "another");
    let in_dir = |argument: &&str| match argument.strip_prefix('@') {
        Some(name) => dir.path().join(name).into_os_string(),
        None => argument.into(),
    };
    let output = Command::new(PROGRAM).args(arguments.iter().map(in_dir)).output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

pub(crate) fn send_signal(pid: &str, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), pid]).status().unwrap();
    assert!(sent.success());
}

pub(crate) fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A file that nobody else can open for a while: opening it waits, as on a file system that hangs.
pub(crate) struct HeldFile {
    holder: Child,
}

/// Takes a lease on the file named by its argument and gives it back when its input ends.
const HOLDER: &str = "import fcntl, signal, sys
signal.signal(signal.SIGIO, lambda *_: None)
file = open(sys.argv[1], 'r+b')
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
sys.stdin.read()
";

impl HeldFile {
    pub(crate) fn hold(path: &Path) -> HeldFile {
        let mut command = Command::new("python3");
        command.args(["-c", HOLDER]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().unwrap();
        let mut said = [0; 5];
        holder.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
        HeldFile { holder }
    }

    /// Lets everybody open it; the time just before that.
    pub(crate) fn free(mut self) -> Time {
        let time = jiff::Timestamp::now().into();
        drop(self.holder.stdin.take());
        assert!(self.holder.wait().unwrap().success());
        time
    }
}
