//! Queues.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::jobs::codes;
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::{QueueRecord, QueueStatus, StatusChange, Written};
use std::collections::HashMap;

statements! {
    ALL_QUEUES = "SELECT name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s FROM queue \
        ORDER BY name";
    QUEUE = "SELECT name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s FROM queue \
        WHERE name = ?1";
    PUT_QUEUE = "INSERT INTO queue (name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s, reason, \
        changed, put_by, put_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9, ?10, ?9) \
        ON CONFLICT (name) DO UPDATE SET site = excluded.site, region = excluded.region, tags = excluded.tags, max_cores = excluded.max_cores, \
        max_memory_mib = excluded.max_memory_mib, max_wall_time_s = excluded.max_wall_time_s, \
        put_by = excluded.put_by, put_at = excluded.put_at";
    SET_STATUS = "UPDATE queue SET status = ?2, reason = ?3, changed = ?4, changed_by = ?5 WHERE name = ?1";
    QUEUE_ORIGINS = "SELECT name, changed_by, changed, reason, put_by, put_at FROM queue \
        WHERE changed_by <> '' OR put_by <> ''";
    QUEUES_AFTER = "SELECT name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s, changed_by, \
        changed, reason, put_by, put_at FROM queue WHERE name > ?1 ORDER BY name LIMIT ?2";
    COUNT_QUEUES = "SELECT COUNT(*) FROM queue";
}

/// Where the record and the status of a queue came from, as far as that was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueOrigin {
    /// Who set its status, if anybody did.
    pub status_set: Option<StatusChange>,
    /// Who wrote its record last.
    pub written: Option<Written>,
}

impl Store {
    /// Creates a queue or changes one; the status of one that is there stays as it is. Returns whether anything changed.
    pub async fn put_queue(&self, queue: QueueRecord, written: Written) -> Result<bool> {
        self.write(move |tx| {
            let there = find(tx, &queue.name)?;
            let status = there.as_ref().map_or(queue.status, |there| there.status);
            let wanted = QueueRecord { status, ..queue.clone() };
            if there.as_ref() == Some(&wanted) {
                return Ok(false);
            }
            put(tx, &wanted, &written)?;
            Ok(true)
        })
        .await
    }

    /// Sets a queue's status.
    pub async fn set_queue_status(&self, name: String, status: QueueStatus, change: StatusChange) -> Result<()> {
        self.write(move |tx| set_status(tx, &name, status, &change)).await
    }

    /// Where each queue came from of which that was kept.
    pub async fn queue_origins(&self) -> Result<HashMap<String, QueueOrigin>> {
        let origins = self.rows(&QUEUE_ORIGINS, Vec::new(), |row: &Row| Ok((row.text(0)?, origin_of(row, 1)?)));
        Ok(origins.await?.into_iter().collect())
    }

    /// Queues by name from behind `after`, at most `limit`, with where they came from.
    pub async fn queues_after(&self, after: String, limit: u32) -> Result<Vec<(QueueRecord, QueueOrigin)>> {
        let both = |row: &Row| Ok((queue_of(row)?, origin_of(row, 8)?));
        self.rows(&QUEUES_AFTER, params![after, limit].to_vec(), both).await
    }

    /// How many queues there are.
    pub async fn count_queues(&self) -> Result<u64> {
        Ok(self.rows(&COUNT_QUEUES, Vec::new(), |row| row.count(0)).await?.into_iter().next().unwrap_or_default())
    }

    /// All queues by name.
    pub async fn queues(&self) -> Result<Vec<QueueRecord>> {
        self.rows(&ALL_QUEUES, Vec::new(), queue_of).await
    }

    /// One queue.
    pub async fn queue(&self, name: String) -> Result<Option<QueueRecord>> {
        Ok(self.rows(&QUEUE, params![name].to_vec(), queue_of).await?.into_iter().next())
    }
}

/// Sets a queue's status.
pub(crate) fn set_status(tx: &mut Tx<'_>, name: &str, status: QueueStatus, change: &StatusChange) -> Result<()> {
    let StatusChange { by, at, reason } = change;
    if tx.execute(&SET_STATUS, params![name, status as i64, reason, *at, by])? == 0 {
        return Err(Error::not_found(format!("queue {name}")));
    }
    tx.changes().queues.insert(name.to_owned());
    Ok(())
}

/// A queue by its name.
pub(crate) fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<QueueRecord>> {
    tx.query_one(&QUEUE, params![name])?.map(|row| queue_of(&row)).transpose()
}

/// Creates a queue, or changes one apart from its status.
pub(crate) fn put(tx: &mut Tx<'_>, queue: &QueueRecord, written: &Written) -> Result<()> {
    tx.execute(
        &PUT_QUEUE,
        params![
            &queue.name,
            &queue.site,
            &queue.region,
            to_json(&queue.tags)?,
            queue.status as i64,
            queue.max_cores,
            queue.max_memory_mib,
            queue.max_wall_time_s,
            written.at,
            &written.by
        ],
    )?;
    tx.changes().queues.insert(queue.name.clone());
    Ok(())
}

/// A queue from a row of [`ALL_QUEUES`].
pub(crate) fn queue_of(row: &Row) -> Result<QueueRecord> {
    Ok(QueueRecord {
        name: row.text(0)?,
        site: row.text(1)?,
        region: row.text(2)?,
        tags: row.json(3)?,
        status: codes::queue_status(row.int(4)?)?,
        max_cores: row.small(5)?,
        max_memory_mib: row.small(6)?,
        max_wall_time_s: row.small(7)?,
    })
}

/// Where a queue came from, from five columns that begin at `first`.
fn origin_of(row: &Row, first: usize) -> Result<QueueOrigin> {
    let change = StatusChange { by: row.text(first)?, at: row.time(first + 1)?, reason: row.text(first + 2)? };
    let written = Written { by: row.text(first + 3)?, at: row.time(first + 4)? };
    Ok(QueueOrigin {
        status_set: Some(change).filter(|change| !change.by.is_empty()),
        written: Some(written).filter(|written| !written.by.is_empty()),
    })
}
