//! Bodies in memory: each has to arrive in time, and what has arrived of all of them together is bounded.

use crate::ApiError;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// The most bytes of bodies that are held at the same time; further ones wait.
pub const BODIES_IN_FLIGHT_MAX: usize = 256 << 20;
/// The same for files on their way to the object store.
pub const UPLOADS_IN_FLIGHT_MAX: usize = 256 << 20;
/// How long a body may take to arrive.
pub const ARRIVES_WITHIN: Duration = Duration::from_secs(60);
/// How long bytes that have arrived wait for room.
const ROOM_WITHIN: Duration = Duration::from_secs(10);
/// How long a refused body is read on.
const DISCARD_MAX: Duration = Duration::from_secs(10);
/// What is counted together.
const UNIT: usize = 1 << 10;

static BODIES: Semaphore = Semaphore::const_new(BODIES_IN_FLIGHT_MAX / UNIT);
static UPLOADS: Semaphore = Semaphore::const_new(UPLOADS_IN_FLIGHT_MAX / UNIT);

/// Bytes that count against the bound until this is dropped. They are counted as they arrive: who announces much and
/// sends little keeps nobody out.
pub struct Held {
    of: &'static Semaphore,
    permit: Option<SemaphorePermit<'static>>,
    units: usize,
}

impl Held {
    /// Nothing yet, of [`BODIES_IN_FLIGHT_MAX`].
    pub fn of_bodies() -> Held {
        Held { of: &BODIES, permit: None, units: 0 }
    }

    /// Nothing yet, of [`UPLOADS_IN_FLIGHT_MAX`].
    pub fn of_uploads() -> Held {
        Held { of: &UPLOADS, permit: None, units: 0 }
    }

    /// Counts more, so that it is `bytes` in all; waits for room, though not for long.
    pub async fn grow_to(&mut self, bytes: usize) -> Result<(), ApiError> {
        let units = bytes.div_ceil(UNIT);
        let more = u32::try_from(units.saturating_sub(self.units)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        let full = || ApiError::unavailable("busy", "the server holds too many bodies of other calls already");
        let room = timeout(ROOM_WITHIN, self.of.acquire_many(more)).await.map_err(|_| full())?.map_err(|_| full())?;
        match &mut self.permit {
            Some(permit) => permit.merge(room),
            None => self.permit = Some(room),
        }
        self.units = units;
        Ok(())
    }

    /// Gives back what is more than `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        let units = bytes.div_ceil(UNIT).min(self.units);
        if let Some(permit) = &mut self.permit {
            drop(permit.split(self.units - units));
        }
        self.units = units;
    }
}

/// The whole body, of at most `max` bytes. One that announces more is refused before a byte of it is read. The second
/// value is to be dropped with the bytes.
pub async fn read_body(body: Body, max: usize) -> Result<(Bytes, Held), ApiError> {
    if body.size_hint().lower() > max as u64 {
        discard(body).await;
        return Err(too_large(max as u64));
    }
    let mut held = Held::of_bodies();
    match timeout(ARRIVES_WITHIN, collect(body, max, &mut held)).await {
        Ok(Ok(bytes)) => Ok((bytes, held)),
        Ok(Err(Refused::Error(error))) => Err(error),
        Ok(Err(Refused::TooLarge(rest))) => {
            drop(held);
            discard(rest).await;
            Err(too_large(max as u64))
        }
        Err(_) => Err(too_slow()),
    }
}

enum Refused {
    TooLarge(Body),
    Error(ApiError),
}

async fn collect(mut body: Body, max: usize, held: &mut Held) -> Result<Bytes, Refused> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refused::Error(broken(&error)))?;
        let Ok(data) = frame.into_data() else { continue };
        let bytes = first.len() + rest.len() + data.len();
        if bytes > max {
            return Err(Refused::TooLarge(body));
        }
        held.grow_to(bytes).await.map_err(Refused::Error)?;
        if first.is_empty() { first = data } else { rest.extend_from_slice(&data) }
    }
    Ok(joined(first, rest))
}

/// Nearly all bodies arrive in one frame, which is then not copied.
fn joined(first: Bytes, rest: BytesMut) -> Bytes {
    if rest.is_empty() {
        return first;
    }
    let mut all = BytesMut::with_capacity(first.len() + rest.len());
    all.extend_from_slice(&first);
    all.extend_from_slice(&rest);
    all.freeze()
}

/// Reads the rest of a refused body without keeping it: a client that still sends would not see the answer.
async fn discard(mut body: Body) {
    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
    if timeout(DISCARD_MAX, reading).await.is_err() {
        tracing::debug!("a refused body did not end in time");
    }
}

/// The problem of a body with more bytes than the call takes.
pub fn too_large(max: u64) -> ApiError {
    let detail = format!("the body is larger than {max} bytes, the most that this call accepts");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
}

/// The problem of a body that stopped coming.
pub fn too_slow() -> ApiError {
    let detail = format!("the body did not arrive within {} s", ARRIVES_WITHIN.as_secs());
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "slow-body", detail)
}

/// The problem of a body whose connection broke.
pub fn broken(error: &axum::Error) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "broken-body", format!("the body ended early: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};
    use std::convert::Infallible;

    fn body_of(pieces: usize, ends: bool) -> Body {
        let sent = stream::iter(vec![Ok::<_, Infallible>(Bytes::from(vec![7; 3000])); pieces]);
        if ends { Body::from_stream(sent) } else { Body::from_stream(sent.chain(stream::pending())) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_given_up() {
        let error = read_body(body_of(2, false), 10_000).await.err().unwrap();
        assert_eq!((error.status, error.code), (StatusCode::REQUEST_TIMEOUT, "slow-body"));
    }

    #[tokio::test]
    async fn a_body_is_counted_by_what_has_arrived() {
        let (bytes, mut held) = read_body(body_of(3, true), 10_000).await.unwrap();
        assert_eq!((bytes.len(), held.units), (9000, 9));
        held.shrink_to(1);
        assert_eq!(held.units, 1);
        let error = read_body(body_of(4, true), 10_000).await.err().unwrap();
        assert_eq!(error.code, "body-too-large");
        let announced = read_body(Body::from(vec![0; 10_001]), 10_000).await.err().unwrap();
        assert_eq!(announced.code, "body-too-large");
    }

    #[tokio::test(start_paused = true)]
    async fn what_finds_no_room_is_refused_after_a_while() {
        let room: &'static Semaphore = Box::leak(Box::new(Semaphore::new(4)));
        let held = || Held { of: room, permit: None, units: 0 };
        let (mut first, mut second) = (held(), held());
        first.grow_to(3 * UNIT).await.unwrap();
        assert_eq!(second.grow_to(2 * UNIT).await.unwrap_err().code, "busy");
        first.shrink_to(2 * UNIT);
        second.grow_to(2 * UNIT).await.unwrap();
        drop((first, second));
        assert_eq!(room.available_permits(), 4);
    }
}
