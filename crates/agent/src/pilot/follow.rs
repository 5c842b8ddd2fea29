//! Streams the output of a running job while somebody reads it.

use super::session::Session;
use crate::frame::JobKey;
use crate::runner::log_path;
use bytes::Bytes;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use wire::api::{LOG_CHUNK_MAX, LeasedJob, LogStream};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_millis(200);
/// How long output is streamed after the last wish for it.
const FOLLOWED_FOR: Duration = Duration::from_secs(60);

/// The two outputs, in the order used everywhere in the pilot.
pub(super) const STREAMS: [LogStream; 2] = [LogStream::Stdout, LogStream::Stderr];

/// Output that is streamed.
pub(super) struct Follow {
    shared: Arc<Shared>,
    task: Option<tokio::task::JoinHandle<()>>,
}

struct Shared {
    until: Mutex<Instant>,
    over: AtomicBool,
    wake: Notify,
    sent: [AtomicU64; 2],
}

impl Follow {
    /// Somebody wants to read; nothing is sent before [`Follow::begin`].
    pub(super) fn wanted() -> Follow {
        let shared = Shared {
            until: Mutex::new(Instant::now() + FOLLOWED_FOR),
            over: AtomicBool::new(false),
            wake: Notify::new(),
            sent: [AtomicU64::new(0), AtomicU64::new(0)],
        };
        Follow { shared: Arc::new(shared), task: None }
    }

    /// Somebody still wants to read.
    pub(super) fn renew(&self) {
        *self.shared.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + FOLLOWED_FOR;
    }

    /// The output is in files now: sends it as it grows.
    pub(super) fn begin(&mut self, session: Arc<Session>, job: LeasedJob, slot_dir: PathBuf) {
        if self.task.as_ref().is_none_or(tokio::task::JoinHandle::is_finished) {
            let shared = Arc::clone(&self.shared);
            self.task = Some(tokio::spawn(stream(shared, session, job, slot_dir)));
        }
    }

    /// Ends the streaming; how many bytes of each output the server has.
    pub(super) async fn end(self) -> [u64; 2] {
        self.shared.over.store(true, Ordering::Relaxed);
        self.shared.wake.notify_one();
        if let Some(task) = self.task {
            let _ = task.await;
        }
        self.shared.sent.each_ref().map(|sent| sent.load(Ordering::Relaxed))
    }
}

impl Shared {
    fn goes_on(&self) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        !self.over.load(Ordering::Relaxed) && Instant::now() < until
    }
}

async fn stream(shared: Arc<Shared>, session: Arc<Session>, job: LeasedJob, slot_dir: PathBuf) {
    let key = JobKey { job: job.id, attempt: job.attempt };
    while shared.goes_on() {
        for (sent, stream) in shared.sent.iter().zip(STREAMS) {
            let path = log_path(&slot_dir, key, stream);
            if let Err(error) = send_new(&session, &job, stream, &path, sent).await {
                tracing::warn!(job = %job.id, "failed to {error}");
            }
        }
        let _ = tokio::time::timeout(LOOK, shared.wake.notified()).await;
    }
}

async fn send_new(
    session: &Session,
    job: &LeasedJob,
    stream: LogStream,
    path: &Path,
    sent: &AtomicU64,
) -> Result<(), wire::Error> {
    loop {
        let offset = sent.load(Ordering::Relaxed);
        let bytes = read_at(path, offset).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        let n = bytes.len() as u64;
        session.client().put_log(job, stream, offset, bytes.into(), false).await?;
        sent.store(offset + n, Ordering::Relaxed);
    }
}

/// At most one chunk of a file from `offset` on.
pub(super) fn read_at(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(LOG_CHUNK_MAX as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Uploads the rest of a file and says that it is complete.
pub(super) async fn upload_file(
    session: &Session,
    job: &LeasedJob,
    stream: LogStream,
    path: &Path,
    mut offset: u64,
) -> Result<(), wire::Error> {
    loop {
        let bytes = read_at(path, offset).map_err(|error| wire::Error::Call {
            call: format!("upload of {}", path.display()),
            reason: error.to_string(),
        })?;
        let n = bytes.len();
        let complete = n < LOG_CHUNK_MAX;
        session.client().put_log(job, stream, offset, Bytes::from(bytes), complete).await?;
        if complete {
            return Ok(());
        }
        offset += n as u64;
    }
}
