//! The client of `/pilotage/v1/`, for pilots, factories and people.

mod alarm;
mod call;
mod decision;
mod error;
mod factory;
mod job;
mod order;
mod pilot;
mod program;
mod queue;
mod token;
mod transport;

pub use call::{Answer, Call};
pub use error::{Error, FOREIGN};
pub use job::{Attempt, LogPart};
pub use program::{file_sha256, program_path};
pub use transport::InProcess;
pub(crate) use transport::{client_builder, http_client, is_loopback, reason};

use crate::tls::Trust;
use std::sync::Arc;
use std::time::Duration;
use transport::Transport;

/// How to reach the server.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Servers, in order of preference; the next one is used when one does not answer.
    pub urls: Vec<String>,
    /// Bearer token; none for calls that need none.
    pub token: Option<String>,
    /// Whom to trust with https.
    pub trust: Trust,
    /// Longest time for one answer, beside the wait of a long poll.
    pub timeout: Duration,
}

/// Default of [`ClientConfig::timeout`].
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// A client; cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    token: Option<Arc<str>>,
}

impl ClientConfig {
    /// A configuration with defaults for these servers.
    pub fn new(urls: impl IntoIterator<Item = String>, token: Option<String>) -> ClientConfig {
        ClientConfig { urls: urls.into_iter().collect(), token, trust: Trust::System, timeout: TIMEOUT }
    }
}

impl Client {
    /// A client that speaks HTTP. Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY`, ...), never for
    /// loopback addresses.
    pub fn new(config: ClientConfig) -> Result<Client, Error> {
        let token = config.token.clone().map(Arc::from);
        Ok(Client { transport: Arc::new(Transport::http(config)?), token })
    }

    /// A client that calls a server of the same process without a socket.
    pub fn in_process(server: InProcess, token: Option<String>) -> Client {
        Client { transport: Arc::new(Transport::InProcess(server)), token: token.map(Arc::from) }
    }

    /// The same connections with another token.
    pub fn with_token(&self, token: &str) -> Client {
        Client { transport: Arc::clone(&self.transport), token: Some(Arc::from(token)) }
    }

    /// The server that answered last, for messages.
    pub fn url(&self) -> String {
        self.transport.url()
    }

    /// Sends one call and gives back the answer, whatever its content; an answer of 400 or more is an error.
    pub async fn send(&self, call: Call) -> Result<Answer, Error> {
        self.transport.send(&call, self.token.as_deref()).await
    }
}
