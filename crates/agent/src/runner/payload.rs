//! One running payload: its limits, its end, what it used.

use super::tree::{self, Children};
use crate::frame::{JobOrder, Setup, Share, is_batch_end};
use crate::runner::scratch;
use model::{ErrorClass, JobSpec, Time};
use rustix::process::Signal;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};
use wait4::{ResUse, Wait4};
use wire::api::Usage;

/// Shorter payloads are not reported as started and not sampled.
const SHORT: Duration = Duration::from_millis(100);
/// Between two looks at the process tree of a young payload.
const SAMPLE_YOUNG: Duration = Duration::from_millis(100);
/// Between two looks at the process tree.
const SAMPLE: Duration = Duration::from_millis(500);
/// Until this age a payload is young.
const YOUNG: Duration = Duration::from_secs(3);
/// Between two looks at the scratch directory.
const SCRATCH_SAMPLE: Duration = Duration::from_secs(5);
/// How long processes left behind get to end after TERM.
const LEFT_BEHIND_GRACE: Duration = Duration::from_secs(2);
/// Between two rounds of KILL.
const KILL_ROUND: Duration = Duration::from_millis(20);
/// A batch system that ends a pilot signals all its processes, the payload's perhaps first. What ended the payload from
/// outside is told so much later: by then the pilot has gone too, or has said that it is evicted.
const TOLD_LATER: Duration = Duration::from_secs(1);
/// The kernel counts pages in steps for each processor; two of its numbers for one memory differ by less than this.
const COUNTED_IN_STEPS_KIB: u64 = 2048;

/// What a payload may not exceed; 0 and none mean no bound.
struct Limits {
    wall: Option<Duration>,
    memory_kib: u64,
    scratch_bytes: u64,
    grace: Duration,
}

/// Why and until when a payload is being ended.
struct Ending {
    /// None when only processes left behind are swept.
    reason: Option<(ErrorClass, String)>,
    /// When TERM turns into KILL, then when KILL is sent again.
    kill_at: Instant,
    killing: bool,
}

/// How it went.
pub(crate) struct Outcome {
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) class: Option<ErrorClass>,
    pub(crate) message: String,
    pub(crate) usage: Usage,
    pub(crate) wall: Duration,
}

/// A payload that was started.
pub(crate) struct Payload {
    /// What was asked for.
    pub(crate) order: JobOrder,
    /// When it started.
    pub(crate) started: Time,
    child: Child,
    begin: Instant,
    limits: Limits,
    ended: Option<(ResUse, Instant)>,
    /// When the end by somebody else's signal may be told.
    told_at: Option<Instant>,
    /// No process of it is left.
    is_gone: bool,
    ending: Option<Ending>,
    announced: bool,
    tick_at: Instant,
    scratch_at: Instant,
    orphans: tree::Reaped,
    peak_kib: u64,
    left_behind: bool,
}

impl Payload {
    /// Takes charge of a child that has just been started.
    pub(crate) fn new(
        child: Child,
        order: JobOrder,
        spec: &JobSpec,
        setup: &Setup,
        share: &Share,
        started: Time,
    ) -> Payload {
        let begin = Instant::now();
        let memory_mib = if spec.memory_mib > 0 { spec.memory_mib } else { share.memory_mib };
        let limits = Limits {
            wall: (spec.wall_time_s > 0).then(|| Duration::from_secs(spec.wall_time_s.into())),
            memory_kib: u64::from(memory_mib) * 1024,
            scratch_bytes: setup.scratch_max,
            grace: Duration::from_millis(setup.grace_ms),
        };
        Payload {
            order,
            started,
            child,
            begin,
            limits,
            ended: None,
            told_at: None,
            is_gone: false,
            ending: None,
            announced: false,
            tick_at: begin + SHORT,
            scratch_at: begin + SCRATCH_SAMPLE,
            orphans: tree::Reaped::default(),
            peak_kib: 0,
            left_behind: false,
        }
    }

    /// When [`Payload::advance`] must be called even if nothing happens.
    pub(crate) fn wake_at(&self) -> Instant {
        if let Some(at) = self.told_at.filter(|_| self.is_gone) {
            return at;
        }
        let wall = self.limits.wall.filter(|_| self.ending.is_none()).map(|wall| self.begin + wall);
        let kill = self.ending.as_ref().map(|ending| ending.kill_at);
        [wall, kill].into_iter().flatten().fold(self.tick_at, Instant::min)
    }

