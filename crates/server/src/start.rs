//! Starting and stopping a server.

use crate::aggregates::Aggregates;
use crate::api;
use crate::attention::Attention;
use crate::auth::{ANY_FACTORY, TokenCache, token_hash};
use crate::bells::Bells;
use crate::brokerage::Candidates;
use crate::config::{Config, TlsMode};
use crate::directory::{Directory, DirectoryError};
use crate::hub::Hub;
use crate::live::LivePilots;
use crate::metrics::Metrics;
use crate::state::{AppState, Shared};
use crate::waiters::Waiters;
use crate::{apfmon, changes, counted, duties, listen, measure, now, pages, panda};
use axum::Router;
use model::Role;
use object_store::local::LocalFileSystem;
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{NewTokenRow, Store, StoreConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wire::credential::{MacKey, NoRandomness, new_token, random_bytes};
use wire::tls::{Authority, TlsError, server_config_from_files};

/// How long open requests may take to finish when the server stops.
const FINISH_MAX: Duration = Duration::from_secs(5);
/// Name of the key of all codes in the store.
const KEY_NAME: &str = "mac-key";

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// Its store cannot be used.
    #[error("open the store")]
    Store(#[from] store::Error),
    /// The folder of logs and outputs cannot be used.
    #[error("open the object store in {path}: {reason}")]
    Objects {
        /// The folder.
        path: String,
        /// Why not.
        reason: String,
    },
    /// Its TLS material cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
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
    tasks: TaskTracker,
    _directory: Directory,
}

impl Server {
    /// Opens directory and store, listens, and serves until [`Running::shutdown`].
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let directory = Directory::open(&config.dir)?;
        let store = Store::open(&store_config(&config, &directory)).await?;
        let admin_token = own_token(&directory, &store, "admin.token", &config.admin_user, Role::Operator).await?;
        let factory_token = own_token(&directory, &store, "factory.token", ANY_FACTORY, Role::Factory).await?;
        let listener = bind(&config).await?;
        let local = listener.local_addr().map_err(|source| listen_error(&config, source))?;
        let (tls, fingerprint) = encryption(&config, &directory, local)?;
        let url = config.public_url.clone().unwrap_or_else(|| own_url(local, tls.is_some()));
        let state = AppState::new(shared(config, url.clone(), store, &directory, local).await?);
        let tasks = TaskTracker::new();
        let router = router(&state, &tasks);
        tasks.spawn(changes::tell(state.clone(), state.store.changes()));
        duties::start(&state, &tasks);
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        tasks.spawn(listen::serve(listener, acceptor, router.clone(), state.stopping.clone()));
        directory.write("url", &url)?;
        tracing::info!(url, "server is ready");
        Ok(Running { url, fingerprint, admin_token, factory_token, router, state, tasks, _directory: directory })
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
        self.state.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(FINISH_MAX, self.tasks.wait()).await.is_err() {
            tracing::info!("some requests did not finish in time");
        }
        if let Err(error) = duties::reaper::flush(&self.state).await {
            tracing::warn!(%error, "failed to write down when pilots were heard");
        }
        duties::release(&self.state).await;
        self.state.store.close().await;
    }
}

fn store_config(config: &Config, directory: &Directory) -> StoreConfig {
    let mut store = match &config.database {
        Some(url) => StoreConfig::postgres(url.clone()),
        None => StoreConfig::directory(directory.join("")),
    };
    store.attempts.first_backoff = config.retry_backoff;
    store
}

