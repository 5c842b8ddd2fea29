//! A bounded part of a set of jobs that one operation changes: ranges of those without rows, and rows.

use super::kill::Scope;
use super::range::{self, Range};
use super::row::JobRow;
use crate::Result;
use crate::engine::{Sql, params};
use crate::tx::Tx;
use model::JobState;

/// Ranges and rows that one operation looks at; a larger set is done in several.
const PORTION: usize = 2000;

/// What is to be changed, locked on PostgreSQL.
pub(crate) struct Portion {
    /// Ranges with jobs of it; the first and the last may reach beyond it.
    pub(crate) ranges: Vec<Range>,
    /// Its rows.
    pub(crate) rows: Vec<JobRow>,
    /// Its last id. All that is meant up to here was found.
    pub(crate) last: i64,
}

/// Looks from `first` on, at most up to `last`: at ranges in a state that `is_meant`, and at rows that `rows` finds from
/// an id to another, up to a limit. Refused when one of them is out of scope.
pub(crate) fn portion(
    tx: &mut Tx<'_>,
    (first, last): (i64, i64),
    is_meant: fn(JobState) -> bool,
    rows: &Sql,
    scope: &Scope,
) -> Result<Portion> {
    let mut ranges = range::within(tx, first, last, PORTION)?;
    let rows = tx.query(rows, params![first, last, PORTION as i64])?;
    let mut rows = rows.iter().map(JobRow::of).collect::<Result<Vec<_>>>()?;
    let cut_range = ranges.get(PORTION - 1).map_or(last, |range| range.last);
    let cut_row = rows.get(PORTION - 1).map_or(last, |row| row.id.0);
    let last = last.min(cut_range).min(cut_row);
    rows.retain(|row| row.id.0 <= last);
    ranges.retain(|range| is_meant(range.state) && range.first <= last);
    let lanes = ranges.iter().map(|r| (r.lane, r.first.max(first))).chain(rows.iter().map(|r| (r.lane, r.id.0)));
    lanes.into_iter().try_for_each(|(lane, job)| scope.check_lane(tx, lane, job))?;
    Ok(Portion { ranges, rows, last })
}
