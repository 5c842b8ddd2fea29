//! How pilots ended in the last hours, from counters.

use crate::engine::{Row, params, statements};
use crate::jobs::codes;
use crate::tx::{EndKey, Tx};
use crate::{Result, Store};
use model::{EndedPilots, Time};

use super::row::PilotRow;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;
/// The code of no error class.
pub(crate) const NO_CLASS: i64 = -1;

statements! {
    ENDS_SINCE = "SELECT e.factory, e.label, e.queue, e.state, e.error_class, e.pilots, e.last, COALESCE(p.message, '') \
            FROM (SELECT factory, label, queue, state, error_class, SUM(pilots) AS pilots, MAX(last) AS last \
            FROM pilot_end WHERE hour >= ?1 GROUP BY factory, label, queue, state, error_class) e \
            LEFT JOIN pilot p ON p.id = e.last ORDER BY e.pilots DESC, e.last DESC"
        => "SELECT e.factory, e.label, e.queue, e.state, e.error_class, CAST(e.pilots AS BIGINT), e.last, \
            COALESCE(p.message, '') \
            FROM (SELECT factory, label, queue, state, error_class, SUM(pilots) AS pilots, MAX(last) AS last \
            FROM pilot_end WHERE hour >= ?1 GROUP BY factory, label, queue, state, error_class) e \
            LEFT JOIN pilot p ON p.id = e.last ORDER BY e.pilots DESC, e.last DESC";
}

/// The hour of a time, counted from 1970.
pub(crate) fn hour(time: Time) -> i64 {
    time.0.div_euclid(HOUR_MS)
}

/// Counts a pilot that ended.
pub(crate) fn count(tx: &mut Tx<'_>, row: &PilotRow, now: Time) {
    let error_class = codes::error_code(row.error_class).unwrap_or(NO_CLASS);
    let key = EndKey { hour: hour(now), label: row.label.clone(), state: row.state as i64, error_class };
    tx.count_end(key, row, now);
}

impl Store {
    /// How pilots ended since the beginning of the hour of `since`, the most frequent first.
    pub async fn pilot_ends(&self, since: Time) -> Result<Vec<EndedPilots>> {
        self.rows(&ENDS_SINCE, params![hour(since)].to_vec(), |row: &Row| {
            Ok(EndedPilots {
                factory: row.text(0)?,
                label: row.text(1)?,
                queue: row.text(2)?,
                state: codes::pilot_state(row.int(3)?)?,
                error_class: codes::error_class(Some(row.int(4)?).filter(|code| *code != NO_CLASS))?,
                pilots: row.count(5)?,
                last: model::PilotId(row.int(6)?),
                message: row.text(7)?,
            })
        })
        .await
    }
}
