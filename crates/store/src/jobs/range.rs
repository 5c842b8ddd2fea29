//! Ranges of consecutive jobs to which the same happened.

use super::codes;
use crate::Result;
use crate::engine::{Row, Value, params, statements};
use crate::tx::{Counted, Tx};
use model::{JobState, SubmissionId, Time};

/// The columns of [`Range`] in order.
macro_rules! range_columns {
    () => {
        "last, first, submission, lane, state, rank, since, not_before, attempt, in_array, ended, reason"
    };
}

pub(crate) use range_columns;

statements! {
    ADD_RANGES = "INSERT INTO job_range (last, first, submission, lane, state, rank, since, not_before, attempt, in_array, \
            ended, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        arrays "INSERT INTO job_range (last, first, submission, lane, state, rank, since, not_before, attempt, in_array, \
            ended, reason) SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], \
            ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], ?12::text[])";
    DELETE_RANGES = "DELETE FROM job_range WHERE last = ?1",
        arrays "DELETE FROM job_range WHERE last = ANY(?1::bigint[])";
    SHORTEN_RANGE = "UPDATE job_range SET first = ?2 WHERE last = ?1";
    /// Held until the commit by whoever splits ranges. PostgreSQL's row locks alone would not do: who waited for a range
    /// that another server has split meanwhile finds it deleted, and its statement does not see the parts.
    LOCK_SPLITTING = "SELECT 1" => "SELECT CAST(1 AS BIGINT) FROM (SELECT pg_advisory_xact_lock(7102958343)) AS taken";
    RANGES_FROM = concat!("SELECT ", range_columns!(), " FROM job_range WHERE last >= ?1 ORDER BY last LIMIT ?2")
        => concat!("SELECT ", range_columns!(), " FROM job_range WHERE last >= ?1 ORDER BY last LIMIT ?2 FOR UPDATE");
}

/// One row of consecutive jobs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) last: i64,
    pub(crate) first: i64,
    pub(crate) submission: SubmissionId,
    pub(crate) lane: i64,
    pub(crate) state: JobState,
    pub(crate) rank: i64,
    /// Activated then, or submitted while defined.
    pub(crate) since: Time,
    /// Not to be taken before; 0 when it may be taken.
    pub(crate) not_before: Time,
    /// Attempts so far; above 0 it is a single job that has a row of its own too.
    pub(crate) attempt: u32,
    pub(crate) array: bool,
    pub(crate) ended: Option<Time>,
    pub(crate) reason: String,
}

impl Range {
    /// From a row with [`range_columns`].
    pub(crate) fn of(row: &Row) -> Result<Range> {
        Ok(Range {
            last: row.int(0)?,
            first: row.int(1)?,
            submission: SubmissionId(row.int(2)?),
            lane: row.int(3)?,
            state: codes::job_state(row.int(4)?)?,
            rank: row.int(5)?,
            since: row.time(6)?,
            not_before: row.time(7)?,
            attempt: row.small(8)?,
            array: row.int(9)? != 0,
            ended: row.opt_time(10)?,
            reason: row.text_or_empty(11)?,
        })
    }

    /// How many jobs.
    pub(crate) fn jobs(&self) -> u64 {
        (self.last - self.first + 1).max(0).unsigned_abs()
    }

    /// What its counters hang on.
    pub(crate) fn counted(&self) -> Counted {
        Counted { lane: self.lane, array: self.array.then_some(self.submission) }
    }

    /// The part within `first..=last`, if there is one, and what remains below and above it.
    pub(crate) fn cut(&self, first: i64, last: i64) -> Option<Cut> {
        let (from, to) = (first.max(self.first), last.min(self.last));
        if from > to {
            return None;
        }
        let below = (self.first < from).then(|| Range { last: from - 1, ..self.clone() });
        let above = (to < self.last).then(|| Range { first: to + 1, ..self.clone() });
        Some(Cut { below, part: Range { first: from, last: to, ..self.clone() }, above })
    }

    fn values(&self) -> Vec<Value> {
        params![
            self.last,
            self.first,
            self.submission,
            self.lane,
            self.state as i64,
            self.rank,
            self.since,
            self.not_before,
            self.attempt,
            self.array,
            self.ended,
            (!self.reason.is_empty()).then_some(&self.reason),
        ]
        .to_vec()
    }
}

/// A range in three parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cut {
    pub(crate) below: Option<Range>,
    pub(crate) part: Range,
    pub(crate) above: Option<Range>,
}

/// Adds ranges.
pub(crate) fn add<'a>(tx: &mut Tx<'_>, ranges: impl IntoIterator<Item = &'a Range>) -> Result<()> {
    let values: Vec<Vec<Value>> = ranges.into_iter().map(Range::values).collect();
    tx.execute_many(&ADD_RANGES, &values).map(|_| ())
}

/// Deletes ranges by their last ids.
pub(crate) fn delete(tx: &mut Tx<'_>, lasts: impl IntoIterator<Item = i64>) -> Result<()> {
    let keys: Vec<Vec<Value>> = lasts.into_iter().map(|last| params![last].to_vec()).collect();
    tx.execute_many(&DELETE_RANGES, &keys).map(|_| ())
}

/// Lets a range begin later.
pub(crate) fn shorten(tx: &mut Tx<'_>, last: i64, first: i64) -> Result<()> {
    tx.execute(&SHORTEN_RANGE, params![last, first]).map(|_| ())
}

/// Puts `changed` in the place of the parts that were cut out of ranges.
pub(crate) fn replace(tx: &mut Tx<'_>, cuts: &[Cut], changed: &[Range]) -> Result<()> {
    delete(tx, cuts.iter().map(|cut| cut.above.as_ref().map_or(cut.part.last, |above| above.last)))?;
    let rest = cuts.iter().flat_map(|cut| [cut.below.as_ref(), cut.above.as_ref()]).flatten();
    add(tx, rest.chain(changed))
}

/// Up to `limit` ranges that reach into `first..=last`, in the order of ids, to be split.
pub(crate) fn within(tx: &mut Tx<'_>, first: i64, last: i64, limit: usize) -> Result<Vec<Range>> {
    tx.query(&LOCK_SPLITTING, &[])?;
    let rows = tx.query(&RANGES_FROM, params![first, limit as i64])?;
    let ranges = rows.iter().map(Range::of).collect::<Result<Vec<_>>>()?;
    Ok(ranges.into_iter().take_while(|range| range.first <= last).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(first: i64, last: i64) -> Range {
        Range {
            last,
            first,
            submission: SubmissionId(1),
            lane: 1,
            state: JobState::Activated,
            rank: 0,
            since: Time(0),
            not_before: Time(0),
            attempt: 0,
            array: true,
            ended: None,
            reason: String::new(),
        }
    }

    proptest! {
        #[test]
        fn every_id_is_in_exactly_one_part(first in 1i64..100, len in 0i64..100, a in 0i64..200, b in 0i64..200) {
            let whole = range(first, first + len);
            let (from, to) = (a.min(b), a.max(b));
            let parts: Vec<Range> = match whole.cut(from, to) {
                Some(cut) => [cut.below, Some(cut.part.clone()), cut.above].into_iter().flatten().collect(),
                None => vec![whole.clone()],
            };
            for id in whole.first..=whole.last {
                prop_assert_eq!(parts.iter().filter(|part| (part.first..=part.last).contains(&id)).count(), 1);
            }
            prop_assert_eq!(parts.iter().map(Range::jobs).sum::<u64>(), whole.jobs());
            if let Some(cut) = whole.cut(from, to) {
                prop_assert!(cut.part.first >= from && cut.part.last <= to);
            }
        }
    }
}
