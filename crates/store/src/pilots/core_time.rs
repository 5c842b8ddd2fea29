//! What the cores of ended pilots were used for, by hour and label.

use super::ends::{HOUR_MS, hour};
use super::row::PilotRow;
use crate::engine::{Row, Value, params, statements};
use crate::tx::{LabelKey, PilotJobs, Tx};
use crate::{Result, Store};
use model::{CoreTime, ErrorClass, PilotState, Time, Usefulness};
use std::collections::BTreeMap;

statements! {
    ADD_TO_CORE_TIME = "INSERT INTO pilot_core_time (hour, factory, label, queue, good_ms, failed_ms, lost_ms, idle_ms, \
        empty_ms, refused_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
        ON CONFLICT (hour, factory, label, queue) DO UPDATE SET good_ms = pilot_core_time.good_ms + excluded.good_ms, \
        failed_ms = pilot_core_time.failed_ms + excluded.failed_ms, lost_ms = pilot_core_time.lost_ms + excluded.lost_ms, \
        idle_ms = pilot_core_time.idle_ms + excluded.idle_ms, empty_ms = pilot_core_time.empty_ms + excluded.empty_ms, \
        refused_ms = pilot_core_time.refused_ms + excluded.refused_ms";
    CORE_TIME_SINCE = "SELECT factory, label, queue, SUM(good_ms), SUM(failed_ms), SUM(lost_ms), SUM(idle_ms), \
            SUM(empty_ms), SUM(refused_ms) FROM pilot_core_time WHERE hour >= ?1 GROUP BY factory, label, queue"
        => "SELECT factory, label, queue, CAST(SUM(good_ms) AS BIGINT), CAST(SUM(failed_ms) AS BIGINT), \
            CAST(SUM(lost_ms) AS BIGINT), CAST(SUM(idle_ms) AS BIGINT), CAST(SUM(empty_ms) AS BIGINT), \
            CAST(SUM(refused_ms) AS BIGINT) FROM pilot_core_time WHERE hour >= ?1 GROUP BY factory, label, queue";
    CORE_TIME_BY_TIME = "SELECT hour - (hour - ?1) % ?2, queue, SUM(good_ms), SUM(failed_ms), SUM(lost_ms), \
            SUM(idle_ms), SUM(empty_ms), SUM(refused_ms) FROM pilot_core_time WHERE hour >= ?1 \
            AND (CAST(?3 AS TEXT) IS NULL OR factory = ?3) AND (CAST(?4 AS TEXT) IS NULL OR label = ?4) \
            GROUP BY 1, 2 ORDER BY 1, 2"
        => "SELECT hour - (hour - ?1) % ?2, queue, CAST(SUM(good_ms) AS BIGINT), CAST(SUM(failed_ms) AS BIGINT), \
            CAST(SUM(lost_ms) AS BIGINT), CAST(SUM(idle_ms) AS BIGINT), CAST(SUM(empty_ms) AS BIGINT), \
            CAST(SUM(refused_ms) AS BIGINT) FROM pilot_core_time WHERE hour >= ?1 \
            AND (CAST(?3 AS TEXT) IS NULL OR factory = ?3) AND (CAST(?4 AS TEXT) IS NULL OR label = ?4) \
            GROUP BY 1, 2 ORDER BY 1, 2";
    OLD_CORE_TIME = "DELETE FROM pilot_core_time WHERE hour < ?1";
}

/// What the cores of one label's pilots for one queue were used for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LabelCoreTime {
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// What for.
    pub time: CoreTime,
}

/// What the cores of a queue's pilots were used for that ended in a part of the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreTimeOfPart {
    /// The beginning of the part.
    pub at: Time,
    /// The queue.
    pub queue: String,
    /// What for.
    pub time: CoreTime,
}

/// What a commit adds, by hour and label.
pub(crate) type Added = BTreeMap<(i64, LabelKey), CoreTime>;

/// What the cores of a pilot that has just ended were used for. None of one that never said hello: nobody knows what it
/// held.
pub(crate) fn of(row: &PilotRow, just: PilotJobs, now: Time) -> Option<CoreTime> {
    let cores = u64::try_from(row.cores.max(row.slots)).ok().filter(|cores| *cores > 0)?;
    let held_ms = u64::try_from(now.0 - row.started?.0).unwrap_or(0).saturating_mul(cores);
    let ms = |kept: i64, just: i64| u64::try_from(kept + just).unwrap_or(0);
    let usefulness = match row.state {
        _ if row.error_class == Some(ErrorClass::Node) => Usefulness::Refused,
        PilotState::Fault => Usefulness::Broke,
        _ if row.jobs_ended + just.ended == 0 => Usefulness::Empty,
        _ => Usefulness::Worked,
    };
    Some(CoreTime::of_pilot(usefulness, held_ms, ms(row.good_ms, just.good_ms), ms(row.failed_ms, just.failed_ms)))
}

/// Writes what a commit adds.
pub(crate) fn write(tx: &mut Tx<'_>, added: &Added) -> Result<()> {
    let row = |((hour, label), time): (&(i64, LabelKey), &CoreTime)| {
        let LabelKey { factory, label, queue } = label;
        let key = params![*hour, factory, label, queue];
        key.iter().cloned().chain(time.parts().map(Value::from)).collect()
    };
    let rows: Vec<Vec<Value>> = added.iter().map(row).collect();
    tx.execute_many(&ADD_TO_CORE_TIME, &rows).map(|_| ())
}

impl Store {
    /// What the cores of pilots that ended since the beginning of the hour of `since` were used for, by label.
    pub async fn core_time(&self, since: Time) -> Result<Vec<LabelCoreTime>> {
        self.rows(&CORE_TIME_SINCE, params![hour(since)].to_vec(), |row: &Row| {
            Ok(LabelCoreTime {
                factory: row.text(0)?,
                label: row.text(1)?,
                queue: row.text(2)?,
                time: time_in(row, 3)?,
            })
        })
        .await
    }

    /// The same since the beginning of the hour of `since` in parts of `hours` each, by queue: of the pilots of one factory
    /// and of one label, or of all.
    pub async fn core_time_by_parts(
        &self,
        since: Time,
        hours: u32,
        factory: Option<String>,
        label: Option<String>,
    ) -> Result<Vec<CoreTimeOfPart>> {
        let asked = params![hour(since), i64::from(hours), factory, label].to_vec();
        self.rows(&CORE_TIME_BY_TIME, asked, |row: &Row| {
            Ok(CoreTimeOfPart { at: Time(row.int(0)? * HOUR_MS), queue: row.text(1)?, time: time_in(row, 2)? })
        })
        .await
    }
}

fn time_in(row: &Row, at: usize) -> Result<CoreTime> {
    Ok(CoreTime {
        good_ms: row.count(at)?,
        failed_ms: row.count(at + 1)?,
        lost_ms: row.count(at + 2)?,
        idle_ms: row.count(at + 3)?,
        empty_ms: row.count(at + 4)?,
        refused_ms: row.count(at + 5)?,
    })
}
