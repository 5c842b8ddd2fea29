//! The object store: logs and output files of jobs; those of pilots are in [`crate::pilot_log`].

use crate::extract::body::{ARRIVES_WITHIN, Held, broken, too_large, too_slow};
use crate::{ApiError, AppState, now};
use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt;
use model::JobId;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, WriteMultipart};
use std::time::Duration;
use tokio::time::timeout;
use wire::credential::random_bytes;

/// Parts of an upload that are on their way at the same time.
pub const PARTS_IN_FLIGHT: usize = 2;
/// Bytes of a part, and of what is gathered for the next one.
const PART: usize = 5 << 20;
/// The most bytes of one upload that are in memory.
const UPLOAD_HELD_MAX: usize = PART * (PARTS_IN_FLIGHT + 1);
/// How long an upload may take until something refers to its file.
const UPLOAD_MAX: Duration = Duration::from_secs(24 * 3600);
/// Jobs in one folder of a directory.
const JOBS_PER_FOLDER: i64 = 1000;

/// A place for a job's output file or complete log that no other upload has, not even of the same file.
pub fn new_job_file(job: JobId, attempt: u32, kind: &str, name: &str) -> Result<Path, ApiError> {
    let (folder, job, attempt) = ((job.0 / JOBS_PER_FOLDER).to_string(), job.to_string(), attempt.to_string());
    let upload = hex::encode(random_bytes::<6>()?);
    let fixed = ["jobs", &folder, &job, &attempt, kind, &upload];
    Ok(Path::from_iter(fixed.into_iter().chain(name.split('/').filter(|part| !part.is_empty()))))
}

/// Writes down that an upload to this place begins: what is not referred to after [`UPLOAD_MAX`] is deleted.
pub async fn expect(state: &AppState, path: &Path) -> Result<(), ApiError> {
    Ok(state.store.discard(vec![path.to_string()], now() + UPLOAD_MAX).await?)
}

/// The place that the store remembers, which is written as it is in the object store already.
pub fn stored(location: &str) -> Path {
    Path::parse(location).unwrap_or_else(|_| Path::from(location))
}

/// Stores a body of at most `max` bytes as it comes; nothing is left of one that breaks off or stops coming. Returns its
/// size.
pub async fn store_body(store: &dyn ObjectStore, path: &Path, body: Body, max: u64) -> Result<u64, ApiError> {
    let mut upload = WriteMultipart::new_with_chunk_size(store.put_multipart(path).await?, PART);
    match copy(&mut upload, body.into_data_stream(), max).await {
        Ok(bytes) => {
            upload.finish().await?;
            Ok(bytes)
        }
        Err(error) => {
            if let Err(error) = upload.abort().await {
                tracing::debug!(%path, %error, "failed to abort an upload");
            }
            Err(error)
        }
    }
}

async fn copy(upload: &mut WriteMultipart, mut body: BodyDataStream, max: u64) -> Result<u64, ApiError> {
    let mut held = Held::of_uploads();
    let mut bytes = 0;
    while let Some(piece) = timeout(ARRIVES_WITHIN, body.next()).await.map_err(|_| too_slow())? {
        let piece = piece.map_err(|error| broken(&error))?;
        bytes += piece.len() as u64;
        if bytes > max {
            return Err(too_large(max));
        }
        held.grow_to(usize::try_from(bytes).unwrap_or(UPLOAD_HELD_MAX).min(UPLOAD_HELD_MAX)).await?;
        upload.wait_for_capacity(PARTS_IN_FLIGHT).await?;
        upload.put(piece);
    }
    Ok(bytes)
}

/// A part of a stored file as a body: from `offset` on, or all of it.
pub async fn body_from(store: &dyn ObjectStore, path: &Path, offset: u64) -> Result<Body, ApiError> {
    let range = (offset > 0).then_some(GetRange::Offset(offset));
    let read = store.get_opts(path, GetOptions { range, ..GetOptions::default() }).await?;
    Ok(Body::from_stream(read.into_stream()))
}
