//! The runner's loop.

use super::capture::Capture;
use super::control::Control;
use super::payload::Payload;
use super::process;
use super::program::{Program, StartError};
use super::scratch::{self, Scratch};
use crate::frame::{Captured, Ended, FromRunner, JobKey, JobOrder, Setup, Share, ToRunner};
use model::{ErrorClass, SubmissionId, Time};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use wire::api::Usage;

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
    capture: Capture,
    setup: Setup,
    share: Share,
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
        let control = Control::new(process::take_connection()?)?;
        let capture = Capture::new()?;
        let children = process::adopt()?;
        process::stay_alive()?;
        Ok(Slot {
            control,
            children,
            capture,
            setup: Setup::default(),
            share: Share::default(),
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
        let [stdout, stderr] = self.capture.descriptors();
        let mut all = [
            PollFd::from_borrowed_fd(self.control.descriptor(), control),
            PollFd::from_borrowed_fd(self.children.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(stdout, PollFlags::IN),
            PollFd::from_borrowed_fd(stderr, PollFlags::IN),
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
        let Some(key) = self.payload.as_ref().map(|payload| payload.order.key) else { return };
        for which in [0, 1].into_iter().filter(|which| ready[2 + which]) {
            self.capture.read(which, key);
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
            ToRunner::Share(share) => {
                process::bind_to(&share.cpus);
                self.share = *share;
            }
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

    fn set_up(&mut self, setup: Setup) {
        self.setup = setup;
        let made = self.capture.set_up(&self.setup.slot_dir, self.setup.output_max);
        let made = made.and_then(|()| Scratch::make(self.work_dir()));
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
        self.capture.spill(key);
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
                let payload = Payload::new(child, order, program.spec(), &self.setup, &self.share, started);
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
        process::reset_pipes();
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
        let Some(payload) = self.payload.take() else { return };
        let (key, started) = (payload.order.key, payload.started);
        let mut outcome = payload.outcome(Instant::now());
        let ([stdout, stderr], fault) = self.capture.finish(key);
        if let Some(words) = fault {
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
        if let Some(key) = self.payload.as_ref().map(|payload| payload.order.key) {
            self.capture.read_all(key);
        }
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

fn now() -> Time {
    jiff::Timestamp::now().into()
}
