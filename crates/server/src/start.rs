//! Starting and stopping a server.

use crate::config::Config;
use crate::directory::{Directory, DirectoryError};
use crate::hub::Hub;
use crate::listen;
use crate::state::{AppState, Shared};
use crate::{pages, panda};
use axum::Router;
use std::io;
use std::net::SocketAddr;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Its address cannot be used.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

/// The server, before it runs.
pub struct Server;

/// A running server; dropping it without [`Running::shutdown`] leaves its tasks to the runtime.
pub struct Running {
    url: String,
    fingerprint: Option<String>,
    admin_token: String,
    factory_token: String,
    router: Router,
    state: AppState,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    _directory: Directory,
}

impl Server {
    /// Opens directory and store, listens, and serves until [`Running::shutdown`].
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let directory = Directory::open(&config.dir)?;
        let address = config.address();
        let listener = listen::bind(&config).await.map_err(|source| StartError::Listen { address, source })?;
        let local = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let state = AppState::new(Shared { config, hub: Hub::default() });
        let stop = CancellationToken::new();
        let router = router(&state);
        let serving = tokio::spawn(listen::serve(listener, None, router.clone(), stop.clone()));
        Ok(Running {
            url: format!("http://{local}"),
            fingerprint: None,
            admin_token: String::new(),
            factory_token: String::new(),
            router,
            state,
            stop,
            serving,
            _directory: directory,
        })
    }
}

impl Running {
    /// Where it is reached, such as `http://127.0.0.1:25080`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What clients pin when the server is its own authority.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// The router, for clients within the process.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What the handlers share.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Token of the operator.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// Token of the server's own factory.
    pub fn factory_token(&self) -> &str {
        &self.factory_token
    }

    /// Ends long polls, lets open requests finish, writes down what is in memory and closes the store.
    pub async fn shutdown(self) {
        self.stop.cancel();
        if let Err(error) = self.serving.await {
            tracing::warn!(%error, "the listener ended badly");
        }
    }
}

fn router(state: &AppState) -> Router {
    let mut router = Router::new().merge(pages::router());
    if state.config.compat {
        router = router.merge(panda::router());
    }
    router.with_state(state.clone())
}
