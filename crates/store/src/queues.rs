//! Queues.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::jobs::codes;
use crate::tx::Tx;
use crate::{Error, Result, Store};
use model::{QueueRecord, QueueStatus, StatusChange, Time};
use std::collections::HashMap;

statements! {
    ALL_QUEUES = "SELECT name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s FROM queue \
        ORDER BY name";
    QUEUE = "SELECT name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s FROM queue \
        WHERE name = ?1";
    PUT_QUEUE = "INSERT INTO queue (name, site, region, tags, status, max_cores, max_memory_mib, max_wall_time_s, reason, \
        changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '', ?9) ON CONFLICT (name) DO UPDATE SET site = excluded.site, \
        region = excluded.region, tags = excluded.tags, max_cores = excluded.max_cores, \
        max_memory_mib = excluded.max_memory_mib, max_wall_time_s = excluded.max_wall_time_s";
    SET_STATUS = "UPDATE queue SET status = ?2, reason = ?3, changed = ?4, changed_by = ?5 WHERE name = ?1";
    STATUS_CHANGES = "SELECT name, changed_by, changed, reason FROM queue WHERE changed_by <> ''";
}

impl Store {
    /// Creates a queue or changes one; the status of one that is there stays as it is. Returns whether anything changed.
    pub async fn put_queue(&self, queue: QueueRecord, now: Time) -> Result<bool> {
        self.write(move |tx| {
            let there = find(tx, &queue.name)?;
            let status = there.as_ref().map_or(queue.status, |there| there.status);
            let wanted = QueueRecord { status, ..queue.clone() };
            if there.as_ref() == Some(&wanted) {
                return Ok(false);
            }
            put(tx, &wanted, now)?;
            Ok(true)
        })
        .await
    }

    /// Sets a queue's status.
    pub async fn set_queue_status(&self, name: String, status: QueueStatus, change: StatusChange) -> Result<()> {
        self.write(move |tx| set_status(tx, &name, status, &change)).await
    }

    /// Who last set the status of each queue of which anybody did.
    pub async fn status_changes(&self) -> Result<HashMap<String, StatusChange>> {
        let changes = self.rows(&STATUS_CHANGES, Vec::new(), |row: &Row| {
            Ok((row.text(0)?, StatusChange { by: row.text(1)?, at: row.time(2)?, reason: row.text(3)? }))
        });
        Ok(changes.await?.into_iter().collect())
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
pub(crate) fn put(tx: &mut Tx<'_>, queue: &QueueRecord, now: Time) -> Result<()> {
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
            now
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
