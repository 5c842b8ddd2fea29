//! How many pilots, where, when: the scheduler chain as pure functions, and the reconciling cycle around it.

pub mod advice;
pub mod autopyfactory;
pub mod chain;
pub mod config;
pub mod credential;
mod cycle;
mod explain;
pub mod facts;
mod health;
mod keep;
pub mod keeper;
mod launch;
mod logs;
mod monitor;
pub mod past;
pub mod plan;
pub mod reconcile;
mod replay;
mod run;
mod said;
mod server;
pub mod situation;
pub mod source;
pub mod wms;
pub mod world;

pub use config::Config;
pub use cycle::{Batches, Cycler};
pub use keeper::{Keeper, Loaded, Look};
pub use launch::{PilotLaunch, PilotProgram};
pub use monitor::ask_monitors;
pub use replay::replay;
pub use server::Server;

use cycle::Telling;
use model::Decision;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a factory is told by its program.
#[derive(Debug)]
pub enum Signal {
    /// Submit nothing more, drain all pilots, return when they are gone (SIGTERM). The second one is [`Signal::Leave`].
    Drain,
    /// Return at once and leave the pilots as they are (SIGUSR1, or a second SIGTERM).
    Leave,
    /// Read the configuration again (SIGHUP), and use it when nothing in it is wrong.
    Reload,
    /// Run a cycle now.
    Cycle,
}

/// Why a factory cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum FactoryError {
    /// A batch end point cannot be used.
    #[error("open batch end point '{name}': {source}")]
    Batch {
        /// Its name.
        name: String,
        /// Why not.
        source: batch::BatchError,
    },
    /// What a monitor is to be told cannot be kept or sent.
    #[error("set up monitor '{name}': {reason}")]
    Monitor {
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A reload cannot give the factory another name: its pilots carry the old one.
    #[error("rename the factory from '{from}' to '{to}' while it runs; stop it and start it anew")]
    Renamed {
        /// Its name.
        from: String,
        /// The name in the new configuration.
        to: String,
    },
    /// Another process is the factory of this name.
    #[error("go on: {0}")]
    Taken(String),
    /// There is no such label.
    #[error("find label '{name}'; the labels are {known}")]
    UnknownLabel {
        /// The name that was given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The server cannot be asked.
    #[error("ask the server: {0}")]
    Server(#[source] wire::Error),
}

/// One factory.
pub struct Factory {
    cycler: Cycler,
    keeper: Option<Keeper>,
}

impl Factory {
    /// A factory with a checked configuration. Makes the directories of its batch end points.
    pub fn new(config: Config, server: Arc<dyn Server>, launch: PilotLaunch) -> Result<Factory, FactoryError> {
        Ok(Factory { cycler: Cycler::new(config, server, launch)?, keeper: None })
    }

    /// A factory whose configuration is read again when it is due, asked for or signalled.
    pub fn keeping(
        mut keeper: Keeper,
        loaded: Loaded,
        server: Arc<dyn Server>,
        launch: PilotLaunch,
    ) -> Result<Factory, FactoryError> {
        keeper.used(loaded.main());
        let mut cycler = Cycler::new(loaded.config, server, launch)?;
        cycler.telling = Telling::of(loaded.origins);
        cycler.sources = loaded.sources.into_iter().map(|state| state.info).collect();
        Ok(Factory { cycler, keeper: Some(keeper) })
    }

    /// Cycles until told to stop; also when all senders of signals are gone.
    pub async fn run(self, signals: mpsc::Receiver<Signal>) -> Result<(), FactoryError> {
        run::run(self.cycler, self.keeper, signals).await
    }

    /// What a label would decide now, without doing it.
    pub async fn explain(&mut self, label: &str) -> Result<Decision, FactoryError> {
        self.cycler.explain(label).await
    }

    /// What all enabled labels would do in a cycle now, without doing it.
    pub async fn rehearse(&mut self) -> Result<Vec<plan::LabelPlan>, FactoryError> {
        self.cycler.rehearse().await
    }

    /// Whether every batch end point can be used, by name.
    pub async fn check(&self) -> Vec<(String, Vec<batch::Check>)> {
        self.cycler.check().await
    }
}
