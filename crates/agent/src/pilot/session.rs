//! The pilot's standing with the server: hello, its token, calls.

use super::PilotError;
use super::root::random_hex;
use crate::{PilotArgs, node};
use model::{FailedCheck, NodeProfile, PilotId, Shape, Time};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use wire::api::{Hello, HelloRequest};
use wire::{Client, ClientConfig, PilotSecret};

/// How long a pilot tries to reach the server at its start, at least.
const PATIENCE: Duration = Duration::from_secs(600);

/// The shortest and the longest time, in seconds, that a call may take beside its wait.
const CALL_MIN_S: f64 = 5.0;
const CALL_MAX_S: f64 = 30.0;
/// Shared by everything in the pilot that calls the server.
pub(super) struct Session {
    /// Who we are.
    pub(super) pilot: PilotId,
    /// What hello said at first.
    pub(super) hello: Hello,
    request: HelloRequest,
    /// With the present token.
    client: Mutex<Client>,
}

/// Calls give up within a lease, so that a cut connection does not cost more than one.
fn client_of(secret: &PilotSecret, hello: &Hello) -> Result<Client, wire::Error> {
    let mut config = ClientConfig::new(secret.urls.clone(), Some(hello.token.clone()));
    config.trust = secret.trust.clone();
    config.timeout = Duration::from_secs_f64(hello.lease_s.clamp(CALL_MIN_S, CALL_MAX_S));
    Client::new(config)
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

/// What a pilot has before its hello.
pub(super) struct Greeter {
    secret: PilotSecret,
    client: Client,
}

impl Greeter {
    /// With the servers of the secret file.
    pub(super) fn new(secret: PilotSecret) -> Result<Greeter, PilotError> {
        let mut config = ClientConfig::new(secret.urls.clone(), None);
        config.trust = secret.trust.clone();
        let client = Client::new(config).map_err(PilotError::Connection)?;
        Ok(Greeter { secret, client })
    }

    /// Who we are.
    pub(super) fn pilot(&self) -> PilotId {
        self.secret.pilot
    }

    /// Seconds that this node's clock is ahead of the server's; none when no server tells the time now.
    pub(super) async fn clock_ahead_s(&self) -> Option<i64> {
        let told = self.client.clock().await.ok()??;
        Some(Time::from(jiff::Timestamp::now()).as_secs() - told.as_secs())
    }

    /// Says hello until the server answers: what the node is like, and what it lacks. With something lacking the pilot
    /// ends with that.
    pub(super) async fn greet(
        &self,
        args: &PilotArgs,
        profile: NodeProfile,
        failed: &[FailedCheck],
    ) -> Result<(HelloRequest, Hello), PilotError> {
        let request = HelloRequest {
            profile: Some(profile),
            failed: failed.to_vec(),
            ..hello_request(self.secret.secret.clone(), args)?
        };
        let patience = PATIENCE.max(Duration::from_secs(args.idle_s.into()));
        let hello = say_hello(&self.client, self.secret.pilot, &request, patience).await?;
        Ok((request, hello))
    }

    /// Says hello on a node that has all it needs.
    pub(super) async fn open(self, args: &PilotArgs, profile: NodeProfile) -> Result<Arc<Session>, PilotError> {
        let (request, hello) = self.greet(args, profile, &[]).await?;
        let (secret, client) = (self.secret, self.client);
        tracing::info!(
            pilot = %secret.pilot, queue = hello.queue, site = hello.site, incarnation = hello.incarnation,
            server = client.url(), "at work"
        );
        let client = Mutex::new(client_of(&secret, &hello).map_err(PilotError::Connection)?);
        Ok(Arc::new(Session { pilot: secret.pilot, hello, request, client }))
    }
}

impl Session {
    /// A client with the present token.
    pub(super) fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Delivers what an earlier process of this pilot left on disk. What cannot be delivered now is left to the factory.
    pub(super) async fn deliver_left(&self, spool: &Path) {
        match wire::spool::deliver(&self.client(), self.pilot, spool).await {
            Ok(0) => {}
            Ok(reports) => tracing::info!(reports, "delivered what an earlier process of this pilot left"),
            Err(error) => tracing::warn!("failed to deliver {}: {error}", spool.display()),
        }
    }

    /// Gets a new token after the server refused the old one.
    pub(super) async fn renew(&self) -> Result<(), wire::Error> {
        let token = self.client().hello(self.pilot, &stamped(&self.request)).await?.token;
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        *client = client.with_token(&token);
        tracing::info!(pilot = %self.pilot, "has a new token");
        Ok(())
    }
}

fn hello_request(secret: String, args: &PilotArgs) -> Result<HelloRequest, PilotError> {
    Ok(HelloRequest {
        secret,
        instance: random_hex()?,
        version: args.version(),
        node: node::name(),
        slots: args.slots,
        shape: Shape { wall_time_s: args.life_s, ..args.offer().whole },
        batch_id: node::batch_id(),
        // Set whenever it is sent.
        clock: Time(0),
        profile: None,
        failed: Vec::new(),
    })
}

/// The request as it is sent now: the server compares the clock in it with its own.
fn stamped(request: &HelloRequest) -> HelloRequest {
    HelloRequest { clock: jiff::Timestamp::now().into(), ..request.clone() }
}

async fn say_hello(
    client: &Client,
    pilot: PilotId,
    request: &HelloRequest,
    patience: Duration,
) -> Result<Hello, PilotError> {
    let (begin, mut back_off) = (Instant::now(), BackOff::new());
    loop {
        let error = match client.hello(pilot, &stamped(request)).await {
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
