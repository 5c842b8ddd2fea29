//! The pilot's loop: one task that owns all state; everything else sends it events.

mod calls;
mod jobs;
mod life;
mod runners;

use super::estimate::Estimate;
use super::event::{EVENTS_MAX, Event, Sender};
use super::hand::{Hand, Slot};
use super::outbox::Outbox;
use super::root::Root;
use super::session::Session;
use super::spool::Spool;
use super::{EXIT_DONE, EXIT_UNDELIVERED, PilotError};
use crate::PilotArgs;
use crate::runner::SLOT_PREFIX;
use life::Life;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

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
        let slots = (0..args.slots).map(|i| Slot::new(root.path().join(format!("{SLOT_PREFIX}{i}")))).collect();
        let mut desk = Desk {
            life: Life::new(&args),
            args,
            session,
            root,
            hand: Hand::new(slots),
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
            Event::Leased { line, asked, carried, answer } => self.leased(line, asked, carried, answer),
            Event::Heartbeat(answer) => self.heartbeat_answered(answer),
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

    /// The server knows all, the runners are gone, the directory is removed.
    async fn close(mut self) -> Result<u8, PilotError> {
        let reason = self.life.reason();
        let undelivered = self.outbox.len() + self.calls.carried() + self.hand.keys().len();
        self.tasks.abort_all();
        let patience = Duration::from_secs_f64(self.args.grace_s.clamp(0.0, 3600.0)) + Duration::from_secs(5);
        let links = self.hand.slots.iter_mut().filter_map(|slot| slot.link.take());
        for link in links.collect::<Vec<_>>() {
            link.close(patience).await;
        }
        self.say_goodbye(&reason).await;
        drop(self.root);
        if let Some(words) = self.life.fault() {
            return Err(PilotError::Node(words));
        }
        if undelivered > 0 {
            let path = self.outbox.spool_path().map(|path| path.display().to_string()).unwrap_or_default();
            tracing::error!("{undelivered} reports could not be delivered; they are kept in '{path}'");
            return Ok(EXIT_UNDELIVERED);
        }
        tracing::info!(reason, "done");
        Ok(EXIT_DONE)
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
