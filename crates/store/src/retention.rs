//! What is of no use any more, deleted in bounded portions.

pub(crate) mod removals;

use crate::archive::keys;
use crate::engine::{Row, params, statements};
use crate::jobs::codes;
use crate::pilots::core_time::OLD_CORE_TIME;
use crate::pilots::ends::hour;
use crate::pilots::messages::OLD_MESSAGES;
use crate::pilots::nodes::OLD_NODES;
use crate::sessions::OLD_SESSIONS;
use crate::tx::{LabelKey, Tx};
use crate::{LabelCount, Result, Store};
use model::Time;
use removals::Removable;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long what nobody configures is kept.
pub mod kept {
    use std::time::Duration;

    const DAY_S: u64 = 86_400;
    /// Ends of pilots by the hour, their error texts, and what their cores were used for.
    pub const ENDS: Duration = Duration::from_secs(30 * DAY_S);
    /// Ends of pilots by the hour on each node.
    pub const NODES: Duration = Duration::from_secs(3 * DAY_S);
    /// Decisions.
    pub const DECISIONS: Duration = Duration::from_secs(30 * DAY_S);
    /// Commands after their expiry.
    pub const COMMANDS: Duration = Duration::from_secs(7 * DAY_S);
    /// Orders after their end.
    pub const ORDERS: Duration = Duration::from_secs(365 * DAY_S);
}

/// Pilots that one step deletes.
const PORTION: i64 = 1000;

statements! {
    OLD_KEYS = "DELETE FROM idempotency WHERE made < ?1";
    OLD_THROUGHPUT = "DELETE FROM throughput WHERE minute < ?1";
    OLD_ENDS = "DELETE FROM pilot_end WHERE hour < ?1";
    OLD_COMMANDS = "DELETE FROM command WHERE id IN (SELECT id FROM (SELECT id, expires FROM command ORDER BY id \
        LIMIT 1000) AS oldest WHERE expires < ?1)";
    OLD_DECISIONS = "DELETE FROM decision WHERE id IN (SELECT id FROM (SELECT id, last_time FROM decision ORDER BY id \
        LIMIT 1000) AS oldest WHERE last_time < ?1)";
    OLD_ORDERS = "DELETE FROM factory_order WHERE id IN (SELECT id FROM (SELECT id, ended FROM factory_order ORDER BY id \
        LIMIT 1000) AS oldest WHERE ended < ?1)";
    EMPTY_LANES = "SELECT id FROM lane WHERE defined = 0 AND activated = 0 AND sent = 0 \
        AND starting = 0 AND running = 0 AND holding = 0 AND transferring = 0 AND finished = 0 AND failed = 0 \
        AND cancelled = 0 AND closed = 0 ORDER BY id LIMIT 1000";
    DROP_LANE = "DELETE FROM lane WHERE id = ?1 AND defined = 0 AND activated = 0 AND sent = 0 \
        AND starting = 0 AND running = 0 AND holding = 0 AND transferring = 0 AND finished = 0 AND failed = 0 \
        AND cancelled = 0 AND closed = 0";
    OLD_PILOTS = "SELECT id, factory, label, queue, state, slots FROM pilot WHERE state >= 5 AND ended < ?1 \
            ORDER BY ended LIMIT ?2"
        => "SELECT id, factory, label, queue, state, slots FROM pilot WHERE state >= 5 AND ended < ?1 \
            ORDER BY ended LIMIT ?2 FOR UPDATE";
    COUNT_FORGOTTEN = "INSERT INTO forgotten_pilots (factory, label, queue, state, pilots) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (factory, label, queue, state) DO UPDATE SET pilots = forgotten_pilots.pilots + excluded.pilots";
    FORGOTTEN = "SELECT factory, label, queue, state, pilots FROM forgotten_pilots WHERE factory = ?1";
    ALL_FORGOTTEN = "SELECT factory, label, queue, state, pilots FROM forgotten_pilots";
    DROP_INCARNATIONS = "DELETE FROM incarnation WHERE pilot = ?1",
        arrays "DELETE FROM incarnation WHERE pilot = ANY(?1::bigint[])";
    DROP_EVENTS = "DELETE FROM pilot_event WHERE pilot = ?1",
        arrays "DELETE FROM pilot_event WHERE pilot = ANY(?1::bigint[])";
    DROP_PILOTS = "DELETE FROM pilot WHERE id = ?1", arrays "DELETE FROM pilot WHERE id = ANY(?1::bigint[])";
}

