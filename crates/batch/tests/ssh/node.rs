//! A login node, and the directories on both sides of it.

use crate::gate::Gate;
use batch::ssh::SshConfig;
use batch::{BatchSystem, Needs, PilotStatus, SubmitRequest};
use model::{PilotEvent, PilotId};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const DEADLINE: Duration = Duration::from_secs(90);

pub struct Node {
    pub dir: tempfile::TempDir,
    pub gate: Gate,
    pub factory: String,
}

impl Node {
    /// The one of the test services.
    pub async fn new(test: &str) -> Node {
        let port = fs::read_to_string(service().join("port")).unwrap().trim().parse().unwrap();
        Node::behind(Gate::to(port).await, test)
    }

    /// One whose `sshd` is the test's own, to be stopped and killed.
    pub async fn with_own_sshd(test: &str) -> Node {
        Node::behind(Gate::to_sshd(service()).await, test)
    }

    fn behind(gate: Gate, test: &str) -> Node {
        let dir = tempfile::Builder::new().prefix("pilotage-ssh-").tempdir_in("/tmp").unwrap();
        // Another account makes its own directory in it.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
        fs::create_dir(dir.path().join("shared")).unwrap();
        fs::set_permissions(dir.path().join("shared"), fs::Permissions::from_mode(0o777)).unwrap();
        fs::create_dir(dir.path().join("here")).unwrap();
        let node = Node { dir, gate, factory: format!("t{}.{test}", std::process::id()) };
        node.trust("host");
        node
    }

    /// Trusts this key of the service alone.
    pub fn trust(&self, key: &str) {
        let public = fs::read_to_string(service().join(format!("{key}.pub"))).unwrap();
        let words: Vec<&str> = public.split(' ').take(2).collect();
        let line = format!("[127.0.0.1]:{} {}\n", self.gate.port, words.join(" "));
        fs::write(self.dir.path().join("here/known_hosts"), line).unwrap();
    }

    pub fn ssh(&self, user: &str) -> SshConfig {
        SshConfig {
            host: "127.0.0.1".into(),
            user: user.into(),
            port: self.gate.port,
            identity: service().join("id"),
            known_hosts: PathBuf::new(),
            config: PathBuf::new(),
            dir: self.dir.path().join("here"),
            connect_timeout_s: 10.0,
        }
    }

    /// A directory of this factory's, on this side or on the other.
    pub fn path(&self, side: &str, name: &str) -> PathBuf {
        self.dir.path().join(side).join(&self.factory).join(name)
    }

    pub fn there(&self) -> PathBuf {
        self.dir.path().join("shared/there")
    }

    /// The process that holds the connection; `None` when there is none.
    pub fn master(&self) -> Option<i32> {
        let said = self.control("check");
        said.split_once("pid=")?.1.split(')').next()?.parse().ok()
    }

    fn control(&self, word: &str) -> String {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", "none", "-o", "ControlPath=master", "-O", word, "127.0.0.1"]).stdin(Stdio::null());
        let output = ssh.current_dir(self.dir.path().join("here")).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.control("exit");
    }
}

/// The folder of the login node among the test services.
fn service() -> PathBuf {
    PathBuf::from(variable("PILOTAGE_TEST_SSH"))
}

/// Who the tests are.
pub fn me() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn variable(name: &str) -> String {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.unwrap_or_else(|| panic!("{name} is not set; run the tests by 'cargo xtask test'"))
}

pub fn request(first: i64, count: usize, wrapper: &str) -> SubmitRequest {
    SubmitRequest {
        label: "there".into(),
        first: PilotId(first),
        wrapper: wrapper.into(),
        arguments: vec!["a 'word'".into()],
        environment: vec![("PILOTAGE_SLOTS".into(), "2".into())],
        secrets: (0..count).map(|index| format!("it's secret {index}\n").into_bytes()).collect(),
        needs: Needs { cores: 1, ..Needs::default() },
        ..SubmitRequest::default()
    }
}

pub async fn wait_for_event(system: &dyn BatchSystem, pilot: i64, event: PilotEvent) -> PilotStatus {
    let until = Instant::now() + DEADLINE;
    loop {
        let status = system.status().await.unwrap();
        assert!(status.complete);
        match status.pilots.into_iter().find(|shown| shown.pilot == PilotId(pilot)) {
            Some(shown) if shown.event == Some(event) => return shown,
            other => assert!(Instant::now() < until, "still {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
