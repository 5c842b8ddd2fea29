//! The one writer of a store: operations that wait are committed together, and answered after the commit.
//!
//! A batch runs without savepoints first. When an operation fails after it wrote something, the batch is rolled back
//! and run again with a savepoint around each operation, so that a bad one never fails its neighbours. Operations must
//! therefore be repeatable: they are `Fn`, and touch nothing but their transaction.

use crate::engine::Connection;
use crate::error::caught;
use crate::notify::Outbox;
use crate::shared::{Learned, Shared};
use crate::tx::Tx;
use crate::writing::Writing;
use crate::{ChangeSet, Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The most operations in one commit.
const BATCH_MAX: usize = 512;
/// How often a batch is run again after a collision with another server.
const COLLISIONS_MAX: u32 = 8;

/// One operation that waits.
trait Operation: Send {
    /// Runs it and keeps the result.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    /// Gives the answer: the result kept, or the failure of the whole commit.
    fn answer(self: Box<Self>, committed: std::result::Result<(), &Error>);
}

/// Something that has the connection for itself.
type Exclusive = Box<dyn FnOnce(&mut dyn Connection) + Send>;

/// What the writer is asked to do.
enum Work {
    /// To be committed together with others.
    Operation(Box<dyn Operation>),
    /// To have the connection alone, outside of any transaction.
    Alone(Exclusive),
    /// To end.
    Stop,
}

struct Typed<F, T> {
    run: F,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Operation for Typed<F, T>
where
    F: Fn(&mut Tx<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        match caught(|| (self.run)(tx)) {
            Ok(value) => {
                self.result = Some(Ok(value));
                Ok(())
            }
            Err(error) => {
                self.result = Some(Err(error.again()));
                Err(error)
            }
        }
    }

    fn answer(self: Box<Self>, committed: std::result::Result<(), &Error>) {
        let answer = match committed {
            Ok(()) => self.result.unwrap_or_else(|| Err(Error::unavailable("the operation was not run"))),
            Err(error) => Err(error.again()),
        };
        // The caller may have gone away; the commit stands.
        let _ = self.reply.send(answer);
    }
}

/// Counts of what the writer did.
#[derive(Debug, Default)]
pub(crate) struct WriterCounts {
    /// Group commits.
    pub(crate) commits: AtomicU64,
    /// Operations in them.
    pub(crate) operations: AtomicU64,
}

/// The way to the writer's thread.
pub(crate) struct Writer {
    queue: mpsc::Sender<Work>,
    thread: std::sync::Mutex<Option<JoinHandle<()>>>,
    pub(crate) counts: Arc<WriterCounts>,
    pub(crate) writing: Arc<Writing>,
}

/// What the writer needs.
pub(crate) struct WriterParts {
    pub(crate) connection: Box<dyn Connection>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) outbox: Outbox,
    pub(crate) queue_max: usize,
}

impl Writer {
    /// Starts the writer's thread.
    pub(crate) fn start(parts: WriterParts) -> Result<Writer> {
        let (queue, inbox) = mpsc::channel(parts.queue_max.max(1));
        let counts = Arc::new(WriterCounts::default());
        let writing = Arc::new(Writing::default());
        let mut body = Body { parts, counts: counts.clone(), writing: writing.clone() };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || body.work(inbox))
            .map_err(|error| Error::unavailable(format!("cannot start the writer: {error}")))?;
        Ok(Writer { queue, thread: std::sync::Mutex::new(Some(thread)), counts, writing })
    }

    /// Runs an operation in the next group commit and waits for its answer.
    pub(crate) async fn write<F, T>(&self, run: F) -> Result<T>
    where
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Work::Operation(Box::new(Typed { run, result: None, reply })))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Runs something with the connection alone, between two group commits.
    pub(crate) async fn alone<F, T>(&self, run: F) -> Result<T>
    where
        F: FnOnce(&mut dyn Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = move |connection: &mut dyn Connection| {
            let _ = reply.send(caught(|| run(connection)));
        };
        self.send(Work::Alone(Box::new(work)))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Operations that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Ends the thread after everything that waits now. Returns once it has ended.
    pub(crate) async fn stop(&self) {
        let _ = self.queue.send(Work::Stop).await;
        let thread = self.thread.lock().ok().and_then(|mut slot| slot.take());
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }

    fn send(&self, work: Work) -> Result<()> {
        self.queue.try_send(work).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy { waiting: self.waiting() },
            mpsc::error::TrySendError::Closed(_) => closed(),
        })
    }
}

fn closed() -> Error {
    Error::unavailable("the store is closed")
}

struct Body {
    parts: WriterParts,
    counts: Arc<WriterCounts>,
    writing: Arc<Writing>,
}

