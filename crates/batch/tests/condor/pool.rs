//! A factory's directory in the pool of the tests, and an end for all its pilots.

use batch::condor::{Condor, CondorConfig, CondorJob};
use batch::{BatchConfig, BatchSystem, Needs, PilotStatus, Status, SubmitOutcome, SubmitRequest};
use model::{PilotEvent, PilotId};
use rustix::process::{Gid, Uid};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

pub const DEADLINE: Duration = Duration::from_secs(90);

/// Ends by its id: 1 well, 2 with 73, 3 by a signal, others when a file named `go` beside their directory says so.
pub const WRAPPER: &str = r#"#!/bin/sh
echo "$1|$PILOTAGE_SLOTS|$ODD|${HOME:-none}|$PANDA_JSID|$APFCID|$FACTORYQUEUE|$FACTORYUSER"
echo "$GTAG|$FACTORY_JOBID"
stat -c %a "$PILOTAGE_SECRET_FILE" >&2
cat "$PILOTAGE_SECRET_FILE" >&2
trap ': >"$GO.told"; exit 0' TERM
pilot=${PILOTAGE_SECRET_FILE%.json}
case $pilot in *2) mkdir "$PILOTAGE_SPOOL_DIR/$pilot.spool"; echo late >"$PILOTAGE_SPOOL_DIR/$pilot.spool/report";; esac
case $pilot in
*1) exit 0;; *2) exit 73;; *3) kill -9 $$;;
*) : >"$GO.ready.$pilot"; while [ ! -e "$GO" ]; do sleep 0.2; done;;
esac
"#;

pub struct Pool {
    pub dir: tempfile::TempDir,
    pub factory: String,
    pub condor: Condor,
}

impl Pool {
    pub fn new(test: &str) -> Pool {
        Pool::with(test, CondorConfig::default())
    }

    pub fn with(test: &str, config: CondorConfig) -> Pool {
        become_submitter();
        let dir = tempfile::Builder::new().prefix("pilotage-condor-").tempdir_in("/tmp").unwrap();
        // Names are shared by all tests of this pool, and with a dot they are the harder case.
        let factory = format!("t{}.{test}", std::process::id());
        let condor = open(dir.path(), &factory, config);
        Pool { dir, factory, condor }
    }

    /// Another factory, or the same one after a restart.
    pub fn open(&self, factory: &str, config: CondorConfig) -> Condor {
        open(self.dir.path(), factory, config)
    }

    pub fn request(&self, first: i64, count: usize) -> SubmitRequest {
        let variables = [("PILOTAGE_SLOTS", "2"), ("ODD", "a 'b' \"c\" $(d)"), ("GO", &self.path("go"))];
        SubmitRequest {
            label: "there".into(),
            first: PilotId(first),
            wrapper: WRAPPER.into(),
            arguments: vec!["a 'word'".into()],
            environment: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            secrets: (0..count).map(|index| format!("secret {index}").into_bytes()).collect(),
            needs: Needs { cores: 1, ..Needs::default() },
            log_url: "http://server/logs/me".into(),
            monitor_url: String::new(),
            condor: CondorJob::default(),
        }
    }

    pub async fn submit(&self, first: i64, count: usize) -> SubmitOutcome {
        self.submit_as(first, count, CondorJob::default()).await
    }

    pub async fn submit_as(&self, first: i64, count: usize, job: CondorJob) -> SubmitOutcome {
        let request = SubmitRequest { condor: job, ..self.request(first, count) };
        let outcome = self.condor.submit(&request).await.unwrap();
        assert_eq!((outcome.accepted.len(), outcome.refused.len()), (count, 0), "{}", outcome.reason);
        outcome
    }

    /// What a pilot could not deliver came back.
    pub fn check_spool(&self, pilot: i64) {
        let report = self.condor.logs(PilotId(pilot)).place.join(format!("{pilot}.spool/report"));
        assert_eq!(fs::read_to_string(report).unwrap(), "late\n");
    }

    /// What would be submitted.
    pub fn describe(&self, request: &SubmitRequest) -> String {
        let config = CondorConfig { dir: self.dir.path().to_owned(), ..CondorConfig::default() };
        BatchConfig::Condor(Box::new(config)).describe(&self.factory, Path::new(""), request).unwrap()
    }

