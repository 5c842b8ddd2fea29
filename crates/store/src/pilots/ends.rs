//! How pilots ended in the last hours, from counters.

use crate::engine::{Row, params, statements};
use crate::jobs::codes;
use crate::tx::{EndKey, Tx};
use crate::{Result, Store};
use model::{EndedPilots, ErrorClass, PilotState, Time};

use super::row::PilotRow;

/// Milliseconds of an hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;
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
    FAULTS_BY_TIME = "SELECT hour - (hour - ?1) % ?2, queue, error_class, SUM(pilots) FROM pilot_end \
            WHERE hour >= ?1 AND state = ?3 AND (CAST(?4 AS TEXT) IS NULL OR factory = ?4) \
            AND (CAST(?5 AS TEXT) IS NULL OR label = ?5) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        => "SELECT hour - (hour - ?1) % ?2, queue, error_class, CAST(SUM(pilots) AS BIGINT) FROM pilot_end \
            WHERE hour >= ?1 AND state = ?3 AND (CAST(?4 AS TEXT) IS NULL OR factory = ?4) \
            AND (CAST(?5 AS TEXT) IS NULL OR label = ?5) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
}

/// Pilots of a queue that ended in fault in a part of the time, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultsAt {
    /// The beginning of this part.
    pub at: Time,
    /// The queue they served.
    pub queue: String,
    /// Why; none when nobody said.
    pub error_class: Option<ErrorClass>,
    /// How many.
    pub pilots: u64,
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

    /// When pilots ended in fault since the beginning of the hour of `since`, in parts of `hours` each: those of one
    /// factory and of one label, or of all.
    pub async fn pilot_faults(
        &self,
        since: Time,
        hours: u32,
        factory: Option<String>,
        label: Option<String>,
    ) -> Result<Vec<FaultsAt>> {
        let asked = params![hour(since), i64::from(hours), PilotState::Fault as i64, factory, label].to_vec();
        self.rows(&FAULTS_BY_TIME, asked, |row: &Row| {
            Ok(FaultsAt {
                at: Time(row.int(0)? * HOUR_MS),
                queue: row.text(1)?,
                error_class: codes::error_class(Some(row.int(2)?).filter(|code| *code != NO_CLASS))?,
                pilots: row.count(3)?,
            })
        })
        .await
    }
}
