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

/// The shortest and the longest time, in seconds, that a call may take beside its wait.
const CALL_MIN_S: f64 = 5.0;
const CALL_MAX_S: f64 = 30.0;
/// The longest time of one upload.
const UPLOAD: Duration = Duration::from_secs(900);

/// Shared by everything in the pilot that calls the server.
pub(super) struct Session {
    /// Who we are.
    pub(super) pilot: PilotId,
    /// What hello said at first.
    pub(super) hello: Hello,
    request: HelloRequest,
    clients: Mutex<Clients>,
}

/// With the present token.
struct Clients {
    /// For calls that are answered soon.
    brief: Client,
    /// For uploads.
    patient: Client,
}

impl Clients {
    /// Calls give up within a lease, so that a cut connection does not cost more than one.
    fn new(secret: &PilotSecret, hello: &Hello) -> Result<Clients, wire::Error> {
        let client = |timeout| {
            let mut config = ClientConfig::new(secret.urls.clone(), Some(hello.token.clone()));
            config.trust = secret.trust.clone();
            config.timeout = timeout;
            Client::new(config)
        };
        let lease = Duration::from_secs_f64(hello.lease_s.clamp(CALL_MIN_S, CALL_MAX_S));
        Ok(Clients { brief: client(lease)?, patient: client(UPLOAD)? })
    }
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
        let request = hello_request(secret.secret.clone(), args)?;
        let patience = PATIENCE.max(Duration::from_secs(args.idle_s.into()));
        let hello = say_hello(&client, secret.pilot, &request, patience).await?;
        tracing::info!(
            pilot = %secret.pilot, queue = hello.queue, site = hello.site, incarnation = hello.incarnation,
            server = client.url(), "at work"
        );
        let clients = Mutex::new(Clients::new(&secret, &hello).map_err(PilotError::Connection)?);
        Ok(Arc::new(Session { pilot: secret.pilot, hello, request, clients }))
    }

    /// A client with the present token.
    pub(super) fn client(&self) -> Client {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).brief.clone()
    }

    /// A client that may take its time, for uploads.
    pub(super) fn upload_client(&self) -> Client {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).patient.clone()
    }

    /// Gets a new token after the server refused the old one.
    pub(super) async fn renew(&self) -> Result<(), wire::Error> {
        let token = self.client().hello(self.pilot, &self.request).await?.token;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.brief = clients.brief.with_token(&token);
        clients.patient = clients.patient.with_token(&token);
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
