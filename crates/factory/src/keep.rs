//! The task beside the cycles that reads the configuration: when something is due, when a signal or a command asks.

use crate::Cycler;
use crate::keeper::{Keeper, Loaded, Look};
use model::{Command, CommandId};
use std::collections::BTreeSet;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A wish to read the configuration again.
#[derive(Debug)]
pub struct Wish {
    /// The command that wants it, and an answer; none for a signal.
    pub command: Option<CommandId>,
    /// Why, in words.
    pub cause: String,
    /// Sources that may lose any number of labels.
    pub accepted: BTreeSet<String>,
}

/// What was read, for the loop of cycles to take.
#[derive(Debug)]
pub struct Fresh {
    /// A whole configuration, or why there is none.
    pub loaded: Result<Loaded, String>,
    /// The command that wanted it.
    pub command: Option<CommandId>,
    /// Why it was read, in words.
    pub cause: String,
    /// Told whether it was taken.
    taken: oneshot::Sender<bool>,
}

/// The most wishes that wait.
const WISHES_MAX: usize = 8;

/// Both ends of the task.
pub struct Keeping {
    wishes: mpsc::Sender<Wish>,
    fresh: mpsc::Receiver<Fresh>,
    task: JoinHandle<()>,
}

impl Wish {
    /// Of a command.
    pub fn of(command: &Command) -> Wish {
        let cause = format!("command {} of {}", command.id, command.issuer);
        Wish { command: Some(command.id), cause, accepted: command.arguments.iter().cloned().collect() }
    }

    /// Of a signal.
    pub fn of_signal() -> Wish {
        Wish { command: None, cause: "a signal".to_owned(), accepted: BTreeSet::new() }
    }

    /// Of nobody: it is due.
    fn of_interval() -> Wish {
        Wish { command: None, cause: "its interval".to_owned(), accepted: BTreeSet::new() }
    }
}

impl Keeping {
    /// Starts the task. Without a keeper there is nothing to read.
    pub fn start(keeper: Option<Keeper>) -> Keeping {
        let (wishes, inbox) = mpsc::channel(WISHES_MAX);
        let (outbox, fresh) = mpsc::channel(1);
        let task = tokio::spawn(async move {
            match keeper {
                Some(keeper) => keep(keeper, inbox, outbox).await,
                None => refuse(inbox, outbox).await,
            }
        });
        Keeping { wishes, fresh, task }
    }

    /// Asks for the configuration to be read; the answer comes by [`Keeping::next`]. False when too many wait already.
    pub fn wish(&self, wish: Wish) -> bool {
        self.wishes.try_send(wish).is_ok()
    }

    /// Waits for the next one that was read.
    pub async fn next(&mut self) -> Fresh {
        match self.fresh.recv().await {
            Some(fresh) => fresh,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(mut keeper: Keeper, mut wishes: mpsc::Receiver<Wish>, outbox: mpsc::Sender<Fresh>) {
    loop {
        let Some((look, Wish { command, cause, .. })) = next(&keeper, &mut wishes).await else { return };
        let loaded = keeper.load(&look).await.map_err(|error| error.to_string());
        let (taken, was_taken) = oneshot::channel();
        let main = loaded.as_ref().ok().map(Loaded::main);
        if outbox.send(Fresh { loaded, command, cause, taken }).await.is_err() {
            return;
        }
        if let (Ok(true), Some(main)) = (was_taken.await, main) {
            keeper.used(main);
        }
    }
}

/// What to look at next, and for whom; `None` when nobody listens any more.
async fn next(keeper: &Keeper, wishes: &mut mpsc::Receiver<Wish>) -> Option<(Look, Wish)> {
    tokio::select! {
        wish = wishes.recv() => wish.map(|wish| (Look::All(wish.accepted.clone()), wish)),
        () = until(keeper.due()) => Some((Look::Due, Wish::of_interval())),
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

async fn refuse(mut wishes: mpsc::Receiver<Wish>, outbox: mpsc::Sender<Fresh>) {
    while let Some(wish) = wishes.recv().await {
        let loaded = Err("this factory was started without a configuration file".to_owned());
        let (taken, _) = oneshot::channel();
        if outbox.send(Fresh { loaded, command: wish.command, cause: wish.cause, taken }).await.is_err() {
            return;
        }
    }
}

impl Cycler {
    /// Takes what was read, all or nothing, and says what came of it: in words, or why not.
    pub(crate) fn take(&mut self, fresh: Fresh) -> Taken {
        let outcome = fresh.loaded.and_then(|loaded| {
            let sources: Vec<_> = loaded.sources.into_iter().map(|state| state.info).collect();
            let refused = sources.iter().filter(|source| !source.trouble.is_empty());
            let refusals: String =
                refused.map(|source| format!("; source {} stays as it was: {}", source.name, source.trouble)).collect();
            let change = self.reload(loaded.config).map_err(|error| format!("failed to {error}"))?;
            self.telling.take(loaded.origins, &fresh.cause, !change.is_empty());
            self.sources = sources;
            Ok((change, refusals))
        });
        // When nobody waits any more the factory ends.
        let _ = fresh.taken.send(outcome.is_ok());
        match outcome {
            Ok((change, refusals)) => {
                self.trouble.clear();
                if !change.is_empty() {
                    tracing::info!(%change, "the new configuration is used from now on");
                }
                Taken { command: fresh.command, said: Ok(format!("{change}{refusals}")), changed: !change.is_empty() }
            }
            Err(error) => {
                tracing::error!(error, "the configuration is not read again");
                self.trouble = format!("the configuration is not read again: {error}");
                Taken { command: fresh.command, said: Err(error), changed: false }
            }
        }
    }
}

/// What came of a configuration that was read.
pub(crate) struct Taken {
    /// The command that waits for an answer.
    pub command: Option<CommandId>,
    /// What changed, or why nothing did.
    pub said: Result<String, String>,
    /// Whether anything is different now.
    pub changed: bool,
}
