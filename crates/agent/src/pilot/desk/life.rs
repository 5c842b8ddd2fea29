//! How long the pilot goes on: idle time, life time, drain, signals.

use super::Desk;
use crate::PilotArgs;
use crate::pilot::PilotError;
use crate::pilot::event::{Event, Sender, Signal};
use model::ErrorClass;
use model::offer::LAST_REPORTS_S;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// What the pilot needs at the end of its life beside the grace time of jobs.
const LAST_REPORTS: Duration = Duration::from_secs(LAST_REPORTS_S as u64);

/// The reason of a pilot that was sent TERM.
const TERMINATED: &str = "signal TERM";

/// When and why the pilot ends.
pub(super) struct Life {
    grace: Duration,
    end: Option<Instant>,
    idle: Option<Duration>,
    idle_since: Instant,
    draining: Option<String>,
    /// Jobs that still run then are evicted.
    evict_at: Option<Instant>,
    evicted: bool,
    cast_out: Option<String>,
    broken: Option<String>,
    fault: Option<String>,
    /// Since when only undelivered reports keep the pilot alive.
    waiting_since: Option<Instant>,
}

impl Life {
    pub(super) fn new(args: &PilotArgs) -> Life {
        let now = Instant::now();
        let seconds = |s: u32| (s > 0).then(|| Duration::from_secs(s.into()));
        let grace = Duration::from_secs_f64(args.grace_s.clamp(0.0, 3600.0));
        let end = seconds(args.life_s).map(|life| now + life);
        Life {
            grace,
            end,
            idle: seconds(args.idle_s),
            idle_since: now,
            draining: None,
            evict_at: end.map(|end| end.checked_sub(grace + LAST_REPORTS).unwrap_or(now)),
            evicted: false,
            cast_out: None,
            broken: None,
            fault: None,
            waiting_since: None,
        }
    }

    /// Whether new jobs are wanted.
    pub(super) fn takes_jobs(&self) -> bool {
        self.draining.is_none() && self.evict_at.is_none_or(|at| Instant::now() + Duration::from_secs(1) < at)
    }

    /// Seconds that a job could run from now on; 0 for no end.
    pub(super) fn left_s(&self) -> u32 {
        let left = self.evict_at.map(|at| at.saturating_duration_since(Instant::now()).as_secs().max(1));
        left.map_or(0, |left| u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// How long a long poll may wait: not beyond the idle time, which can begin no sooner than now while jobs run.
    pub(super) fn poll_wait_s(&self, longest: u32, nothing_in_hand: bool) -> u32 {
        let now = Instant::now();
        let idle_from = if nothing_in_hand { self.idle_since } else { now };
        let ends = [self.idle.map(|idle| idle_from + idle), self.evict_at];
        let left = ends.into_iter().flatten().map(|end| end.saturating_duration_since(now)).min();
        left.map_or(longest, |left| longest.min(u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX)))
    }

    /// Jobs came.
    pub(super) fn busy(&mut self) {
        self.idle_since = Instant::now();
    }

    /// A job ended; whether it was the last in hand.
    pub(super) fn job_ended(&mut self, nothing_in_hand: bool) {
        if nothing_in_hand {
            self.idle_since = Instant::now();
        }
    }

    /// The server had no job for us.
    pub(super) fn nothing_to_do(&mut self, nothing_in_hand: bool) {
        let over = self.idle.is_some_and(|idle| self.idle_since.elapsed() >= idle);
        if nothing_in_hand && over && self.draining.is_none() {
            self.draining = Some("idle".to_owned());
        }
    }

    /// Whether the batch system, or who started the pilot, has sent TERM.
    pub(super) fn is_terminated(&self) -> bool {
        self.draining.as_deref() == Some(TERMINATED)
    }

    /// The server is done with this pilot.
    pub(super) fn cast_out(&mut self, words: String) {
        self.draining.get_or_insert(words.clone());
        self.cast_out = Some(words);
    }

    pub(super) fn is_cast_out(&self) -> bool {
        self.cast_out.is_some()
    }

    /// A slot cannot be used any more.
    pub(super) fn slot_broken(&mut self, words: String) {
        self.broken = Some(words);
    }

    /// No slot is left.
    pub(super) fn all_slots_broken(&mut self) {
        if let Some(words) = self.broken.clone() {
            self.draining.get_or_insert_with(|| words.clone());
            self.fault = Some(words);
        }
    }

    /// Why the pilot ends, when the node is to blame.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.clone()
    }