    /// Whether it is old enough to be reported as started; true once.
    pub(crate) fn announce(&mut self, now: Instant) -> bool {
        let due = !self.announced && self.ended.is_none() && now >= self.begin + SHORT;
        self.announced |= due;
        due
    }

    /// Begins to end it: TERM to all, KILL after the grace time. A second reason changes nothing.
    pub(crate) fn end(&mut self, class: ErrorClass, words: String, now: Instant) {
        let is_told = self.told_at.take().is_none() && self.ended.is_some();
        if is_told || self.ending.as_ref().is_some_and(|ending| ending.reason.is_some()) {
            return;
        }
        self.terminate(Some((class, words)), self.limits.grace, now);
    }

    /// As [`Payload::end`], with a grace time of its own and also while it is being ended already.
    pub(crate) fn end_within(&mut self, grace: Duration, now: Instant) {
        match &mut self.ending {
            Some(ending) => ending.kill_at = ending.kill_at.min(now + grace),
            None => self.terminate(Some((ErrorClass::Lost, "the pilot has gone".to_owned())), grace, now),
        }
    }

    fn terminate(&mut self, reason: Option<(ErrorClass, String)>, grace: Duration, now: Instant) {
        let all = self.processes();
        tree::signal_these(&all, Signal::TERM);
        // A stopped process takes no TERM.
        tree::signal_these(&all, Signal::CONT);
        self.ending = Some(Ending { reason, kill_at: now + grace, killing: false });
    }

    /// Looks what has happened, does what is due; true when no process of it is left.
    pub(crate) fn advance(&mut self, now: Instant, scratch: &Path) -> bool {
        self.is_gone = self.is_gone || self.is_over(now);
        if self.is_gone {
            return self.told_at.is_none_or(|at| now >= at);
        }
        self.check_wall(now);
        if now >= self.tick_at {
            self.tick(now, scratch);
        }
        self.kill_if_due(now);
        false
    }

    fn is_over(&mut self, now: Instant) -> bool {
        if self.ended.is_none() {
            match self.child.try_wait4() {
                Ok(Some(ended)) => {
                    let status = ended.status;
                    let from_outside = self.ending.is_none() && is_batch_end(status.code(), status.signal());
                    self.told_at = from_outside.then(|| now + TOLD_LATER);
                    self.ended = Some((ended, now));
                }
                _ => return false,
            }
        }
        loop {
            match tree::children() {
                Children::None => return true,
                Children::Ended => self.reap_all(),
                Children::Alive => break,
            }
        }
        if self.ending.is_none() {
            self.left_behind = true;
            self.terminate(None, self.limits.grace.min(LEFT_BEHIND_GRACE), now);
        }
        false
    }

    fn reap(&mut self) -> u32 {
        let keep = self.ended.is_none().then(|| self.child.id());
        let reaped = tree::reap_orphans(keep);
        self.orphans.count += reaped.count;
        self.orphans.cpu += reaped.cpu;
        reaped.count
    }

    /// After the end of the first process: what `/proc` does not name is reaped all the same.
    fn reap_all(&mut self) {
        if self.reap() == 0 {
            self.orphans.count += tree::reap_unnamed();
        }
    }

    fn check_wall(&mut self, now: Instant) {
        if let Some(wall) = self.limits.wall.filter(|wall| now >= self.begin + *wall) {
            let words = format!("ran longer than the {} s it asked for", wall.as_secs());
            self.end(ErrorClass::WallTime, words, now);
        }
    }

    fn tick(&mut self, now: Instant, scratch: &Path) {
        self.tick_at = now + if now < self.begin + YOUNG { SAMPLE_YOUNG } else { SAMPLE };
        self.reap();
        self.check_memory(now);
        self.check_scratch(now, scratch);
    }

    fn check_memory(&mut self, now: Instant) {
        let all = tree::descendants();
        let mut kib = tree::resident_kib(&all);
        let limit = self.limits.memory_kib;
        if limit > 0 && kib > limit {
            kib = tree::proportional_kib(&all);
        }
        self.peak_kib = self.peak_kib.max(kib);
        if limit > 0 && kib > limit {
            let words = format!("used {} MiB of memory, {} MiB are allowed", kib / 1024, limit / 1024);
            self.end(ErrorClass::Memory, words, now);
        }
    }

