//! Calls of `/queues`, `/sites`, `/tags`, `/demand`.

use super::{Call, Client, Error};
use crate::api::*;
use model::QueueRecord;

impl Client {
    /// All queues with their counts.
    pub async fn queues(&self) -> Result<QueueList, Error> {
        self.send(Call::get("/queues")).await?.json()
    }

    /// One queue.
    pub async fn queue(&self, name: &str) -> Result<QueueSummary, Error> {
        self.send(Call::get(&format!("/queues/{name}"))).await?.json()
    }

    /// Creates a queue or changes one; the status of one that is there stays as it is.
    pub async fn put_queue(&self, queue: &QueueRecord) -> Result<(), Error> {
        self.send(Call::put(&format!("/queues/{}", queue.name)).json(queue)).await.map(drop)
    }

    /// Sets the status of a queue.
    pub async fn set_queue_status(&self, name: &str, request: &SetQueueStatus) -> Result<(), Error> {
        self.send(Call::put(&format!("/queues/{name}/status")).json(request)).await.map(drop)
    }

    /// Queues grouped by site.
    pub async fn sites(&self) -> Result<QueueGroupList, Error> {
        self.send(Call::get("/sites")).await?.json()
    }

    /// Queues grouped by tag.
    pub async fn tags(&self) -> Result<QueueGroupList, Error> {
        self.send(Call::get("/tags")).await?.json()
    }

    /// Demand of all queues.
    pub async fn demand(&self) -> Result<DemandList, Error> {
        self.send(Call::get("/demand")).await?.json()
    }
}
