//! A directory with a factory in it, and an end for all its pilots.

use crate::server::FakeServer;
use factory::{Config, Cycler, PilotLaunch, PilotProgram};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wire::tls::Trust;

pub const DEADLINE: Duration = Duration::from_secs(20);

/// Runs until a file named `go` is beside it, then ends with the code in it. Not for ever: a test may be killed.
pub const WAITS: &str = "echo \"$PILOTAGE_PILOT $*\"\nwhile [ ! -s go ]; do [ -d \"$PWD\" ] && [ $((i += 1)) -lt 3000 ] || exit 99; sleep 0.05; done\nexit $(cat go)\n";

pub struct Site {
    pub dir: tempfile::TempDir,
    pub server: FakeServer,
    pub wrapper: String,
}

impl Site {
    pub fn new(wrapper: &str) -> Site {
        let dir = tempfile::tempdir().unwrap();
        Site { dir, server: FakeServer::with_queue("q"), wrapper: wrapper.to_owned() }
    }

    pub fn text(&self, slots: u32, cycle_s: f64, more: &str) -> String {
        format!(
            "[factory]\nname = \"f1\"\ndir = {:?}\ncycle_s = {cycle_s}\nquiet_s = 0.0\n\
             [batch.here]\nsystem = \"local\"\nslots = {slots}\ngrace_s = 0.2\n\
             [label.l]\nqueue = \"q\"\nbatch = \"here\"\n{more}",
            self.dir.path().display().to_string(),
        )
    }

    pub fn config(&self, slots: u32, cycle_s: f64, more: &str) -> Config {
        Config::parse(&self.text(slots, cycle_s, more), Path::new("factory.toml")).unwrap()
    }

    pub fn launch(&self) -> PilotLaunch {
        PilotLaunch {
            wrapper: self.wrapper.clone(),
            program: PilotProgram::Path { path: "/opt/pilotage".into(), arguments: vec!["pilot".into()] },
            servers: vec!["http://127.0.0.1:1".into()],
            trust: Trust::System,
        }
    }

    /// A factory as after a start.
    pub fn cycler(&self, slots: u32) -> Cycler {
        self.cycler_with(slots, "")
    }

    /// The same with more lines of configuration, of the label first.
    pub fn cycler_with(&self, slots: u32, more: &str) -> Cycler {
        let server = Arc::new(self.server.clone());
        Cycler::new(self.config(slots, 30.0, more), server, self.launch()).unwrap()
    }

    pub fn folder(&self, pilot: i64) -> PathBuf {
        self.dir.path().join("batch/here/f1").join(pilot.to_string())
    }

    /// The leader of a pilot's process group, at whichever end point.
    pub fn leader(&self, pilot: i64) -> Option<i32> {
        leader_in(&self.folder(pilot))
    }

    pub fn folders(&self) -> usize {
        fs::read_dir(self.dir.path().join("batch/here/f1")).map_or(0, |entries| entries.count())
    }

    pub fn go(&self, pilot: i64, code: i32) {
        fs::write(self.folder(pilot).join("go"), code.to_string()).unwrap();
    }
}

fn leader_in(folder: &Path) -> Option<i32> {
    let text = fs::read_to_string(folder.join("process")).ok()?;
    text.lines().nth(1)?.split(' ').next()?.parse().ok()
}

impl Drop for Site {
    fn drop(&mut self) {
        let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let factories = entries(&self.dir.path().join("batch")).map(|batch| batch.join("f1"));
        for folder in factories.flat_map(|factory| entries(&factory).collect::<Vec<_>>()) {
            if let Some(leader) = leader_in(&folder) {
                kill_group(leader);
            }
        }
    }
}

pub fn kill_group(leader: i32) {
    let _ = std::process::Command::new("kill").args(["-s", "KILL", "--", &format!("-{leader}")]).output();
}

/// Runs cycles until something holds.
pub async fn cycle_until(cycler: &mut Cycler, what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    loop {
        cycler.cycle().await;
        if holds() {
            return;
        }
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < until, "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
