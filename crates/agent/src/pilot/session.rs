//! The pilot's standing with the server: hello, its token, calls.

use super::PilotError;
use super::root::random_hex;
use crate::{PilotArgs, node};
use model::{PilotId, Shape};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wire::api::{Hello, HelloRequest};
use wire::{Client, ClientConfig, PilotSecret};

/// How long a pilot tries to reach the server at its start, at least.
const PATIENCE: Duration = Duration::from_secs(600);

/// Shared by everything in the pilot that calls the server.
pub(super) struct Session {
    /// Who we are.
    pub(super) pilot: PilotId,
    /// What hello said at first.
    pub(super) hello: Hello,
    request: HelloRequest,
    client: Mutex<Client>,
}

/// Waits longer and longer: 0.1 s, doubled up to 10 s.
pub(super) struct BackOff(Duration);

impl BackOff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(10);

    pub(super) fn new() -> BackOff {
        BackOff(BackOff::FIRST)
    }

    /// The next wait, a little different in every pilot.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (self.0 * 2).min(BackOff::LONGEST);
        wait.mul_f64(0.75 + f64::from(std::process::id() % 64) / 128.0)
    }
}

impl Session {
    /// Says hello until the server answers.
    pub(super) async fn open(secret: PilotSecret, args: &PilotArgs) -> Result<Arc<Session>, PilotError> {
        let mut config = ClientConfig::new(secret.urls.clone(), None);
        config.trust = secret.trust.clone();
        let client = Client::new(config).map_err(PilotError::Connection)?;
        let request = hello_request(secret.secret, args)?;
        let patience = PATIENCE.max(Duration::from_secs(args.idle_s.into()));
        let hello = say_hello(&client, secret.pilot, &request, patience).await?;
        tracing::info!(
            pilot = %secret.pilot, queue = hello.queue, site = hello.site, incarnation = hello.incarnation,
            server = client.url(), "at work"
        );
        let client = Mutex::new(client.with_token(&hello.token));
        Ok(Arc::new(Session { pilot: secret.pilot, hello, request, client }))
    }

    /// A client with the present token.
    pub(super) fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gets a new token after the server refused the old one.
    pub(super) async fn renew(&self) -> Result<(), wire::Error> {
        let client = self.client();
        let hello = client.hello(self.pilot, &self.request).await?;
        let client = client.with_token(&hello.token);
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        tracing::info!(pilot = %self.pilot, "has a new token");
        Ok(())
    }
}

fn hello_request(secret: String, args: &PilotArgs) -> Result<HelloRequest, PilotError> {
    Ok(HelloRequest {
        secret,
        instance: random_hex()?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        node: node::name(),
        slots: args.slots,
        shape: Shape { cores: args.all_cores(), memory_mib: args.memory_mib, wall_time_s: args.life_s },
        batch_id: node::batch_id(),
        clock: jiff::Timestamp::now().into(),
    })
}

async fn say_hello(
    client: &Client,
    pilot: PilotId,
    request: &HelloRequest,
    patience: Duration,
) -> Result<Hello, PilotError> {
    let (begin, mut back_off) = (Instant::now(), BackOff::new());
    loop {
        let error = match client.hello(pilot, request).await {
            Ok(hello) => return Ok(hello),
            Err(error) if !error.is_temporary() => return Err(PilotError::Refused(error)),
            Err(error) => error,
        };
        if begin.elapsed() > patience {
            return Err(PilotError::Unreachable { waited_s: begin.elapsed().as_secs(), last: error });
        }
        tracing::warn!("failed to say hello: {error}; trying again");
        tokio::time::sleep(back_off.next()).await;
    }
}