    /// Why the pilot ends.
    pub(super) fn reason(&self) -> String {
        self.draining.clone().unwrap_or_else(|| "life time".to_owned())
    }
}

impl Desk {
    /// Takes no more jobs; ends when those in hand have ended.
    pub(super) fn drain(&mut self, reason: &str) {
        if self.life.draining.is_none() {
            tracing::info!(reason, "takes no more jobs");
            self.life.draining = Some(reason.to_owned());
        }
        self.calls.stop_polling();
        self.recall();
        self.give_back();
    }

    /// The operating system told us to go.
    pub(super) fn signalled(&mut self, signal: Signal) {
        match signal {
            Signal::Drain => self.drain("drained"),
            Signal::Term if self.life.is_terminated() => self.evict(),
            Signal::Term => {
                self.drain(TERMINATED);
                self.life.draining = Some(TERMINATED.to_owned());
                let at = Instant::now() + self.life.grace;
                self.life.evict_at = Some(self.life.evict_at.map_or(at, |before| before.min(at)));
            }
        }
    }

    fn evict(&mut self) {
        self.life.evicted = true;
        let words = match self.life.draining.as_deref() {
            None => "the pilot's life time is over".to_owned(),
            Some(reason) => format!("the pilot ended: {reason}"),
        };
        self.drain("life time");
        self.evict_all(ErrorClass::Evicted, &words);
    }

    /// What only time changes.
    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        self.heartbeat_if_due(now);
        self.spread(now);
        if self.life.draining.is_some() {
            self.give_back();
        }
        if self.life.waiting_since.is_some() && self.outbox.is_away() {
            self.keep_results();
        }
        if !self.life.evicted && self.life.evict_at.is_some_and(|at| now >= at) {
            self.evict();
        }
        let idle = self.life.idle.is_some_and(|idle| now >= self.life.idle_since + idle);
        if idle && self.hand.is_empty() && self.life.draining.is_none() && self.outbox.is_away() {
            self.drain("idle");
        }
        while self.tasks.try_join_next().is_some() {}
    }

    /// Whether nothing is left to do, or nothing can be done any more.
    pub(super) fn is_over(&mut self) -> bool {
        if self.life.draining.is_none() || !self.hand.is_only_finishing() {
            return false;
        }
        let told_all = self.life.is_cast_out() || (self.outbox.is_empty() && self.calls.is_quiet());
        if told_all && self.hand.is_empty() {
            return true;
        }
        let since = *self.life.waiting_since.get_or_insert_with(Instant::now);
        let patience = Duration::from_secs(self.args.linger_s.into());
        since.elapsed() >= patience || self.life.end.is_some_and(|end| Instant::now() >= end)
    }
}

/// TERM and INT end the pilot soon, USR1 drains it.
pub(super) fn listen_to_signals(tasks: &mut JoinSet<()>, sender: &Sender) -> Result<(), PilotError> {
    let fault = |error| PilotError::system("listen to signals", error);
    let kinds = [
        (SignalKind::terminate(), Signal::Term),
        (SignalKind::interrupt(), Signal::Term),
        (SignalKind::user_defined1(), Signal::Drain),
    ];
    for (kind, meaning) in kinds {
        let mut stream = signal(kind).map_err(fault)?;
        let sender = sender.clone();
        tasks.spawn(async move {
            while stream.recv().await.is_some() {
                if sender.send(Event::Signal(meaning)).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}
