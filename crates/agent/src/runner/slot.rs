//! The runner's loop.

use super::control::Control;
use super::output::Output;
use super::payload::Payload;
use super::program::{Program, StartError};
use super::scratch::{self, Scratch};
use crate::frame::{Captured, Ended, FromRunner, JobKey, JobOrder, Setup, ToRunner};
use model::{ErrorClass, SubmissionId, Time};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::pipe::PipeFlags;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use wire::api::{LogStream, Usage};

/// A payload that ends within this time costs one wait; its pipes are looked at only afterwards.
const QUICK: Duration = Duration::from_millis(2);
/// What is left of the payload's time to end when the pilot has gone.
const ORPHANED_GRACE: Duration = Duration::from_secs(1);
/// The longest wait without anything to do.
const IDLE: Duration = Duration::from_secs(3600);

/// One slot: the connection, the pipes that every payload writes to, the payload.
pub(crate) struct Slot {
    control: Control,
    children: UnixStream,
    pipes: [File; 2],
    outputs: [Output; 2],
    output_fault: Option<String>,
    setup: Setup,
    scratch: Option<Scratch>,
    programs: HashMap<SubmissionId, Program>,
    waiting: VecDeque<JobOrder>,
    payload: Option<Payload>,
    quick_until: Instant,
    held: bool,
}

impl Slot {
    /// Turns this process into a runner: its standard input is the connection to the pilot; standard output and
    /// error become the pipes that payloads inherit.
    pub(crate) fn take_over() -> io::Result<Slot> {
        let connection = rustix::io::fcntl_dupfd_cloexec(io::stdin(), 3)?;
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        let stdout = pipe_into(rustix::stdio::dup2_stdout)?;
        let stderr = pipe_into(rustix::stdio::dup2_stderr)?;
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        // Fails only for the leader of a process group, which the pilot does not make of us.
        let _ = rustix::process::setsid();
        let children = watch_children()?;
        stay_alive()?;
        Ok(Slot {
            control: Control::new(connection)?,
            children,
            pipes: [stdout, stderr],
            outputs: [Output::new(0), Output::new(0)],
            output_fault: None,
            setup: Setup::default(),
            scratch: None,
            programs: HashMap::new(),
            waiting: VecDeque::new(),
            payload: None,
            quick_until: Instant::now(),
            held: false,
        })
    }

    /// Works until the pilot has gone, then removes everything.
    pub(crate) fn run(&mut self) {
        while !self.control.closed {
            self.start_next();
            self.flush();
            self.wait();
            self.control_messages();
            self.advance();
        }
        self.end_orphaned();
        self.remove_directories();
    }

    fn flush(&mut self) {
        let busy = self.payload.is_some() && !self.waiting.is_empty();
        if self.control.has_unsent() && (!busy || self.control.is_due(Instant::now())) {
            self.control.flush();
        }
    }

    /// Waits for the pilot, for children and, beyond the first moments of a payload, for its output.
    fn wait(&mut self) {
        let now = Instant::now();
        let quick = self.payload.is_some() && now < self.quick_until;
        let mut until = self.payload.as_ref().map_or(now + IDLE, Payload::wake_at);
        if quick {
            until = until.min(self.quick_until);
        }
        let mut control = PollFlags::IN;
        if self.control.has_unsent() && !quick {
            control |= PollFlags::OUT;
        }
        let control_fd = self.control.descriptor();
        let mut all = [
            PollFd::from_borrowed_fd(control_fd, control),
            PollFd::from_borrowed_fd(self.children.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.pipes[0].as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.pipes[1].as_fd(), PollFlags::IN),
        ];
        let watched = if quick || self.payload.is_none() { &mut all[..2] } else { &mut all[..] };
        let timeout = Timespec::try_from(until.saturating_duration_since(now)).ok();
        // An interrupted wait is as good as an ended one: everything is looked at anyway.
        let _ = rustix::event::poll(watched, timeout.as_ref());
        let ready = all.each_ref().map(|fd| !fd.revents().is_empty());
        if ready[0] {
            self.control.fill();
        }
        self.forget_signals();
        for (which, ready) in [(0, ready[2]), (1, ready[3])] {
            if ready {
                self.read_pipe(which);
            }
        }
    }

    fn forget_signals(&mut self) {
        let mut buffer = [0; 64];
        while matches!(self.children.read(&mut buffer), Ok(n) if n == buffer.len()) {}
    }

    fn control_messages(&mut self) {
        loop {
            match self.control.next_message() {
                Ok(Some(message)) => self.obey(message),
                Ok(None) => return,
                Err(error) => {
                    self.control.send(&FromRunner::Broken(format!("failed to {error}")));
                    self.control.flush();
                    self.control.closed = true;
                    return;
                }
            }
        }
    }