impl Body {
    fn work(&mut self, mut inbox: mpsc::Receiver<Work>) {
        let mut batch: Vec<Box<dyn Operation>> = Vec::new();
        while let Some(first) = inbox.blocking_recv() {
            let mut next = Some(first);
            while let Some(work) = next.take() {
                match work {
                    Work::Operation(operation) => batch.push(operation),
                    Work::Alone(run) => {
                        self.commit(&mut batch);
                        self.writing.begin();
                        run(self.parts.connection.as_mut());
                        self.writing.idle();
                    }
                    Work::Stop => {
                        self.commit(&mut batch);
                        return;
                    }
                }
                if batch.len() < BATCH_MAX {
                    next = inbox.try_recv().ok();
                }
            }
            self.commit(&mut batch);
        }
    }

    /// Commits a batch and answers everybody in it.
    fn commit(&mut self, batch: &mut Vec<Box<dyn Operation>>) {
        if batch.is_empty() {
            return;
        }
        self.writing.begin();
        match self.attempt(batch) {
            Ok(Done { changes, learned, has_changed }) => {
                if has_changed {
                    self.writing.written()
                } else {
                    self.writing.idle()
                }
                self.counts.commits.fetch_add(1, Ordering::Relaxed);
                self.counts.operations.fetch_add(batch.len() as u64, Ordering::Relaxed);
                self.parts.shared.keep(learned);
                // Told before answered: who waits for a change after an answer must not find an older one.
                self.parts.outbox.publish(changes);
                batch.drain(..).for_each(|operation| operation.answer(Ok(())));
            }
            Err(error) => {
                self.writing.failed(&error);
                tracing::warn!(%error, operations = batch.len(), "group commit failed");
                batch.drain(..).for_each(|operation| operation.answer(Err(&error)));
            }
        }
    }

    fn attempt(&mut self, batch: &mut [Box<dyn Operation>]) -> Result<Done> {
        let mut collisions = 0;
        let mut careful = false;
        loop {
            match self.transaction(batch, careful) {
                Err(Stop::Careful) => careful = true,
                Err(Stop::Failed(Error::Collision)) if collisions < COLLISIONS_MAX => {
                    collisions += 1;
                    std::thread::sleep(Duration::from_millis(u64::from(collisions) * 3));
                }
                Err(Stop::Failed(error)) => return Err(error),
                Ok(done) => return Ok(done),
            }
        }
    }

    fn transaction(&mut self, batch: &mut [Box<dyn Operation>], careful: bool) -> std::result::Result<Done, Stop> {
        let parts = &mut self.parts;
        parts.connection.begin()?;
        let done = run_and_finish(parts, batch, careful).and_then(|done| {
            parts.connection.commit()?;
            Ok(done)
        });
        if done.is_err() {
            parts.connection.rollback();
        }
        done
    }
}

/// What a transaction did.
struct Done {
    changes: ChangeSet,
    learned: Learned,
    /// It wrote something.
    has_changed: bool,
}

fn run_and_finish(
    parts: &mut WriterParts,
    batch: &mut [Box<dyn Operation>],
    careful: bool,
) -> std::result::Result<Done, Stop> {
    let mut tx = Tx::new(parts.connection.as_mut(), &parts.shared);
    if careful {
        run_carefully(batch, &mut tx)?;
    } else {
        run_optimistically(batch, &mut tx)?;
    }
    let has_changed = tx.has_changed();
    let (changes, learned) = tx.finish()?;
    Outbox::announce(parts.connection.as_mut(), &parts.outbox, &changes)?;
    Ok(Done { changes, learned, has_changed })
}

/// Why a transaction was given up.
enum Stop {
    /// An operation failed after it wrote: run again with savepoints.
    Careful,
    /// Everything failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

fn run_optimistically(batch: &mut [Box<dyn Operation>], tx: &mut Tx<'_>) -> std::result::Result<(), Stop> {
    for operation in batch {
        let before = tx.writes();
        match operation.run(tx) {
            Ok(()) => {}
            Err(error) if error.is_temporary() => return Err(Stop::Failed(error)),
            Err(error) if error.is_refusal() && tx.writes() == before => {}
            Err(_) => return Err(Stop::Careful),
        }
    }
    Ok(())
}

fn run_carefully(batch: &mut [Box<dyn Operation>], tx: &mut Tx<'_>) -> std::result::Result<(), Stop> {
    for operation in batch {
        let pending = tx.snapshot();
        tx.connection().run("SAVEPOINT operation")?;
        match operation.run(tx) {
            Ok(()) => tx.connection().run("RELEASE SAVEPOINT operation")?,
            Err(error) if error.is_temporary() => return Err(Stop::Failed(error)),
            Err(_) => {
                tx.connection().run("ROLLBACK TO SAVEPOINT operation; RELEASE SAVEPOINT operation")?;
                tx.restore(pending);
            }
        }
    }
    Ok(())
}
