//! The pilot's loop: one task that owns all state; everything else sends it events.

mod calls;
mod ending;
mod jobs;
mod life;
mod refusal;
mod runners;

use super::PilotError;
use super::estimate::Estimate;
use super::event::{EVENTS_MAX, Event, Sender};
use super::hand::Hand;
use super::outbox::Outbox;
use super::root::Root;
use super::session::Session;
use super::slot::Slot;
use crate::PilotArgs;
use crate::runner::SLOT_PREFIX;
use life::Life;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::Spool;

/// Between two looks at what only time changes.
const TICK: Duration = Duration::from_millis(500);
/// Events handled between two rounds of giving out and asking.
const EVENTS_AT_ONCE: usize = 256;

/// The pilot.
pub(super) struct Desk {
    args: PilotArgs,
    session: Arc<Session>,
    root: Root,
    hand: Hand,
    outbox: Outbox,
    estimate: Estimate,
    life: Life,
    calls: calls::Calls,
    sender: Sender,
    events: mpsc::Receiver<Event>,
    /// Long polls, signals, stagings and uploads.
    tasks: JoinSet<()>,
}

impl Desk {
    /// Starts the runners and everything that listens.
    pub(super) async fn open(
        args: PilotArgs,
        session: Arc<Session>,
        root: Root,
        spool: Spool,
    ) -> Result<Desk, PilotError> {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let slot = |i: u32| Slot::new(root.path().join(format!("{SLOT_PREFIX}{i}")), runners::own_share(&args, i));
        let hand = Hand::new((0..args.slots).map(slot).collect(), args.offer());
        let mut desk = Desk {
            life: Life::new(&args),
            args,
            session,
            root,
            hand,
            outbox: Outbox::new(spool),
            estimate: Estimate::default(),
            calls: calls::Calls::default(),
            sender,
            events,
            tasks: JoinSet::new(),
        };
        desk.become_reaper();
        for slot in 0..desk.hand.slots.len() {
            desk.start_runner(slot)?;
        }
        life::listen_to_signals(&mut desk.tasks, &desk.sender)?;
        calls::listen_to_commands(&mut desk.tasks, &desk.session, &desk.sender);
        Ok(desk)
    }

    /// Works until there is a reason to end, then ends in good order. The value is the exit code.
    pub(super) async fn run(mut self) -> Result<u8, PilotError> {
        let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.pump();
            if self.is_over() {
                break;
            }
            let wake = self.wake_at();
            tokio::select! {
                biased;
                _ = self.events.recv_many(&mut batch, EVENTS_AT_ONCE) => {}
                _ = tick.tick() => self.tick(),
                () = sleep_until(wake) => {}
            }
            for event in batch.drain(..) {
                self.handle(event);
            }
        }
        self.close().await
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Runner(slot, messages) => messages.into_iter().for_each(|message| self.runner_said(slot, message)),
            Event::Writable(slot) => self.runner_writable(slot),
            Event::RunnerGone(slot, generation) => self.runner_gone(slot, generation),
            Event::Leased { line, request, answer } => self.leased(line, request, answer),
            Event::Heartbeat(answer) => self.heartbeat_answered(answer),
            Event::Renewed(answer) => self.renewed(answer),
            Event::Commands(commands) => commands.into_iter().for_each(|command| self.obey(command)),
            Event::Staged(slot, key, result) => self.staged(slot, key, result),
            Event::Finished(key, report) => self.finished(key, *report),
            Event::Signal(signal) => self.signalled(signal),
        }
    }

    /// Gives out what is ready and asks for what is missing.
    fn pump(&mut self) {
        self.assign();
        self.hand.flush();
        self.call_server();
    }

    fn wake_at(&self) -> Option<Instant> {
        // What was due before now was done by the last round or cannot be done.
        let now = Instant::now();
        self.outbox.wake_at().filter(|at| *at > now && !self.calls.is_refilling())
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