    fn obey(&mut self, message: ToRunner) {
        match message {
            ToRunner::Setup(setup) => self.set_up(*setup),
            ToRunner::Spec(submission, spec) => {
                let program = Program::new(*spec, &self.setup, &self.work_dir());
                self.programs.insert(submission, program);
            }
            ToRunner::Forget(submission) => drop(self.programs.remove(&submission)),
            ToRunner::Job(order) => self.waiting.push_back(order),
            ToRunner::Kill(key, class, words) => self.kill(key, class, words),
            ToRunner::Follow(key) => self.follow(key),
            ToRunner::Recall => {
                for order in std::mem::take(&mut self.waiting) {
                    self.control.send(&FromRunner::Returned(order.key));
                }
            }
            ToRunner::Release => {
                self.held = false;
                self.clean_scratch();
                self.control.send(&FromRunner::Clean);
            }
        }
    }

    fn work_dir(&self) -> PathBuf {
        self.setup.slot_dir.join("work")
    }

    fn log_path(&self, key: JobKey, stream: LogStream) -> PathBuf {
        log_path(&self.setup.slot_dir, key, stream)
    }

    fn set_up(&mut self, setup: Setup) {
        self.outputs = [Output::new(setup.output_max), Output::new(setup.output_max)];
        self.setup = setup;
        bind_to(&self.setup.cpus);
        let made =
            std::fs::create_dir_all(self.setup.slot_dir.join("logs")).and_then(|()| Scratch::make(self.work_dir()));
        match made {
            Ok(scratch) => self.scratch = Some(scratch),
            Err(error) => self.broken(&error),
        }
    }

    fn broken(&mut self, error: &io::Error) {
        let words = format!("the scratch directory {} cannot be used: {error}", self.work_dir().display());
        self.scratch = None;
        self.control.send(&FromRunner::Broken(words));
    }

    fn clean_scratch(&mut self) {
        if let Some(Err(error)) = self.scratch.as_mut().map(Scratch::clean) {
            self.broken(&error);
        }
    }

    fn kill(&mut self, key: JobKey, class: ErrorClass, words: String) {
        if let Some(payload) = self.payload.as_mut().filter(|payload| payload.order.key == key) {
            return payload.end(class, words, Instant::now());
        }
        if let Some(at) = self.waiting.iter().position(|order| order.key == key) {
            self.waiting.remove(at);
            self.never_started(key, StartError { class, exit_code: None, words });
        }
    }

    fn follow(&mut self, key: JobKey) {
        if self.payload.as_ref().is_none_or(|payload| payload.order.key != key) {
            return;
        }
        for (which, stream) in STREAMS {
            let path = self.log_path(key, stream);
            let spilled = self.outputs[which].spill(&path);
            self.note_output_fault(spilled);
        }
        self.control.send(&FromRunner::Following(key));
    }

    fn start_next(&mut self) {
        while self.payload.is_none() && !self.held && !self.control.is_full() {
            let Some(order) = self.waiting.pop_front() else { return };
            self.start(order);
        }
    }

    fn start(&mut self, order: JobOrder) {
        let started = now();
        self.held = order.hold;
        match self.launch(&order) {
            Ok((child, program)) => {
                self.quick_until = Instant::now() + QUICK;
                let payload = Payload::new(child, order, program.spec(), &self.setup, started);
                self.programs.insert(order.submission, program);
                self.payload = Some(payload);
            }
            Err(error) => {
                self.never_started(order.key, error);
                if !self.held {
                    self.clean_scratch();
                }
            }
        }
    }

    fn launch(&mut self, order: &JobOrder) -> Result<(std::process::Child, Program), StartError> {
        let fault = |words: &str| StartError { class: ErrorClass::Internal, exit_code: None, words: words.to_owned() };
        let Some(scratch) = &self.scratch else {
            return Err(StartError {
                class: ErrorClass::Node,
                exit_code: None,
                words: "there is no scratch directory".into(),
            });
        };
        let mut program =
            self.programs.remove(&order.submission).ok_or_else(|| fault("the job's record is missing"))?;
        for pipe in [rustix::stdio::stdout(), rustix::stdio::stderr()] {
            // A payload may have made the shared end non-blocking, which would surprise the next one.
            let _ = rustix::fs::fcntl_setfl(pipe, OFlags::empty());
        }
        match program.start(order, scratch.path()) {
            Ok(child) => Ok((child, program)),
            Err(error) => {
                self.programs.insert(order.submission, program);
                Err(error)
            }
        }
    }

    fn never_started(&mut self, key: JobKey, error: StartError) {
        let time = now();
        self.control.send(&FromRunner::Ended(Box::new(Ended {
            key,
            started: time,
            ended: time,
            exit_code: error.exit_code,
            signal: None,
            class: Some(error.class),
            message: error.words,
            usage: Usage::default(),
            wall_us: 0,
            stdout: Captured::Inline(Vec::new()),
            stderr: Captured::Inline(Vec::new()),
        })));
    }

    fn advance(&mut self) {
        let now = Instant::now();
        let work_dir = self.work_dir();
        let Some(payload) = &mut self.payload else { return };
        if payload.announce(now) {
            self.control.send(&FromRunner::Started(payload.order.key, payload.started));
        }
        if payload.advance(now, &work_dir) {
            self.finish();
        }
    }

