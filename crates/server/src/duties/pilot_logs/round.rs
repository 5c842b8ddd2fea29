//! One round over some files: bounded, and over at once when the server stops or the duty is another server's.

use super::DUTY;
use crate::duties::has;
use crate::events::LogsKept;
use crate::pilot_log::keeping::{Ages, Day, Due, Form, LogFile, YOUNG};
use crate::pilot_log::{StoredLog, change, compressed, disk};
use crate::{ApiError, AppState};
use futures_util::TryStreamExt;
use model::Time;
use object_store::{Error, ObjectMeta, ObjectStoreExt};

/// The most files that one round changes, and the most bytes that it compresses.
const CHANGED_MAX: u32 = 5000;
const COMPRESSED_MAX: u64 = 1 << 30;
/// Files after which it is asked again whether the duty is still this server's.
const ASK_AFTER: u64 = 200;

/// What was found on a day.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// When.
    pub at: Time,
    /// Bytes of its logs as they lie there.
    pub bytes: u64,
}

/// What was deleted to make room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gone {
    /// How many logs.
    pub logs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The room that they left.
    pub freed: u64,
}

/// A round.
pub struct Round<'a> {
    state: &'a AppState,
    ages: &'a Ages,
    now: Time,
    looked: u64,
    changed: u32,
    is_over: bool,
    kept: LogsKept,
}

impl<'a> Round<'a> {
    /// Begins.
    pub fn new(state: &'a AppState, ages: &'a Ages, now: Time) -> Round<'a> {
        Round { state, ages, now, looked: 0, changed: 0, is_over: false, kept: LogsKept::default() }
    }

    /// When it began.
    pub fn began(&self) -> Time {
        self.now
    }

    /// Whether it has done all that it may.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Says what was done, if anything was. Returns how many logs were deleted.
    pub fn tell(self) -> u64 {
        let deleted = self.kept.deleted;
        self.kept.emit(&self.state.metrics);
        deleted
    }

    /// Does what is due on a day; none when the round is over before that is done.
    pub async fn visit(&mut self, day: &Day) -> Result<Option<Visit>, ApiError> {
        if self.now.since(day.began) >= disk::UPLOAD_MAX {
            self.delete_broken_uploads(day).await?;
        }
        let mut visit = Visit { at: self.now, bytes: 0 };
        let mut files = self.state.objects.list(Some(&day.folder));
        while let Some(meta) = files.try_next().await? {
            let Some(file) = LogFile::of(&meta.location) else { continue };
            if !self.may_go_on().await {
                return Ok(None);
            }
            match self.settle(&file, &meta, day).await {
                Ok(bytes) => visit.bytes += bytes,
                Err(error) => {
                    tracing::warn!(place = %meta.location, %error, "failed to keep a log of a pilot as wanted")
                }
            }
        }
        Ok(Some(visit))
    }

    /// What is due with one file; the bytes that stay of it.
    async fn settle(&mut self, file: &LogFile, meta: &ObjectMeta, day: &Day) -> Result<u64, Error> {
        if file.form == Form::Aside {
            self.changed += 1;
            change::put_back(&*self.state.objects, &meta.location).await?;
            return Ok(meta.size);
        }
        if !self.ages.may_be_due(self.now.since(day.began)) {
            return Ok(meta.size);
        }
        let log = match StoredLog::of(&*self.state.objects, meta.clone(), file.form == Form::Compressed).await {
            Err(Error::NotFound { .. }) => return Ok(0),
            log => log?,
        };
        match self.ages.due(file, self.now.since(log.arrived)) {
            Due::Nothing => Ok(meta.size),
            Due::Delete => self.delete(meta, file.form).await,
            Due::Compress => self.compress(&log).await,
        }
    }

    async fn delete(&mut self, meta: &ObjectMeta, form: Form) -> Result<u64, Error> {
        self.changed += 1;
        let store = &*self.state.objects;
        if form == Form::Plain {
            // An older one must not come to light.
            match store.delete(&compressed(&meta.location)).await {
                Ok(()) | Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let is_gone = change::remove(store, meta).await?;
        self.kept.deleted += u64::from(is_gone);
        Ok(if is_gone { 0 } else { meta.size })
    }

    async fn compress(&mut self, log: &StoredLog) -> Result<u64, Error> {
        self.changed += 1;
        let store = &*self.state.objects;
        if !change::compress(store, log).await? {
            return Ok(log.meta.size);
        }
        self.kept.compressed += 1;
        self.kept.compressed_bytes += log.size;
        Ok(store.head(&compressed(&log.meta.location)).await?.size)
    }

    /// Deletes logs of a day until so many bytes are free; none that came a moment ago.
    pub async fn make_room(&mut self, day: &Day, wanted: u64) -> Result<Gone, ApiError> {
        let mut gone = Gone::default();
        let mut files = self.state.objects.list(Some(&day.folder));
        while gone.freed < wanted
            && let Some(meta) = files.try_next().await?
        {
            let Some(file) = LogFile::of(&meta.location) else { continue };
            let age = self.now.since(Time(meta.last_modified.timestamp_millis()));
            if file.form == Form::Aside || (file.form == Form::Plain && age < YOUNG) {
                continue;
            }
            if !self.may_go_on().await {
                break;
            }
            if self.delete(&meta, file.form).await? == 0 {
                gone.logs += 1;
                gone.bytes += meta.size;
                gone.freed += self.state.config.logs.freed(meta.size);
            }
        }
        Ok(gone)
    }

    async fn may_go_on(&mut self) -> bool {
        let is_enough = self.changed >= CHANGED_MAX || self.kept.compressed_bytes >= COMPRESSED_MAX;
        self.looked += 1;
        let is_time = self.looked.is_multiple_of(ASK_AFTER);
        self.is_over |= is_enough || self.state.stopping.is_cancelled();
        self.is_over |= is_time && !has(self.state, DUTY, self.state.config.retention_every * 3).await;
        !self.is_over
    }

    async fn delete_broken_uploads(&self, day: &Day) -> Result<(), ApiError> {
        let folder = self.state.objects_dir.join(day.folder.as_ref());
        let now = self.now;
        let deleted = tokio::task::spawn_blocking(move || disk::delete_broken_uploads(&folder, now)).await;
        let deleted = deleted.map_err(|error| ApiError::internal(error.to_string()))?;
        match deleted {
            Ok(0) => {}
            Ok(files) => tracing::info!(day = %day.folder, files, "deleted what broken uploads left"),
            Err(error) => tracing::warn!(day = %day.folder, %error, "failed to delete what broken uploads left"),
        }
        Ok(())
    }
}
