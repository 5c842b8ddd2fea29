//! Compressing and deleting logs while others write and read them. A log that was written meanwhile stays, and whatever
//! stops the server in the middle, nothing is lost but what was to be deleted.

use super::keeping::ASIDE;
use super::{StoredLog, Stream, compressed, gzip, is_changed, present};
use crate::objects::PARTS_IN_FLIGHT;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, Result, WriteMultipart};

/// Bytes of a part of an upload.
const PART: usize = 5 << 20;

/// Compresses a plain log. False when it is another one by now; then its turn comes later.
pub async fn compress(store: &dyn ObjectStore, log: &StoredLog) -> Result<bool> {
    let place = &log.meta.location;
    let plain = match log.open(store, 0..log.size).await {
        Err(error) if is_changed(&error) => return Ok(false),
        plain => plain?,
    };
    let upload = store.put_multipart(&compressed(place)).await?;
    let mut upload = WriteMultipart::new_with_chunk_size(upload, PART);
    if let Err(error) = copy(gzip::packed(plain, log.arrived), &mut upload).await {
        upload.abort().await?;
        return Err(error);
    }
    upload.finish().await?;
    // From here on readers have two of the same; the plain one counts until it is gone.
    remove(store, &log.meta).await
}

async fn copy(mut pieces: Stream, upload: &mut WriteMultipart) -> Result<()> {
    while let Some(piece) = pieces.try_next().await? {
        upload.wait_for_capacity(PARTS_IN_FLIGHT).await?;
        upload.put(piece);
    }
    Ok(())
}

/// Deletes an object unless it was replaced since it was looked at. No call of a store does that, so it is put aside
/// first: what lies there is not changed by anybody, and can be looked at again.
pub async fn remove(store: &dyn ObjectStore, found: &ObjectMeta) -> Result<bool> {
    let aside = Path::parse(format!("{}{ASIDE}", found.location)).map_err(Error::from)?;
    if present(store.rename(&found.location, &aside).await)?.is_none() {
        return Ok(false);
    }
    let Some(taken) = present(store.head(&aside).await)? else { return Ok(false) };
    let is_same = taken.e_tag == found.e_tag && taken.size == found.size;
    match is_same {
        true => present(store.delete(&aside).await).map(|done| done.is_some()),
        false => put_back(store, &aside).await.map(|()| false),
    }
}

/// Puts a log back that was put aside; unless a newer one came to its place, which counts.
pub async fn put_back(store: &dyn ObjectStore, aside: &Path) -> Result<()> {
    let Some(place) = aside.as_ref().strip_suffix(ASIDE) else { return Ok(()) };
    let place = Path::parse(place).map_err(Error::from)?;
    match store.rename_if_not_exists(aside, &place).await {
        Err(Error::AlreadyExists { .. }) => present(store.delete(aside).await).map(drop),
        moved => present(moved).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pilot_log::{find, tail};
    use bytes::Bytes;
    use object_store::local::LocalFileSystem;
    use std::time::Duration;

    struct Stage {
        store: LocalFileSystem,
        place: Path,
        dir: tempfile::TempDir,
    }

    fn stage() -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalFileSystem::new_with_prefix(dir.path()).unwrap().with_automatic_cleanup(true);
        Stage { store, place: Path::from_iter(["logs", "f", "2026-01-01", "a/b", "1.out"]), dir }
    }

    impl Stage {
        async fn write(&self, text: &'static str) -> ObjectMeta {
            self.store.put(&self.place, text.into()).await.unwrap();
            self.store.head(&self.place).await.unwrap()
        }

        async fn read(&self) -> Bytes {
            tail(&self.store, &self.place, 1 << 20).await.unwrap()
        }

        async fn files(&self) -> usize {
            self.store.list(None).try_collect::<Vec<_>>().await.unwrap().len()
        }
    }

    #[tokio::test]
    async fn what_was_looked_at_is_deleted_with_its_folders() {
        let stage = stage();
        let found = stage.write("old").await;
        assert!(remove(&stage.store, &found).await.unwrap());
        assert!(!remove(&stage.store, &found).await.unwrap(), "it is gone already");
        assert_eq!(std::fs::read_dir(stage.dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_log_that_was_written_meanwhile_stays() {
        let stage = stage();
        let found = stage.write("old").await;
        stage.write("new").await;
        assert!(!remove(&stage.store, &found).await.unwrap());
        assert_eq!((&stage.read().await[..], stage.files().await), (&b"new"[..], 1));
        let log = StoredLog::of(&stage.store, found, false).await.unwrap();
        assert!(!compress(&stage.store, &log).await.unwrap());
        assert_eq!((&stage.read().await[..], stage.files().await), (&b"new"[..], 1));
    }

    #[tokio::test]
    async fn a_compressed_log_reads_the_same_and_a_newer_one_counts_before_it() {
        let stage = stage();
        stage.write("first, first, first, first").await;
        let log = find(&stage.store, &stage.place).await.unwrap().unwrap();
        assert!(compress(&stage.store, &log).await.unwrap());
        let packed = find(&stage.store, &stage.place).await.unwrap().unwrap();
        assert!(packed.is_compressed && stage.files().await == 1);
        assert_eq!((packed.size, packed.arrived.as_secs()), (log.size, log.arrived.as_secs()));
        assert_eq!(&stage.read().await[..], b"first, first, first, first");
        stage.write("second").await;
        assert_eq!(&stage.read().await[..], b"second");
        let log = find(&stage.store, &stage.place).await.unwrap().unwrap();
        assert!(compress(&stage.store, &log).await.unwrap());
        assert_eq!((&stage.read().await[..], stage.files().await), (&b"second"[..], 1));
    }

    #[tokio::test]
    async fn what_a_killed_server_put_aside_comes_back_unless_there_is_a_newer_one() {
        let stage = stage();
        let aside = Path::parse(format!("{}{ASIDE}", stage.place)).unwrap();
        stage.store.put(&aside, "aside".into()).await.unwrap();
        put_back(&stage.store, &aside).await.unwrap();
        assert_eq!((&stage.read().await[..], stage.files().await), (&b"aside"[..], 1));
        stage.store.put(&aside, "older".into()).await.unwrap();
        put_back(&stage.store, &aside).await.unwrap();
        assert_eq!((&stage.read().await[..], stage.files().await), (&b"aside"[..], 1));
    }

    /// A writer, a reader and the one who compresses, all at once: there is always a log, and in the end it is the last.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn pushes_reads_and_clean_ups_at_the_same_time() {
        let stage = std::sync::Arc::new(stage());
        stage.write("0").await;
        let writer = tokio::spawn({
            let stage = stage.clone();
            async move {
                for turn in 1..=300 {
                    stage.store.put(&stage.place, turn.to_string().into()).await.unwrap();
                    // Nobody pushes one log faster.
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        });
        let mut compressed = 0;
        while !writer.is_finished() {
            let log = find(&stage.store, &stage.place).await.unwrap().unwrap();
            if !log.is_compressed && compress(&stage.store, &log).await.unwrap() {
                compressed += 1;
            }
            let read = stage.read().await;
            assert!(std::str::from_utf8(&read).unwrap().parse::<u32>().is_ok(), "{read:?}");
        }
        writer.await.unwrap();
        assert_eq!(&stage.read().await[..], b"300");
        assert!(compressed > 0, "nothing came between");
    }
}