    pub fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub fn submission(&self, first: i64) -> PathBuf {
        self.dir.path().join(&self.factory).join(first.to_string())
    }

    pub fn transcript(&self) -> String {
        fs::read_to_string(self.dir.path().join(&self.factory).join("transcript")).unwrap()
    }

    pub async fn wait_for(&self, pilot: i64, holds: impl Fn(&PilotStatus) -> bool) -> PilotStatus {
        wait_for(&self.condor, pilot, holds).await
    }

    pub async fn wait_for_event(&self, pilot: i64, event: PilotEvent) -> PilotStatus {
        self.wait_for(pilot, |shown| shown.event == Some(event)).await
    }

    pub async fn wait_for_file(&self, name: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.dir.path().join(name).exists() {
            assert!(Instant::now() < until, "{name} does not appear");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// One of HTCondor's own commands about one pilot of ours.
    pub fn act(&self, program: &str, words: &[&str], pilot: i64) {
        let constraint = format!("PilotageFactory =?= \"{}\" && PilotageId == {pilot}", self.factory);
        let output = call(program, &[&["-constraint", &constraint], words].concat());
        assert!(output.status.success(), "{program}: {output:?}");
    }

    /// A directory of commands: those of HTCondor, but for one that is a script. `$REAL` is the program it stands for.
    pub fn commands(&self, program: &str, script: &str) -> PathBuf {
        let dir = self.dir.path().join(format!("bin-{program}"));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).unwrap();
        for entry in fs::read_dir(bin()).unwrap().flatten() {
            std::os::unix::fs::symlink(entry.path(), dir.join(entry.file_name())).unwrap();
        }
        let path = dir.join(program);
        fs::remove_file(&path).unwrap();
        fs::write(&path, format!("#!/bin/sh\nREAL={}\n{script}\n", bin().join(program).display())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        dir
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let constraint = format!("PilotageFactory =?= \"{}\"", self.factory);
        call("condor_rm", &["-constraint", &constraint]);
    }
}

fn open(dir: &Path, factory: &str, config: CondorConfig) -> Condor {
    let bin = if config.bin.as_os_str().is_empty() { bin() } else { config.bin.clone() };
    Condor::open(CondorConfig { dir: dir.to_owned(), bin, poll_s: 0.1, ..config }, factory).unwrap()
}

/// Asks until a pilot is as it should be.
pub async fn wait_for(condor: &Condor, pilot: i64, holds: impl Fn(&PilotStatus) -> bool) -> PilotStatus {
    let until = Instant::now() + DEADLINE;
    loop {
        let status = condor.status().await.unwrap();
        assert!(status.complete);
        match status.pilots.into_iter().find(|shown| shown.pilot == PilotId(pilot)) {
            Some(shown) if holds(&shown) => return shown,
            other => assert!(Instant::now() < until, "still {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn ids(status: &Status) -> Vec<i64> {
    let mut ids: Vec<i64> = status.pilots.iter().map(|pilot| pilot.pilot.0).collect();
    ids.sort_unstable();
    ids
}

fn variable(name: &str) -> String {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.unwrap_or_else(|| panic!("{name} names no HTCondor to test with; run the tests by 'cargo xtask test'"))
}

/// HTCondor's commands.
pub fn bin() -> PathBuf {
    PathBuf::from(variable("PILOTAGE_TEST_CONDOR_BIN"))
}

/// Runs one of them.
pub fn call(program: &str, words: &[&str]) -> Output {
    variable("CONDOR_CONFIG");
    Command::new(bin().join(program)).args(words).output().unwrap()
}

/// A schedd takes no jobs of root. Only this thread changes its user, and with it all that the test starts: the test's
/// runtime has no other thread.
fn become_submitter() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let user = variable("PILOTAGE_TEST_CONDOR_USER");
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let line = accounts.lines().find(|line| line.split(':').next() == Some(user.as_str())).unwrap();
    let number = |index| line.split(':').nth(index).unwrap().parse::<u32>().unwrap();
    let (user, group) = (Uid::from_raw(number(2)), Gid::from_raw(number(3)));
    rustix::thread::set_thread_groups(&[]).unwrap();
    rustix::thread::set_thread_res_gid(group, group, group).unwrap();
    rustix::thread::set_thread_res_uid(user, user, user).unwrap();
}
