//! What every handler shares.

use crate::aggregates::Aggregates;
use crate::api::LastReady;
use crate::attention::Attention;
use crate::auth::TokenCache;
use crate::bells::Bells;
use crate::brokerage::Candidates;
use crate::config::Config;
use crate::hub::Hub;
use crate::live::LivePilots;
use crate::metrics::Metrics;
use crate::waiters::Waiters;
use model::{JobId, PilotId, Time};
use object_store::ObjectStore;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wire::credential::MacKey;

/// Everything that handlers share; a cheap handle.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// The content of [`AppState`].
pub struct Shared {
    /// What the server was started with.
    pub config: Config,
    /// Where others reach the server.
    pub url: String,
    /// What is remembered.
    pub store: Store,
    /// Logs and output files.
    pub objects: Arc<dyn ObjectStore>,
    /// The directory that they are in.
    pub objects_dir: PathBuf,
    /// Key of all codes: job tokens, pilot tokens, sessions.
    pub key: MacKey,
    /// Tokens that were looked up a moment ago.
    pub tokens: TokenCache,
    /// Who listens to what.
    pub hub: Hub,
    /// Pilots that talk to this server.
    pub pilots: LivePilots,
    /// Lease calls that wait for a job.
    pub waiters: Waiters,
    /// Calls that wait for a command to a pilot.
    pub pilot_bells: Bells<PilotId>,
    /// Calls that wait for a command to a factory.
    pub factory_bells: Bells<String>,
    /// Rung when jobs were activated in any queue: factories then run a cycle.
    pub demand_bell: tokio::sync::Notify,
    /// Where datagrams of wrappers are listened to; none before, and when they are not wanted.
    pub datagrams: watch::Sender<Option<SocketAddr>>,
    /// Rung when something was said about a pilot.
    pub told_bell: tokio::sync::Notify,
    /// Calls that wait for a log to grow, by job.
    pub log_bells: Bells<JobId>,
    /// How many alarms nobody looks after.
    pub attention: Attention,
    /// Queues as brokerage sees them.
    pub candidates: Candidates,
    /// Duties of this server and until when it has them.
    pub duties: Mutex<HashMap<&'static str, Time>>,
    /// Whether the server could work a moment ago.
    pub ready: LastReady,
    /// Sums that many pages show.
    pub aggregates: Aggregates,
    /// What is counted.
    pub metrics: Metrics,
    /// Name of the cookie of browsers; differs between servers on one host, which share their cookies.
    pub session_cookie: String,
    /// When the server started: what an earlier process answered cannot arrive any more.
    pub started: Time,
    /// Set when the server stops: whatever waits should answer.
    pub stopping: CancellationToken,
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
