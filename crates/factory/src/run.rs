//! The loop around the cycles: when the next one runs, and when the factory ends.

use crate::cycle::{Cycler, now};
use crate::keep::{Fresh, Keeping, Wish};
use crate::{FactoryError, Keeper, Server, Signal, credential};
use batch::BatchSystem;
use model::{Command, CommandId, CommandState, Verb};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use wire::api::{CommandOutcome, FactoryHeartbeat};

/// The least time between the beginnings of two cycles, and of two long polls.
const CYCLES_APART: Duration = Duration::from_millis(100);
/// The least time between two cycles that risen demand causes; the first one after a quiet time runs at once.
const DEMANDS_APART: Duration = Duration::from_secs(1);
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
    Credential,
    Command(Command),
}

/// Everything around the cycles.
struct Loop {
    cycler: Cycler,
    keeping: Keeping,
    /// Waits for commands and demand.
    _listener: JoinSet<()>,
    /// Wait for what happens at the batch end points.
    watchers: JoinSet<()>,
    /// Renew credentials.
    renewals: JoinSet<()>,
    nudge: mpsc::Sender<Nudge>,
    /// Somebody told it to end and leave its pilots.
    stops: bool,
}

/// Cycles until told to stop.
pub async fn run(
    mut cycler: Cycler,
    keeper: Option<Keeper>,
    mut signals: mpsc::Receiver<Signal>,
) -> Result<(), FactoryError> {
    // Before anything is taken that is meant for the factory of this name.
    cycler.introduce().await?;
    cycler.begin_telling()?;
    // A few places: more nudges than that in one cycle say nothing new.
    let (sender, mut nudges) = mpsc::channel(16);
    let mut all = Loop::start(cycler, keeper, sender);
    let mut demanded: Option<Instant> = None;
    loop {
        let began = Instant::now();
        let Some(told) = cycle_unless_told_to_leave(&mut all.cycler, &mut signals).await else { return Ok(()) };
        all.cycler.refuse_if_taken()?;
        for signal in told {
            all.heed(signal);
        }
        if all.cycler.draining && all.cycler.is_empty() {
            all.cycler.say_goodbye().await;
            return Ok(());
        }
        // However long cycles take, there is a time between them in which the factory listens.
        let mut due = (began + all.cycler.until_next()).max(Instant::now() + CYCLES_APART);
        let mut by_demand = false;
        while Instant::now() < due && !all.stops {
            tokio::select! {
                () = tokio::time::sleep_until(due.into()) => {}
                Some(nudge) = nudges.recv() => {
                    let mut sooner = began + CYCLES_APART;
                    if let Nudge::Demand = nudge {
                        // A busy queue must not make the factory busy too.
                        sooner = demanded.map_or(sooner, |last| sooner.max(last + DEMANDS_APART));
                        by_demand = true;
                    }
                    due = due.min(sooner);
                    all.obey(nudge).await;
                }
                fresh = all.keeping.next() => {
                    if all.take(fresh).await {
                        due = Instant::now();
                    }
                }
                signal = signals.recv() => match signal {
                    None | Some(Signal::Leave) => return Ok(()),
                    Some(signal) => {
                        all.heed(signal);
                        due = Instant::now();
                    }
                },
            }
        }
        // More than one may have come during a long cycle.
        while let Ok(nudge) = nudges.try_recv() {
            all.obey(nudge).await;
        }
        if all.stops {
            tracing::info!("told to stop; the factory ends and its pilots stay");
            return Ok(());
        }
        if by_demand {
            demanded = Some(Instant::now());
        }
    }
}

/// Runs a cycle; gives the signals that came meanwhile, or `None` when the factory must leave at once. A cycle that is
/// cut short is what a crash is: the next one, of whatever process, mends it.
async fn cycle_unless_told_to_leave(cycler: &mut Cycler, signals: &mut mpsc::Receiver<Signal>) -> Option<Vec<Signal>> {
    let mut told = Vec::new();
    let cycle = cycler.cycle();
    tokio::pin!(cycle);
    loop {
        tokio::select! {
            () = &mut cycle => return Some(told),
            signal = signals.recv() => match signal {
                None | Some(Signal::Leave) => return None,
                Some(signal) => told.push(signal),
            },
        }
    }
}