impl Store {
    /// Deletes what is of no use any more: idempotency keys after `keep_keys`, what [`kept`] names after its time,
    /// throughput after two hours, sessions that have ended, lanes without any job. Returns how much of what is counted.
    pub async fn prune(&self, now: Time, keep_keys: Duration) -> Result<BTreeMap<Removable, u64>> {
        self.write(move |tx| {
            tx.execute(&OLD_THROUGHPUT, params![now.0.div_euclid(60_000) - 120])?;
            tx.execute(&OLD_SESSIONS, params![now])?;
            drop_empty_lanes(tx)?;
            let of_hours = hour(now - kept::ENDS);
            let mut ends = 0;
            for sql in [&OLD_ENDS, &OLD_CORE_TIME, &OLD_MESSAGES] {
                ends += tx.execute(sql, params![of_hours])?;
            }
            Ok([
                (Removable::Ends, ends),
                (Removable::Nodes, tx.execute(&OLD_NODES, params![hour(now - kept::NODES)])?),
                (Removable::Decisions, tx.execute(&OLD_DECISIONS, params![now - kept::DECISIONS])?),
                (Removable::Commands, tx.execute(&OLD_COMMANDS, params![now - kept::COMMANDS])?),
                (Removable::Orders, tx.execute(&OLD_ORDERS, params![now - kept::ORDERS])?),
                (Removable::Keys, tx.execute(&OLD_KEYS, params![now - keep_keys])?),
            ]
            .into())
        })
        .await
    }

    /// Deletes pilots that ended before `before`, a portion of them. Returns how many; there may be more while it is any.
    pub async fn drop_pilots(&self, before: Time) -> Result<u64> {
        self.write(move |tx| forget_pilots(tx, before)).await
    }

    /// Pilots of a factory that were deleted, by label, queue and the state in which they ended.
    pub async fn forgotten_pilots(&self, factory: String) -> Result<Vec<LabelCount>> {
        self.rows(&FORGOTTEN, params![factory].to_vec(), forgotten).await
    }

    /// The same of all factories.
    pub async fn all_forgotten_pilots(&self) -> Result<Vec<LabelCount>> {
        self.rows(&ALL_FORGOTTEN, Vec::new(), forgotten).await
    }
}

fn forgotten(row: &Row) -> Result<LabelCount> {
    let (factory, label, queue) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let (state, pilots) = (codes::pilot_state(row.int(3)?)?, row.count(4)?);
    Ok(LabelCount { factory, label, queue, state, pilots, slots: 0, held: 0 })
}

/// Deletes lanes without any job, except those in which the same commit has just counted some.
fn drop_empty_lanes(tx: &mut Tx<'_>) -> Result<()> {
    let counted = tx.touched_lanes();
    let empty = tx.query(&EMPTY_LANES, &[])?;
    let empty = empty.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
    empty
        .iter()
        .filter(|lane| !counted.contains(lane))
        .try_for_each(|lane| tx.execute(&DROP_LANE, params![*lane]).map(|_| ()))
}

fn forget_pilots(tx: &mut Tx<'_>, before: Time) -> Result<u64> {
    let mut ids = Vec::new();
    let mut forgotten: BTreeMap<(LabelKey, i64), i64> = BTreeMap::new();
    for row in tx.query(&OLD_PILOTS, params![before, PORTION])? {
        let label = LabelKey { factory: row.text(1)?, label: row.text(2)?, queue: row.text(3)? };
        tx.count_label(&label, codes::pilot_state(row.int(4)?)?, -1, -row.int(5)?);
        *forgotten.entry((label, row.int(4)?)).or_default() += 1;
        ids.push(row.int(0)?);
    }
    let counts = forgotten.into_iter().map(|((LabelKey { factory, label, queue }, state), pilots)| {
        params![factory, label, queue, state, pilots].to_vec()
    });
    tx.execute_many(&COUNT_FORGOTTEN, &counts.collect::<Vec<_>>())?;
    tx.execute_many(&DROP_INCARNATIONS, &keys(&ids))?;
    tx.execute_many(&DROP_EVENTS, &keys(&ids))?;
    tx.execute_many(&DROP_PILOTS, &keys(&ids))
}