async fn shared(
    config: Config,
    url: String,
    store: Store,
    directory: &Directory,
    local: SocketAddr,
) -> Result<Shared, StartError> {
    let key = store.meta_or(KEY_NAME, random_bytes::<32>()?.to_vec()).await?;
    let objects = config.objects.clone().unwrap_or_else(|| directory.join("objects"));
    Ok(Shared {
        objects: Arc::new(open_objects(&objects)?),
        objects_dir: objects,
        url,
        store,
        key: MacKey::new(&key),
        tokens: TokenCache::default(),
        hub: Hub::default(),
        pilots: LivePilots::default(),
        waiters: Waiters::default(),
        pilot_bells: Bells::default(),
        factory_bells: Bells::default(),
        demand_bell: tokio::sync::Notify::new(),
        datagrams: tokio::sync::watch::Sender::new(None),
        told_bell: tokio::sync::Notify::new(),
        log_bells: Bells::default(),
        attention: Attention::default(),
        candidates: Candidates::default(),
        duties: std::sync::Mutex::default(),
        ready: api::LastReady::default(),
        aggregates: Aggregates::default(),
        metrics: Metrics::default(),
        session_cookie: format!("pilotage_{}", local.port()),
        started: now(),
        stopping: CancellationToken::new(),
        config,
    })
}

fn open_objects(path: &Path) -> Result<LocalFileSystem, StartError> {
    let failed = |reason: String| StartError::Objects { path: path.display().to_string(), reason };
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| failed(error.to_string()))?;
    let objects = LocalFileSystem::new_with_prefix(path).map_err(|error| failed(error.to_string()))?;
    Ok(objects.with_automatic_cleanup(true))
}

/// The token in a file of the directory, kept in the store when that is new. A new one is made when the file is missing
/// or its token was revoked.
async fn own_token(
    directory: &Directory,
    store: &Store,
    file: &str,
    user: &str,
    role: Role,
) -> Result<String, StartError> {
    let row = |hash| NewTokenRow {
        hash,
        user: user.to_owned(),
        group: String::new(),
        role,
        sites: Vec::new(),
        note: format!("made by the server, in {}", directory.join(file).display()),
        expires: None,
        now: now(),
    };
    let written = directory.read(file)?;
    if let Some(token) = &written {
        let hash = token_hash(token);
        if store.token_owner(hash).await?.is_some() || store.add_token(row(hash)).await?.is_some() {
            return Ok(token.clone());
        }
        tracing::warn!(file, "the token of the directory was revoked; a new one is made");
    }
    let token = new_token()?;
    store.add_token(row(token_hash(&token))).await?;
    directory.write_private(file, &token)?;
    Ok(token)
}

async fn bind(config: &Config) -> Result<TcpListener, StartError> {
    listen::bind(config).await.map_err(|source| listen_error(config, source))
}

fn listen_error(config: &Config, source: io::Error) -> StartError {
    StartError::Listen { address: config.address(), source }
}

fn encryption(
    config: &Config,
    directory: &Directory,
    local: SocketAddr,
) -> Result<(Option<ServerConfig>, Option<String>), StartError> {
    if !config.is_encrypted() {
        return Ok((None, None));
    }
    if let TlsMode::Files { certificate, key } = &config.tls {
        return Ok((Some(server_config_from_files(certificate, key)?), None));
    }
    let authority = Authority::open_or_create(&directory.join("tls"))?;
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), host_name()];
    if !local.ip().is_unspecified() {
        names.push(local.ip().to_string());
    }
    names.sort();
    names.dedup();
    Ok((Some(authority.server_config(&names)?), Some(authority.fingerprint())))
}

fn own_url(local: SocketAddr, is_encrypted: bool) -> String {
    let scheme = if is_encrypted { "https" } else { "http" };
    match local.ip().is_unspecified() {
        true => format!("{scheme}://{}:{}", host_name(), local.port()),
        false => format!("{scheme}://{local}"),
    }
}

fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn router(state: &AppState, tasks: &TaskTracker) -> Router {
    let mut router = api::router().merge(pages::router());
    if state.config.compat {
        router = router.merge(panda::router(state, tasks));
    }
    if let Some(config) = state.config.apfmon.clone() {
        let (known, state) = (apfmon::router(state, &config, tasks), state.clone());
        let elsewhere = move |request| apfmon::elsewhere(state.clone(), config.clone(), request);
        router = router.merge(known).fallback(elsewhere);
    }
    let measured = axum::middleware::from_fn_with_state(state.clone(), measure::measured);
    let aged = axum::middleware::from_fn(counted::told);
    pages::as_json(router.layer(aged).layer(measured).with_state(state.clone()))
}
