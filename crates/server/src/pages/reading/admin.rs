//! What operators want to know of the server itself.

use super::{Read, Reader};
use crate::api::tokens;
use crate::extract::Segments;
use crate::pages::admin::{Origin, Retention, Topology, kept_by};
use axum::extract::State;
use model::alarm::AlarmRemark;
use model::{Permission, QueueRecord, TokenInfo};
use store::QueueOrigin;

impl Reader<'_> {
    /// Refuses those who may not.
    pub fn may(&self, permission: Permission) -> Read<()> {
        self.asked.identity.require(permission).map_err(|error| self.fail(error))
    }

    /// What people last said of alarms.
    pub async fn remarks(&self, limit: u32) -> Read<Vec<AlarmRemark>> {
        self.stored(self.state.store.alarm_remarks(limit).await)
    }

    /// Valid tokens, the newest first; none for those who may not see them.
    pub async fn tokens(&self) -> Read<Option<Vec<TokenInfo>>> {
        if !self.asked.identity.role.may(Permission::Administer) {
            return Ok(None);
        }
        let list = self.told(tokens::list(State(self.state.clone()), self.asked.identity.clone()).await)?;
        Ok(Some(list.tokens.into_iter().rev().collect()))
    }

    /// Ends a token.
    pub async fn revoke_token(&self, id: i64) -> Read<()> {
        let who = self.asked.identity.clone();
        let done = tokens::revoke(State(self.state.clone()), who, Segments(id)).await;
        done.map(drop).map_err(|error| self.fail(error))
    }

    /// What is kept, what went, and how much there is.
    pub async fn retention(&self) -> Read<Retention> {
        let removals = self.stored(self.state.store.removals().await)?;
        Ok(Retention {
            kept: kept_by(&self.state.config, &removals),
            database_bytes: self.stored(self.state.store.bytes().await)?,
            logs: self.log_status().await?,
        })
    }

    /// Queues with names behind `after`, with where they came from.
    pub async fn topology(&self, after: String, rows: usize) -> Read<Topology> {
        let store = &self.state.store;
        let mut queues = self.stored(store.queues_after(after, rows as u32 + 1).await)?;
        let has_more = queues.len() > rows;
        queues.truncate(rows);
        let queues: Vec<Origin> = queues.into_iter().map(origin).collect();
        let next = queues.last().filter(|_| has_more).map(|last| last.queue.name.clone());
        Ok(Topology { total: self.stored(store.count_queues().await)?, queues, next })
    }
}

fn origin((queue, QueueOrigin { status_set, written }): (QueueRecord, QueueOrigin)) -> Origin {
    Origin { queue, status_set, written }
}
