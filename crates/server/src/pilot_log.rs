//! Logs of pilots as they lie in the object store: `logs/FACTORY/UTC-DATE/LABEL/BATCHID.KIND`, plain as they arrived, or
//! compressed under that name with `.gz`. Where both are, the plain one is newer and counts.

pub mod change;
pub mod disk;
pub mod gzip;
pub mod index;
pub mod keeping;
pub mod lines;
pub mod status;

use crate::ApiError;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use model::{PilotSummary, Time};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, Result};
use std::ops::Range;

/// Folder of all of them.
pub const ROOT: &str = "logs";
/// The logs of a pilot: standard output, standard error, and what the batch system wrote of it.
pub const KINDS: [&str; 3] = ["out", "err", "log"];
/// The most bytes of one log.
pub const SIZE_MAX: u64 = 64 << 20;
/// What the names of compressed ones end with.
pub const GZ: &str = ".gz";
/// How often a log is looked for again that changed between the look and the read.
pub const LOOKS_MAX: u32 = 8;

/// One log.
#[derive(Clone, Debug)]
pub struct StoredLog {
    /// The object that holds it.
    pub meta: ObjectMeta,
    /// Whether the object is compressed.
    pub is_compressed: bool,
    /// Bytes of the log itself.
    pub size: u64,
    /// When it arrived; compressing it does not change that.
    pub arrived: Time,
}

/// Bytes as they come.
pub type Stream = BoxStream<'static, Result<Bytes>>;

/// Where the log of a pilot lies while it is not compressed; `kind` is one of [`KINDS`].
pub fn place(pilot: &PilotSummary, kind: &str) -> Path {
    let day: String = pilot.announced.to_string().chars().take(10).collect();
    let file = match pilot.batch_id.as_str() {
        "" => format!("pilot-{}.{kind}", pilot.id),
        batch_id => format!("{batch_id}.{kind}"),
    };
    below_root([pilot.factory.as_str(), &day, &pilot.label, &file])
}

/// The folder or file with these names below [`ROOT`]; each name is one part of the path, whatever its characters.
pub fn below_root<'a>(names: impl IntoIterator<Item = &'a str>) -> Path {
    Path::from_iter(std::iter::once(ROOT).chain(names))
}

/// Where the same log lies when it is compressed.
pub fn compressed(place: &Path) -> Path {
    Path::parse(format!("{place}{GZ}")).unwrap_or_else(|_| Path::from(format!("{place}{GZ}")))
}

/// Finds a log by the place that it has while it is not compressed; none when there is none.
pub async fn find(store: &dyn ObjectStore, place: &Path) -> Result<Option<StoredLog>> {
    if let Some(meta) = present(store.head(place).await)? {
        return StoredLog::of(store, meta, false).await.map(Some);
    }
    // It may have been compressed since the first look, which deletes the plain one last.
    match present(store.head(&compressed(place)).await)? {
        Some(meta) => present(StoredLog::of(store, meta, true).await),
        None => Ok(None),
    }
}

/// The last `max` bytes of a log; empty when there is none.
pub async fn tail(store: &dyn ObjectStore, place: &Path, max: u64) -> std::result::Result<Bytes, ApiError> {
    let found = read(store, place, |log| log.size.saturating_sub(max)..log.size).await?;
    let Some((_, stream)) = found else { return Ok(Bytes::new()) };
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(pieces.concat().into())
}

/// Finds a log and reads the part of it that `choose` wants.
pub async fn read(
    store: &dyn ObjectStore,
    place: &Path,
    choose: impl Fn(&StoredLog) -> Range<u64>,
) -> Result<Option<(StoredLog, Stream)>> {
    for look in 1.. {
        let Some(log) = find(store, place).await? else { return Ok(None) };
        match log.open(store, choose(&log)).await {
            Err(error) if look < LOOKS_MAX && is_changed(&error) => {}
            Ok(stream) => return Ok(Some((log, stream))),
            Err(error) => return present(Err(error)),
        }
    }
    Ok(None)
}

/// Whether the object is another one than that which was found a moment ago.
pub fn is_changed(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. } | object_store::Error::Precondition { .. })
}

fn present<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

impl StoredLog {
    /// The log that an object holds.
    pub async fn of(store: &dyn ObjectStore, meta: ObjectMeta, is_compressed: bool) -> Result<StoredLog> {
        let (size, arrived) = match is_compressed {
            true => gzip::ends(store, &meta).await?,
            false => (meta.size, Time(meta.last_modified.timestamp_millis())),
        };
        Ok(StoredLog { meta, is_compressed, size, arrived })
    }

    /// A part of the log itself; an error when the object is not the one that was found.
    pub async fn open(&self, store: &dyn ObjectStore, part: Range<u64>) -> Result<Stream> {
        if part.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        if self.is_compressed {
            return Ok(gzip::unpacked(self.open_object(store, None).await?, part));
        }
        self.open_object(store, Some(GetRange::Bounded(part))).await
    }

    /// The whole object as it lies there.
    pub async fn open_packed(&self, store: &dyn ObjectStore) -> Result<Stream> {
        self.open_object(store, None).await
    }

    async fn open_object(&self, store: &dyn ObjectStore, range: Option<GetRange>) -> Result<Stream> {
        let options = GetOptions { range, if_match: self.meta.e_tag.clone(), ..GetOptions::default() };
        Ok(store.get_opts(&self.meta.location, options).await?.into_stream())
    }
}
