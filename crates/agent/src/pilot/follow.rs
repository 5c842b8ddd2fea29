//! Streams the output of a running job while somebody reads it.

use super::session::Session;
use crate::frame::JobKey;
use crate::runner::log_path;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use wire::api::{LeasedJob, LogStream};
use wire::upload::read_piece;

/// Between two looks at the files.
const LOOK: Duration = Duration::from_millis(200);
/// How long output is streamed after the last wish for it.
const FOLLOWED_FOR: Duration = Duration::from_secs(60);

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
        for (sent, stream) in shared.sent.iter().zip(LogStream::ALL) {
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
        let bytes = read_piece(path, offset).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(());
        }
        let n = bytes.len() as u64;
        session.client().put_log(job, stream, offset, bytes.into(), false).await?;
        sent.store(offset + n, Ordering::Relaxed);
    }
}
