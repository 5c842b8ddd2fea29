//! A runner process and the pilot's side of its connection.

use crate::frame::{Ended, FrameBuffer, FromRunner, JobKey, JobOrder, Setup, ToRunner};
use model::{JobId, JobSpec, SubmissionId};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNNER: &str = env!("CARGO_BIN_EXE_pilotage-pilot");
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct TestSlot {
    runner: Child,
    stream: Option<UnixStream>,
    buffer: FrameBuffer,
    base: tempfile::TempDir,
    jobs: i64,
    specs: i64,
}

impl TestSlot {
    pub(crate) fn start() -> TestSlot {
        TestSlot::start_with(tempfile::tempdir().unwrap(), Command::new(RUNNER))
    }

    /// In a mount namespace of its own, in which the scratch directory is on a file system mounted noexec.
    pub(crate) fn start_noexec() -> TestSlot {
        let base = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        let mount = format!("mount -t tmpfs -o noexec none {} && exec \"$@\"", base.path().display());
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &mount, "sh", RUNNER]);
        TestSlot::start_with(base, command)
    }

    /// In a mount namespace of its own, without `/proc`.
    pub(crate) fn start_without_proc() -> TestSlot {
        let mut command = Command::new("unshare");
        let mount = "mount -t tmpfs none /proc && exec \"$@\"";
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", RUNNER]);
        TestSlot::start_with(tempfile::tempdir().unwrap(), command)
    }

    fn start_with(base: tempfile::TempDir, mut command: Command) -> TestSlot {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        command.arg("runner").stdin(Stdio::from(OwnedFd::from(theirs)));
        let runner = command.spawn().unwrap();
        let mut slot =
            TestSlot { runner, stream: Some(ours), buffer: FrameBuffer::default(), base, jobs: 100, specs: 0 };
        let setup = Setup {
            root: slot.root(),
            slot_dir: slot.slot_dir(),
            queue: "test-queue".into(),
            site: "test-site".into(),
            grace_ms: 300,
            output_max: 1 << 20,
            ..Setup::default()
        };
        slot.send(&ToRunner::Setup(Box::new(setup)));
        slot
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.base.path().join("root")
    }

    fn slot_dir(&self) -> PathBuf {
        self.root().join("slot-0")
    }

    pub(crate) fn work_dir(&self) -> PathBuf {
        self.slot_dir().join("work")
    }

    pub(crate) fn log_path(&self, key: JobKey, stream: &str) -> PathBuf {
        self.slot_dir().join("logs").join(format!("{}.{}.{stream}", key.job, key.attempt))
    }

    pub(crate) fn send(&mut self, message: &ToRunner) {
        let mut bytes = Vec::new();
        message.encode(&mut bytes);
        self.stream.as_mut().unwrap().write_all(&bytes).unwrap();
    }

    pub(crate) fn receive(&mut self) -> FromRunner {
        loop {
            if let Some(body) = self.buffer.next_body().unwrap() {
                return FromRunner::decode(body).unwrap();
            }
            let mut bytes = [0; 65536];
            let n = self.stream.as_mut().unwrap().read(&mut bytes).expect("no answer of the runner in time");
            assert!(n > 0, "the runner has gone");
            self.buffer.push(&bytes[..n]);
        }
    }

    pub(crate) fn spec(&mut self, spec: JobSpec) -> SubmissionId {
        self.specs += 1;
        self.send(&ToRunner::Spec(SubmissionId(self.specs), Box::new(spec)));
        SubmissionId(self.specs)
    }

    fn order(&mut self, submission: SubmissionId, index: u64, hold: bool) -> JobKey {
        self.jobs += 1;
        let key = JobKey { job: JobId(self.jobs), attempt: 1 };
        self.send(&ToRunner::Job(JobOrder { key, index, submission, hold }));
        key
    }

    pub(crate) fn job(&mut self, submission: SubmissionId, index: u64) -> JobKey {
        self.order(submission, index, false)
    }

    pub(crate) fn held_job(&mut self, submission: SubmissionId) -> JobKey {
        self.order(submission, 0, true)
    }

    pub(crate) fn ended(&mut self) -> Ended {
        loop {
            match self.receive() {
                FromRunner::Ended(ended) => return *ended,
                FromRunner::Broken(words) => panic!("{words}"),
                _ => {}
            }
        }
    }

    pub(crate) fn wait_started(&mut self, wanted: JobKey) {
        loop {
            match self.receive() {
                FromRunner::Started(key, _) if key == wanted => return,
                FromRunner::Ended(ended) => panic!("{ended:?}"),
                _ => {}
            }
        }
    }

    /// As if the pilot had been killed; waits for the runner's end.
    pub(crate) fn hang_up(&mut self) {
        self.stream = None;
        wait_until("the runner's end", || self.runner.try_wait().unwrap().is_some());
    }
}

impl Drop for TestSlot {
    fn drop(&mut self) {
        self.stream = None;
        let _ = self.runner.wait();
    }
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