impl Loop {
    fn start(cycler: Cycler, keeper: Option<Keeper>, nudge: mpsc::Sender<Nudge>) -> Loop {
        let mut listener = JoinSet::new();
        let (server, name) = (Arc::clone(&cycler.server), cycler.config.factory.name.clone());
        listener.spawn(poll_commands(server, name, nudge.clone()));
        let watchers = watchers(&cycler, &nudge);
        let renewals = renewals(&cycler, &nudge);
        Loop { cycler, keeping: Keeping::start(keeper), _listener: listener, watchers, renewals, nudge, stops: false }
    }

    fn heed(&mut self, signal: Signal) {
        match signal {
            Signal::Drain => self.cycler.draining = true,
            Signal::Leave | Signal::Cycle => {}
            // When many wait already, one of them will do.
            Signal::Reload => drop(self.keeping.wish(Wish::of_signal())),
        }
    }

    /// Whether the next cycle has something new to do or to say.
    async fn take(&mut self, fresh: Fresh) -> bool {
        let taken = self.cycler.take(fresh);
        if taken.changed {
            self.watchers = watchers(&self.cycler, &self.nudge);
            self.renewals = renewals(&self.cycler, &self.nudge);
        }
        if let Some(command) = taken.command {
            let (state, note) = match taken.said {
                Ok(note) => (CommandState::Done, note),
                Err(note) => (CommandState::Failed, note),
            };
            self.answer(command, CommandOutcome { state, note }).await;
            return true;
        }
        taken.changed
    }

    async fn obey(&mut self, nudge: Nudge) {
        let Nudge::Command(command) = nudge else { return };
        let obeyed = match command.verb {
            Verb::Kill => self.cycler.kill(&command.arguments).await,
            Verb::Test => self.cycler.test(&command).await,
            Verb::Stop => {
                self.stops = true;
                Ok("ends; its pilots stay".to_owned())
            }
            Verb::Reload if self.keeping.wish(Wish::of(&command)) => return,
            Verb::Reload => Err("too many reloads wait already".to_owned()),
            _ => self.cycler.obey(&command),
        };
        let outcome = match obeyed {
            Ok(note) => CommandOutcome { state: CommandState::Done, note },
            Err(note) => CommandOutcome { state: CommandState::Refused, note },
        };
        self.answer(command.id, outcome).await;
    }

    async fn answer(&self, command: CommandId, outcome: CommandOutcome) {
        if let Err(error) = self.cycler.server.outcome(command, &outcome).await {
            tracing::warn!(%error, "could not tell the outcome of a command");
        }
    }
}

impl Cycler {
    async fn introduce(&mut self) -> Result<(), FactoryError> {
        self.world.now = now();
        self.heartbeat().await;
        self.refuse_if_taken()
    }

    /// Leaves all pilots to the process that is this factory now.
    fn refuse_if_taken(&mut self) -> Result<(), FactoryError> {
        self.taken.take().map_or(Ok(()), |by| Err(FactoryError::Taken(by)))
    }

    fn until_next(&self) -> Duration {
        let cycle = self.config.factory.cycle();
        if self.draining || self.is_unsettled() { SOON.min(cycle) } else { cycle }
    }
}

/// Starts a task for each end point; they end with the set.
fn watchers(cycler: &Cycler, nudge: &mpsc::Sender<Nudge>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for batch in cycler.batches.values() {
        tasks.spawn(watch(Arc::clone(batch), nudge.clone()));
    }
    tasks
}

/// Starts the tasks that renew credentials; they end with the set.
fn renewals(cycler: &Cycler, nudge: &mpsc::Sender<Nudge>) -> JoinSet<()> {
    let nudge = nudge.clone();
    credential::renew_all(&cycler.credentials, move || {
        let nudge = nudge.clone();
        // The loop may have ended just now.
        async move { drop(nudge.send(Nudge::Credential).await) }
    })
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
                let waited_in_vain = commands.is_empty() && began.elapsed() >= Duration::from_secs(POLL_S.into());
                for command in commands {
                    let _ = sender.send(Nudge::Command(command)).await;
                }
                // A server that never lets us wait must not be asked without end.
                tokio::time::sleep_until((began + CYCLES_APART).into()).await;
                // Last, so that the cycle looks at the demand when the next poll already listens.
                if !waited_in_vain {
                    let _ = sender.send(Nudge::Demand).await;
                }
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
        self.finish_telling().await;
        let said = FactoryHeartbeat { draining: true, health: Some(self.health()), ..self.said() };
        let _ = self.server.heartbeat(&self.config.factory.name, &said).await;
        tracing::info!(time = %now(), "all pilots are gone; the factory ends");
    }
}
