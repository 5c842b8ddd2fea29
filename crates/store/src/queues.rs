//! Queues.

use crate::store::not_yet;
use crate::{Result, Store};
use model::{QueueRecord, QueueStatus, Time};

impl Store {
    /// Creates or changes a queue. Returns whether anything changed.
    pub async fn put_queue(&self, _queue: QueueRecord, _now: Time) -> Result<bool> {
        not_yet()
    }

    /// Creates the queue when it is missing, and leaves it alone otherwise. Returns whether it was created.
    pub async fn ensure_queue(&self, _queue: QueueRecord, _now: Time) -> Result<bool> {
        not_yet()
    }

    /// Sets a queue's status.
    pub async fn set_queue_status(
        &self,
        _name: String,
        _status: QueueStatus,
        _reason: String,
        _now: Time,
    ) -> Result<()> {
        not_yet()
    }

    /// All queues by name.
    pub async fn queues(&self) -> Result<Vec<QueueRecord>> {
        not_yet()
    }

    /// One queue.
    pub async fn queue(&self, _name: String) -> Result<Option<QueueRecord>> {
        not_yet()
    }
}
