//! How many pilots, where, when: the scheduler chain as pure functions, and the reconciling cycle around it.

pub mod config;
mod launch;
mod server;

pub use config::Config;
pub use launch::{PilotLaunch, PilotProgram};
pub use server::Server;

use std::sync::Arc;
use tokio::sync::mpsc;

/// What a factory is told by its program.
#[derive(Debug)]
pub enum Signal {
    /// Submit nothing more, drain all pilots, return when they are gone (SIGTERM).
    Drain,
    /// Return at once and leave the pilots as they are (a second SIGTERM).
    Leave,
    /// Use this configuration from now on (SIGHUP); it was checked as a whole before.
    Reload(Box<Config>),
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
    /// The server refuses this factory.
    #[error("register factory '{name}': {source}")]
    Server {
        /// The factory.
        name: String,
        /// Why not.
        source: wire::Error,
    },
}

/// One factory.
pub struct Factory {
    config: Config,
    server: Arc<dyn Server>,
    launch: PilotLaunch,
}

impl Factory {
    /// A factory with a checked configuration. Makes the directories of its batch end points.
    pub fn new(config: Config, server: Arc<dyn Server>, launch: PilotLaunch) -> Result<Factory, FactoryError> {
        Ok(Factory { config, server, launch })
    }

    /// Cycles until told to stop.
    pub async fn run(self, signals: mpsc::Receiver<Signal>) -> Result<(), FactoryError> {
        let _ = (self.config, self.server, self.launch, signals);
        Ok(())
    }
}