    fn check_scratch(&mut self, now: Instant, path: &Path) {
        let limit = self.limits.scratch_bytes;
        if limit == 0 || now < self.scratch_at {
            return;
        }
        let begin = Instant::now();
        let bytes = scratch::disk_use(path);
        self.scratch_at = now + SCRATCH_SAMPLE.max(begin.elapsed() * 20);
        if bytes > limit {
            let words = format!("its scratch directory took {} MiB, {} MiB are allowed", bytes >> 20, limit >> 20);
            self.end(ErrorClass::Disk, words, now);
        }
    }

    /// The whole tree; at least the first process, whose group may outlive it, where `/proc` shows nothing.
    fn processes(&self) -> Vec<i32> {
        let mut all = tree::descendants();
        if all.is_empty() {
            all.extend(i32::try_from(self.child.id()));
        }
        all
    }

    fn kill_if_due(&mut self, now: Instant) {
        let Some(ending) = self.ending.as_mut().filter(|ending| now >= ending.kill_at) else { return };
        ending.killing = true;
        ending.kill_at = now + KILL_ROUND;
        tree::signal_these(&self.processes(), Signal::KILL);
    }

    /// Its result, once [`Payload::advance`] said that it is over.
    pub(crate) fn outcome(self, now: Instant) -> Outcome {
        let (result, ended) = match &self.ended {
            Some((result, ended)) => (Some(*result), *ended),
            None => (None, now),
        };
        let status = result.map(|result| result.status);
        let (exit_code, signal) = (status.and_then(|s| s.code()), status.and_then(|s| s.signal()));
        let wall = ended.saturating_duration_since(self.begin);
        let cpu = result.map_or(Duration::ZERO, |r| r.rusage.utime + r.rusage.stime) + self.orphans.cpu;
        let told_kib = result.map_or(0, |r| r.rusage.maxrss / 1024);
        let max_rss_kib = self.peak_kib.max(payload_kib(told_kib, tree::own_peak_kib()));
        let usage = Usage { wall_ms: millis(wall), cpu_ms: millis(cpu), max_rss_kib };
        let (class, message) = self.verdict(exit_code, signal);
        Outcome { exit_code, signal, class, message, usage, wall }
    }

    fn verdict(self, exit_code: Option<i32>, signal: Option<i32>) -> (Option<ErrorClass>, String) {
        let killed = self.ending.as_ref().is_some_and(|ending| ending.killing);
        if let Some((class, mut words)) = self.ending.and_then(|ending| ending.reason) {
            if killed {
                words.push_str("; it did not end by itself and was killed");
            }
            return (Some(class), words);
        }
        let left = if self.left_behind { "processes that it left behind were ended" } else { "" };
        match (exit_code, signal) {
            (Some(0), _) => (None, left.to_owned()),
            (Some(code), _) => (Some(ErrorClass::Payload), join(format!("exited with code {code}"), left)),
            (_, Some(signal)) => (Some(ErrorClass::Payload), join(signal_words(signal), left)),
            _ => (Some(ErrorClass::Internal), "its end could not be seen".to_owned()),
        }
    }
}

/// The kernel's peak of a payload, 0 when it tells nothing: a payload shares the runner's memory until its program is
/// loaded, and the kernel counts that too, so that anything not above the runner's own peak may be the runner's.
fn payload_kib(told_kib: u64, runner_kib: u64) -> u64 {
    if told_kib > runner_kib + COUNTED_IN_STEPS_KIB { told_kib } else { 0 }
}

fn join(words: String, more: &str) -> String {
    if more.is_empty() { words } else { format!("{words}; {more}") }
}

fn signal_words(signal: i32) -> String {
    let name = match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        7 => "BUS",
        8 => "FPE",
        9 => {
            return "ended by signal 9 (KILL) that Pilotage did not send; perhaps the node ran out of memory"
                .to_owned();
        }
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        24 => "XCPU",
        25 => "XFSZ",
        _ => return format!("ended by signal {signal}"),
    };
    format!("ended by signal {signal} ({name})")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runner_s_own_memory_is_not_the_payload_s() {
        assert_eq!(payload_kib(22 << 10, 22 << 10), 0);
        assert_eq!(payload_kib(23 << 10, 22 << 10), 0);
        assert_eq!(payload_kib(1 << 10, 0), 0);
        assert_eq!(payload_kib(80 << 10, 22 << 10), 80 << 10);
        assert_eq!(payload_kib(0, 22 << 10), 0);
    }
}
