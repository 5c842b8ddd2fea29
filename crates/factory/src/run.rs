//! The loop around the cycles: when the next one runs, and when the factory ends.

use crate::cycle::{Cycler, now};
use crate::{FactoryError, Server, Signal};
use batch::BatchSystem;
use model::{Command, CommandState};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::api::CommandOutcome;

/// The least time between two cycles, however many nudges come.
const CYCLES_APART: Duration = Duration::from_millis(100);
/// A cycle follows so soon while pilots are starting, or while the factory drains.
const SOON: Duration = Duration::from_secs(2);
/// Wait of one long poll.
const POLL_S: u32 = 30;
/// The first and the longest pause after a long poll that failed.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15));

/// Something that makes the next cycle run sooner.
enum Nudge {
    Demand,
    Batch,
    Command(Command),
}

/// Cycles until told to stop.
pub async fn run(mut cycler: Cycler, mut signals: mpsc::Receiver<Signal>) -> Result<(), FactoryError> {
    // A few places: more nudges than that in one cycle say nothing new.
    let (sender, mut nudges) = mpsc::channel(16);
    // Held, not read: its tasks end when it is dropped or replaced.
    let mut _listeners = listen(&cycler, &sender);
    loop {
        let began = Instant::now();
        cycler.cycle().await;
        if cycler.draining && cycler.is_empty() {
            cycler.say_goodbye().await;
            return Ok(());
        }
        let wait = if cycler.draining || cycler.is_unsettled() { SOON } else { Duration::MAX };
        let due = began + wait.min(cycler.config.factory.cycle());
        let mut open = true;
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {}
            Some(nudge) = nudges.recv() => {
                obey(&mut cycler, nudge).await;
                while let Ok(nudge) = nudges.try_recv() {
                    obey(&mut cycler, nudge).await;
                }
            }
            signal = signals.recv() => match signal {
                Some(Signal::Leave) => return Ok(()),
                // A second request does not want to wait.
                Some(Signal::Drain) if cycler.draining => return Ok(()),
                Some(Signal::Drain) => cycler.draining = true,
                Some(Signal::Cycle) => {}
                Some(Signal::Reload(config)) => match cycler.reload(*config) {
                    Ok(()) => _listeners = listen(&cycler, &sender),
                    Err(error) => tracing::error!(%error, "the new configuration is not used"),
                },
                None => open = false,
            },
        }
        if !open {
            return Ok(());
        }
        tokio::time::sleep_until((began + CYCLES_APART).into()).await;
    }
}

async fn obey(cycler: &mut Cycler, nudge: Nudge) {
    let Nudge::Command(command) = nudge else { return };
    let outcome = match cycler.obey(&command) {
        Ok(note) => CommandOutcome { state: CommandState::Done, note: note.to_owned() },
        Err(note) => CommandOutcome { state: CommandState::Refused, note },
    };
    if let Err(error) = cycler.server.outcome(command.id, &outcome).await {
        tracing::warn!(%error, "could not tell the outcome of a command");
    }
}

/// Starts the tasks that wait for nudges; they end with the set.
fn listen(cycler: &Cycler, sender: &mpsc::Sender<Nudge>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let (server, name) = (Arc::clone(&cycler.server), cycler.config.factory.name.clone());
    tasks.spawn(poll_commands(server, name, sender.clone()));
    for batch in cycler.batches.values() {
        tasks.spawn(watch(Arc::clone(batch), sender.clone()));
    }
    tasks
}

async fn watch(batch: Arc<dyn BatchSystem>, sender: mpsc::Sender<Nudge>) {
    loop {
        batch.changed().await;
        if sender.send(Nudge::Batch).await.is_err() {
            return;
        }
    }
}

async fn poll_commands(server: Arc<dyn Server>, name: String, sender: mpsc::Sender<Nudge>) {
    let mut pause = PAUSES.0;
    loop {
        let began = Instant::now();
        match server.commands(&name, POLL_S).await {
            Ok(commands) => {
                pause = PAUSES.0;
                for command in commands {
                    let _ = sender.send(Nudge::Command(command)).await;
                }
                let _ = sender.send(Nudge::Demand).await;
                // A server that never lets us wait must not be asked without end.
                tokio::time::sleep_until((began + CYCLES_APART).into()).await;
            }
            Err(error) => {
                tracing::debug!(%error, "the long poll for commands failed");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

impl Cycler {
    async fn say_goodbye(&self) {
        let said = crate::said::heartbeat(&self.config, &self.world, true, self.started);
        let _ = self.server.heartbeat(&self.config.factory.name, &said).await;
        tracing::info!(time = %now(), "all pilots are gone; the factory ends");
    }
}