    /// Collects the rest of the output, reports, makes the scratch directory ready for the next payload.
    fn finish(&mut self) {
        self.read_pipe(0);
        self.read_pipe(1);
        let Some(payload) = self.payload.take() else { return };
        let (key, started) = (payload.order.key, payload.started);
        let mut outcome = payload.outcome(Instant::now());
        let [stdout, stderr] = [0, 1].map(|which| self.take_output(which));
        if let Some(words) = self.output_fault.take() {
            outcome.message = format!("{}; {words}", outcome.message).trim_start_matches("; ").to_owned();
        }
        if !self.held {
            self.clean_scratch();
        }
        self.control.send(&FromRunner::Ended(Box::new(Ended {
            key,
            started,
            ended: now(),
            exit_code: outcome.exit_code,
            signal: outcome.signal,
            class: outcome.class,
            message: outcome.message,
            usage: outcome.usage,
            wall_us: u64::try_from(outcome.wall.as_micros()).unwrap_or(u64::MAX),
            stdout,
            stderr,
        })));
    }

    fn take_output(&mut self, which: usize) -> Captured {
        let taken = self.outputs[which].finish();
        self.outputs[which] = Output::new(self.setup.output_max);
        taken.unwrap_or_else(|error| {
            self.note_output_fault(Err(error));
            Captured::Inline(Vec::new())
        })
    }

    /// Reads what is in a pipe now, but not for ever from a payload that writes without end.
    fn read_pipe(&mut self, which: usize) {
        let Some(key) = self.payload.as_ref().map(|payload| payload.order.key) else { return };
        let mut buffer = [0; 64 << 10];
        for _ in 0..32 {
            let n = match self.pipes[which].read(&mut buffer) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let path = self.log_path(key, STREAMS[which].1);
            let pushed = self.outputs[which].push(&buffer[..n], &path);
            self.note_output_fault(pushed);
            if n < buffer.len() {
                return;
            }
        }
    }

    fn note_output_fault(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.output_fault.get_or_insert_with(|| format!("output was lost on the node: {error}"));
        }
    }

    fn end_orphaned(&mut self) {
        let work_dir = self.work_dir();
        if let Some(payload) = &mut self.payload {
            payload.end_within(ORPHANED_GRACE, Instant::now());
        }
        while let Some(payload) = &mut self.payload {
            if payload.advance(Instant::now(), &work_dir) {
                self.payload = None;
                return;
            }
            self.quick_until = Instant::now();
            self.control.closed = true;
            self.wait_for_children();
        }
    }

    fn wait_for_children(&mut self) {
        let mut fds = [PollFd::from_borrowed_fd(self.children.as_fd(), PollFlags::IN)];
        let _ = rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 10_000_000 }));
        self.forget_signals();
        // A payload that is blocked on a full pipe must be able to end.
        self.read_pipe(0);
        self.read_pipe(1);
    }

    fn remove_directories(&mut self) {
        if self.setup.slot_dir.as_os_str().is_empty() {
            return;
        }
        let _ = std::env::set_current_dir("/");
        let _ = scratch::remove_tree(&self.setup.slot_dir);
        let others = std::fs::read_dir(&self.setup.root).map(|dir| {
            dir.flatten().any(|entry| entry.file_name().as_encoded_bytes().starts_with(SLOT_PREFIX.as_bytes()))
        });
        if matches!(others, Ok(false)) {
            let _ = scratch::remove_tree(&self.setup.root);
        }
    }
}

/// What the directories of slots begin with.
pub(crate) const SLOT_PREFIX: &str = "slot-";

const STREAMS: [(usize, LogStream); 2] = [(0, LogStream::Stdout), (1, LogStream::Stderr)];

/// The log file of an attempt, if it has one.
pub(crate) fn log_path(slot_dir: &std::path::Path, key: JobKey, stream: LogStream) -> PathBuf {
    slot_dir.join("logs").join(format!("{}.{}.{}", key.job, key.attempt, stream.as_str()))
}

fn now() -> Time {
    jiff::Timestamp::now().into()
}

/// A pipe whose writing end becomes one of the standard descriptors; returns its reading end.
fn pipe_into(place: impl FnOnce(OwnedFd) -> rustix::io::Result<()>) -> io::Result<File> {
    let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    rustix::fs::fcntl_setfl(&read, OFlags::NONBLOCK)?;
    place(write)?;
    Ok(File::from(read))
}

/// Becomes readable when a child has ended.
fn watch_children() -> io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    read.set_nonblocking(true)?;
    write.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(SIGCHLD, write)?;
    Ok(read)
}

/// Batch systems signal every process of a job; payloads and pilot are to notice, not we.
fn stay_alive() -> io::Result<()> {
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

fn bind_to(cpus: &[usize]) {
    if cpus.is_empty() {
        return;
    }
    let mut set = rustix::thread::CpuSet::new();
    cpus.iter().for_each(|cpu| set.set(*cpu));
    // A node that does not allow it runs the job without it.
    let _ = rustix::thread::sched_setaffinity(None, &set);
}
