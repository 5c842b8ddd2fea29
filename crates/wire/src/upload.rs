//! Files as request bodies: read while they are sent, given up when nothing moves any more.

use crate::api::LOG_CHUNK_MAX;
use bytes::Bytes;
use futures_util::StreamExt;
use http::Response;
use reqwest::{Body, RequestBuilder};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_util::io::ReaderStream;

/// How long a transfer may stand still.
pub const STALLED: Duration = Duration::from_secs(60);
/// Bytes that are read at once.
const PIECE: usize = 256 << 10;

/// A file that was not sent.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// The other side took nothing more, or did not answer.
    #[error("nothing moved for {} s", .0.as_secs_f64())]
    Stalled(Duration),
    /// The connection broke off, or there was none.
    #[error(transparent)]
    Request(#[from] reqwest::Error),
}

/// Sends the file as the body of `request`, however long it takes while something moves: between two pieces, and from
/// the last one to the answer, at most `still_max` may pass.
pub async fn send_file(
    request: RequestBuilder,
    path: &Path,
    still_max: Duration,
) -> Result<Response<Bytes>, UploadError> {
    let file = tokio::fs::File::open(path).await?;
    let bytes = file.metadata().await?.len();
    let moved = Arc::new(Mutex::new(Instant::now()));
    let seen = Arc::clone(&moved);
    let pieces = ReaderStream::with_capacity(file, PIECE).inspect(move |_| touch(&seen));
    let request = request.header(http::header::CONTENT_LENGTH, bytes).body(Body::wrap_stream(pieces));
    tokio::select! {
        answer = exchange(request) => Ok(answer?),
        () = stands_still(&moved, still_max) => Err(UploadError::Stalled(still_max)),
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn exchange(request: RequestBuilder) -> Result<Response<Bytes>, reqwest::Error> {
    let answer = request.send().await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?;
    Ok(response)
}

/// At most one chunk of a file from `offset` on.
pub fn read_piece(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(LOG_CHUNK_MAX as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn touch(moved: &Mutex<Instant>) {
    *moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
}

async fn stands_still(moved: &Mutex<Instant>, still_max: Duration) {
    loop {
        let since = *moved.lock().unwrap_or_else(PoisonError::into_inner);
        let left = still_max.saturating_sub(since.elapsed());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left).await;
    }
}
