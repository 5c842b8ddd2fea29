//! What every handler shares.

use crate::config::Config;
use crate::hub::Hub;
use std::ops::Deref;
use std::sync::Arc;

/// Everything that handlers share; a cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// The content of [`AppState`].
pub struct Shared {
    /// What the server was started with.
    pub config: Config,
    /// Who listens to what.
    pub hub: Hub,
}

impl AppState {
    pub(crate) fn new(shared: Shared) -> AppState {
        AppState(Arc::new(shared))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
