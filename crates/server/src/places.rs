//! Where queues are: their sites and regions.

use crate::names::{Narrowed, leaves};
use crate::{ApiError, AppState};
use std::collections::HashMap;
use wire::api::EndsQuery;

/// Site and region of each queue.
#[derive(Clone, Debug, Default)]
pub struct Places(HashMap<String, (String, String)>);

impl Places {
    /// As the queues are registered now.
    pub async fn read(state: &AppState) -> Result<Places, ApiError> {
        let queues = state.store.queues().await?;
        Ok(Places(queues.into_iter().map(|queue| (queue.name, (queue.site, queue.region))).collect()))
    }

    /// The site of a queue; the queue's own name when it is registered no more.
    pub fn site<'a>(&'a self, queue: &'a str) -> &'a str {
        self.0.get(queue).map_or(queue, |(site, _)| site)
    }

    /// The region of a queue; empty when it has none.
    pub fn region(&self, queue: &str) -> &str {
        self.0.get(queue).map_or("", |(_, region)| region)
    }

    /// Whether the query leaves this label.
    pub fn leaves(&self, query: &EndsQuery, factory: &str, label: &str, queue: &str) -> bool {
        leaves(&query.factory, factory) && leaves(&query.label, label) && self.leaves_queue(query, queue)
    }

    /// Whether the query leaves labels of this queue.
    pub fn leaves_queue(&self, query: &EndsQuery, queue: &str) -> bool {
        leaves(&query.queue, queue)
            && leaves(&query.site, self.site(queue))
            && leaves(&query.region, self.region(queue))
    }
}

/// Refuses names in the query that nothing has. To be asked when nothing was found.
pub async fn check(query: EndsQuery, state: &AppState) -> Result<(), ApiError> {
    let EndsQuery { factory, label, queue, site, region, .. } = query;
    Narrowed { factory, label, queue, site, region }.check(state).await
}
