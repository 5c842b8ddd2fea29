//! What happened on each node, by hour: a node on which everything fails swallows a queue.

use super::ends::hour;
use super::row::PilotRow;
use crate::engine::{Row, Value, params, statements};
use crate::tx::{PilotJobs, Tx};
use crate::{Result, Store};
use model::{ErrorClass, NodeCounts, PilotId, PilotState, Time};
use std::collections::BTreeMap;

macro_rules! sums {
    (sqlite) => {
        "SUM(done), SUM(empty), SUM(fault), SUM(refused), SUM(finished), SUM(failed), MAX(last)"
    };
    (postgres) => {
        "CAST(SUM(done) AS BIGINT), CAST(SUM(empty) AS BIGINT), CAST(SUM(fault) AS BIGINT), \
         CAST(SUM(refused) AS BIGINT), CAST(SUM(finished) AS BIGINT), CAST(SUM(failed) AS BIGINT), MAX(last)"
    };
}

macro_rules! on_conflict {
    () => {
        " ON CONFLICT (hour, queue, node) DO UPDATE SET done = node_hour.done + excluded.done, \
         empty = node_hour.empty + excluded.empty, fault = node_hour.fault + excluded.fault, \
         refused = node_hour.refused + excluded.refused, finished = node_hour.finished + excluded.finished, \
         failed = node_hour.failed + excluded.failed, \
         last = CASE WHEN excluded.last > node_hour.last THEN excluded.last ELSE node_hour.last END"
    };
}

statements! {
    ADD_TO_NODES = concat!("INSERT INTO node_hour (hour, queue, node, done, empty, fault, refused, finished, failed, last) \
            SELECT ?2, queue, node, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM pilot WHERE id = ?1 AND node IS NOT NULL",
            on_conflict!()),
        arrays concat!("INSERT INTO node_hour (hour, queue, node, done, empty, fault, refused, finished, failed, last) \
            SELECT t.hour, p.queue, p.node, SUM(t.done), SUM(t.empty), SUM(t.fault), SUM(t.refused), SUM(t.finished), \
            SUM(t.failed), MAX(t.last) FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], \
            ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[]) \
            AS t (id, hour, done, empty, fault, refused, finished, failed, last) \
            JOIN pilot p ON p.id = t.id WHERE p.node IS NOT NULL GROUP BY t.hour, p.queue, p.node \
            ORDER BY t.hour, p.queue, p.node", on_conflict!());
    NODES_SINCE = concat!("SELECT queue, node, ", sums!(sqlite), " FROM node_hour WHERE hour >= ?1 GROUP BY queue, node")
        => concat!("SELECT queue, node, ", sums!(postgres), " FROM node_hour WHERE hour >= ?1 GROUP BY queue, node");
    NODE_BY_HOUR = concat!("SELECT hour, ", sums!(sqlite), " FROM node_hour WHERE hour >= ?1 AND hour <= ?2 \
            AND queue = ?3 AND node = ?4 GROUP BY hour ORDER BY hour")
        => concat!("SELECT hour, ", sums!(postgres), " FROM node_hour WHERE hour >= ?1 AND hour <= ?2 \
            AND queue = ?3 AND node = ?4 GROUP BY hour ORDER BY hour");
    PILOTS_ON_NODE = "SELECT id FROM pilot WHERE node = ?1 AND node IS NOT NULL ORDER BY id DESC LIMIT ?2";
    OLD_NODES = "DELETE FROM node_hour WHERE hour < ?1";
}

/// What happened on one node to the pilots of one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFlow {
    /// The queue that the pilots serve.
    pub queue: String,
    /// The node, as its pilots name it.
    pub node: String,
    /// What happened.
    pub counts: NodeCounts,
    /// The last pilot that broke there.
    pub last_bad: Option<PilotId>,
}

/// What a commit adds, by hour and pilot.
pub(crate) type Added = BTreeMap<(PilotId, i64), (NodeCounts, bool)>;

/// What the end of a pilot adds.
pub(crate) fn end(row: &PilotRow, just: PilotJobs) -> (NodeCounts, bool) {
    let mut counts = NodeCounts::default();
    let is_bad = match row.state {
        _ if row.error_class == Some(ErrorClass::Node) => {
            counts.refused = 1;
            true
        }
        PilotState::Fault => {
            counts.fault = 1;
            true
        }
        _ => {
            counts.done = 1;
            counts.empty = u64::from(row.jobs_ended + just.ended == 0);
            false
        }
    };
    (counts, is_bad)
}

/// Writes what a commit adds.
pub(crate) fn write(tx: &mut Tx<'_>, added: &Added) -> Result<()> {
    let row = |((pilot, hour), (counts, is_bad)): (&(PilotId, i64), &(NodeCounts, bool))| {
        let NodeCounts { done, empty, fault, refused, finished, failed } = *counts;
        let last = if *is_bad { pilot.0 } else { 0 };
        params![*pilot, *hour, done, empty, fault, refused, finished, failed, last].to_vec()
    };
    let rows: Vec<Vec<Value>> = added.iter().map(row).collect();
    tx.execute_many(&ADD_TO_NODES, &rows).map(|_| ())
}

impl Store {
    /// What happened on each node since the beginning of the hour of `since`.
    pub async fn node_flows(&self, since: Time) -> Result<Vec<NodeFlow>> {
        self.rows(&NODES_SINCE, params![hour(since)].to_vec(), |row: &Row| {
            let (counts, last_bad) = counts_in(row, 2)?;
            Ok(NodeFlow { queue: row.text(0)?, node: row.text(1)?, counts, last_bad })
        })
        .await
    }

    /// What happened on a node to pilots of a queue, by hours since 1970, from that of `since` to that of `until`.
    pub async fn node_hours(
        &self,
        queue: String,
        node: String,
        since: Time,
        until: Time,
    ) -> Result<Vec<(i64, NodeCounts)>> {
        let values = params![hour(since), hour(until), queue, node].to_vec();
        self.rows(&NODE_BY_HOUR, values, |row: &Row| Ok((row.int(0)?, counts_in(row, 1)?.0))).await
    }

    /// The newest pilots on a node, at most `rows`.
    pub async fn pilots_on_node(&self, node: String, rows: u32) -> Result<Vec<PilotId>> {
        self.rows(&PILOTS_ON_NODE, params![node, rows].to_vec(), |row: &Row| Ok(PilotId(row.int(0)?))).await
    }
}

fn counts_in(row: &Row, at: usize) -> Result<(NodeCounts, Option<PilotId>)> {
    let counts = NodeCounts {
        done: row.count(at)?,
        empty: row.count(at + 1)?,
        fault: row.count(at + 2)?,
        refused: row.count(at + 3)?,
        finished: row.count(at + 4)?,
        failed: row.count(at + 5)?,
    };
    Ok((counts, Some(row.int(at + 6)?).filter(|last| *last > 0).map(PilotId)))
}
