//! The connections that read.

use crate::engine::Connection;
use crate::error::caught;
use crate::{Error, Result};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// The most reads that wait for a connection.
const READ_QUEUE_MAX: usize = 4096;

/// A few connections, each used by one read at a time.
pub(crate) struct Readers {
    idle: Arc<Mutex<Vec<Box<dyn Connection>>>>,
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Readers {
    pub(crate) fn new(connections: Vec<Box<dyn Connection>>) -> Readers {
        let free = Arc::new(Semaphore::new(connections.len()));
        Readers { idle: Arc::new(Mutex::new(connections)), free, waiting: AtomicUsize::new(0) }
    }

    /// Runs a read that sees one consistent state.
    pub(crate) async fn read<F, T>(&self, run: F) -> Result<T>
    where
        F: FnOnce(&mut dyn Connection) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let waits = Waits::begin(&self.waiting)?;
        let permit = self.free.clone().acquire_owned().await.map_err(|_| Error::unavailable("the store is closed"))?;
        drop(waits);
        let idle = self.idle.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let taken = idle.lock().ok().and_then(|mut list| list.pop());
            let mut connection = taken.ok_or_else(|| Error::unavailable("no connection is left to read with"))?;
            let result = consistently(connection.as_mut(), run);
            if let Ok(mut list) = idle.lock() {
                list.push(connection);
            }
            result
        });
        task.await.unwrap_or_else(|error| Err(Error::unavailable(format!("the read broke off: {error}"))))
    }

    /// Closes all connections once their reads have ended; further reads fail.
    pub(crate) async fn close(&self) {
        self.free.close();
        let idle = self.idle.clone();
        let _ = tokio::task::spawn_blocking(move || idle.lock().map(|mut list| list.clear()).is_ok()).await;
    }
}

/// One read among those that wait. Who goes away while waiting waits no more.
struct Waits<'a>(&'a AtomicUsize);

impl Waits<'_> {
    fn begin(count: &AtomicUsize) -> Result<Waits<'_>> {
        let waiting = count.fetch_add(1, Ordering::Relaxed);
        let waits = Waits(count);
        if waiting < READ_QUEUE_MAX { Ok(waits) } else { Err(Error::Busy { waiting }) }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs a read inside a transaction.
pub(crate) fn consistently<T>(
    connection: &mut dyn Connection,
    run: impl FnOnce(&mut dyn Connection) -> Result<T>,
) -> Result<T> {
    connection.begin_read()?;
    let result = caught(|| run(connection));
    match &result {
        Ok(_) => connection.commit()?,
        Err(_) => connection.rollback(),
    }
    result
}
