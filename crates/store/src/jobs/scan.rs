//! Bounded walks over jobs from the newest to the oldest.
//!
//! A page is put together from sources: index scans over rows of jobs and over ranges. Each source is read in chunks and
//! filtered here, until it gave enough, has no more, or its share of the page's work is used up. Then everything above
//! the highest point that some source reached is complete.

use super::codes;
use super::range::{Range, range_columns};
use crate::Result;
use crate::engine::{Connection, Row, Sql, Value, params, statements};
use model::{ErrorClass, JobState, PilotId};
use std::collections::{BTreeMap, HashSet};

/// The most rows that one source looks at for one page.
const SCAN_MAX: usize = 10_000;
/// Rows of a chunk after the first.
const CHUNK: usize = 2000;

macro_rules! scan {
    ($condition:literal) => {
        concat!(
            "SELECT id, lane, state, error_class, pilot FROM job WHERE ",
            $condition,
            " AND id < ?1 AND id >= ?3 ORDER BY id DESC LIMIT ?2"
        )
    };
}

statements! {
    SCAN_ALL = "SELECT id, lane, state, error_class, pilot FROM job WHERE id < ?1 AND id >= ?3 ORDER BY id DESC LIMIT ?2";
    SCAN_OPEN = scan!("state < 7");
    SCAN_LANE = scan!("lane = ?4");
    SCAN_BAD = scan!("state >= 8 AND lane = ?4 AND state = ?5");
    SCAN_PILOT = scan!("pilot = ?4");
    SCAN_IDS = "SELECT id, lane, state, error_class, pilot FROM job WHERE id = ?1",
        arrays "SELECT id, lane, state, error_class, pilot FROM job WHERE id = ANY(?1::bigint[])";
    RANGES_BELOW = concat!("SELECT ", range_columns!(), " FROM job_range WHERE last < ?1 AND last >= ?3 \
        ORDER BY last DESC LIMIT ?2");
    RANGES_OF_LANE = concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?4 AND state = ?5 AND last < ?1 \
        AND last >= ?3 ORDER BY last DESC LIMIT ?2");
    RANGE_AT = concat!("SELECT ", range_columns!(), " FROM job_range WHERE last >= ?1 ORDER BY last LIMIT 1");
    RANGES_OF_IDS = concat!("SELECT ", range_columns!(), " FROM job_range WHERE last = ?1"),
        arrays concat!("SELECT ", range_columns!(), " FROM job_range WHERE last = ANY(?1::bigint[])");
}

/// Ids from `first` up to below `below`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) first: i64,
    pub(crate) below: i64,
}

/// What a job must be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) lanes: Option<HashSet<i64>>,
    pub(crate) state: Option<JobState>,
    pub(crate) with_pilot: bool,
    pub(crate) pilot: Option<PilotId>,
    pub(crate) error_class: Option<ErrorClass>,
}

/// One index scan.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// All rows of jobs.
    Jobs,
    /// Those that have not ended.
    Open,
    /// Those of a lane.
    Lane(i64),
    /// Those of a lane that ended badly.
    Bad(i64, JobState),
    /// Those of a pilot.
    Pilot(PilotId),
    /// All ranges.
    Ranges,
    /// Those of a lane and state.
    LaneRanges(i64, JobState),
}

/// What was found: ids, with the range for those that have no row of their own.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) hits: BTreeMap<i64, Option<Range>>,
    /// Everything from here on is complete.
    pub(crate) floor: i64,
}

impl Wanted {
    fn row(&self, row: &Row) -> Result<bool> {
        let pilot = PilotId(row.int(4)?);
        Ok(self.lane_and_state(row.int(1)?, codes::job_state(row.int(2)?)?)
            && self.pilot.is_none_or(|wanted| wanted == pilot)
            && self.error_class.is_none_or(|class| row.opt_int(3).ok().flatten() == Some(class as i64)))
    }

    fn range(&self, range: &Range) -> bool {
        range.attempt == 0
            && self.pilot.is_none()
            && self.error_class.is_none()
            && self.lane_and_state(range.lane, range.state)
    }

    fn lane_and_state(&self, lane: i64, state: JobState) -> bool {
        self.lanes.as_ref().is_none_or(|lanes| lanes.contains(&lane))
            && self.state.is_none_or(|wanted| wanted == state)
            && (!self.with_pilot || state.is_with_pilot())
    }
}

/// Scans sources and merges what they give.
pub(crate) fn scan(
    connection: &mut dyn Connection,
    sources: &[Source],
    window: Window,
    wanted: &Wanted,
    limit: usize,
) -> Result<Found> {
    let work = SCAN_MAX / sources.len().max(1);
    let mut all = Found { hits: BTreeMap::new(), floor: window.first };
    for source in sources {
        let found = match source {
            Source::Ranges | Source::LaneRanges(..) => ranges(connection, *source, window, wanted, limit, work)?,
            _ => rows(connection, *source, window, wanted, limit, work)?,
        };
        all.floor = all.floor.max(found.floor);
        all.hits.extend(found.hits);
    }
    let floor = all.floor;
    all.hits.retain(|id, _| *id >= floor);
    Ok(all)
}

/// Looks at single ids, all of them.
pub(crate) fn ids(connection: &mut dyn Connection, ids: &[i64], wanted: &Wanted) -> Result<Found> {
    let keys: Vec<Vec<Value>> = ids.iter().map(|id| params![*id].to_vec()).collect();
    let mut found = Found { hits: BTreeMap::new(), floor: ids.iter().min().copied().unwrap_or_default() };
    for row in connection.query_many(&SCAN_IDS, &keys)? {
        if wanted.row(&row)? {
            found.hits.insert(row.int(0)?, None);
        }
    }
    for row in connection.query_many(&RANGES_OF_IDS, &keys)? {
        let range = Range::of(&row)?;
        if wanted.range(&range) {
            found.hits.insert(range.last, Some(range));
        }
    }
    Ok(found)
}

fn rows(
    connection: &mut dyn Connection,
    source: Source,
    window: Window,
    wanted: &Wanted,
    limit: usize,
    work: usize,
) -> Result<Found> {
    let mut found = Found { hits: BTreeMap::new(), floor: window.below };
    let mut chunk = limit + 1;
    let mut looked = 0;
    while found.hits.len() <= limit && looked < work.max(limit + 1) {
        let rows = query(connection, source, Window { below: found.floor, ..window }, chunk)?;
        looked += rows.len();
        for row in &rows {
            found.floor = row.int(0)?;
            if wanted.row(row)? {
                found.hits.insert(found.floor, None);
            }
        }
        if rows.len() < chunk {
            found.floor = window.first;
            break;
        }
        chunk = CHUNK;
    }
    Ok(found)
}

fn ranges(
    connection: &mut dyn Connection,
    source: Source,
    window: Window,
    wanted: &Wanted,
    limit: usize,
    work: usize,
) -> Result<Found> {
    let mut found = Found { hits: BTreeMap::new(), floor: window.below };
    if wanted.pilot.is_some() || wanted.error_class.is_some() {
        found.floor = window.first;
        return Ok(found);
    }
    // The range that reaches over the upper end.
    if let Some(row) = connection.query_one(&RANGE_AT, params![window.below])? {
        let over = Range::of(&row)?;
        let meant = match source {
            Source::LaneRanges(lane, state) => over.lane == lane && over.state == state,
            _ => true,
        };
        if meant && over.first < window.below {
            expand(over, window, wanted, limit, &mut found);
        }
    }
    let mut chunk = limit + 1;
    let mut looked = 0;
    while found.hits.len() <= limit && looked < work.max(limit + 1) {
        let rows = query(connection, source, Window { below: found.floor, ..window }, chunk)?;
        looked += rows.len();
        for row in &rows {
            if found.hits.len() > limit {
                return Ok(found);
            }
            expand(Range::of(row)?, window, wanted, limit, &mut found);
        }
        if rows.len() < chunk && found.hits.len() <= limit {
            found.floor = window.first;
            break;
        }
        chunk = CHUNK;
    }
    Ok(found)
}

/// Adds the jobs of a range, from its end, until there are enough.
fn expand(range: Range, window: Window, wanted: &Wanted, limit: usize, found: &mut Found) {
    let last = range.last.min(window.below - 1);
    let first = range.first.max(window.first);
    if !wanted.range(&range) {
        found.floor = first;
        return;
    }
    for id in (first..=last).rev() {
        if found.hits.len() > limit {
            return;
        }
        found.hits.insert(id, Some(range.clone()));
        found.floor = id;
    }
}

fn query(connection: &mut dyn Connection, source: Source, window: Window, limit: usize) -> Result<Vec<Row>> {
    let (sql, more): (&Sql, Vec<i64>) = match source {
        Source::Jobs => (&SCAN_ALL, vec![]),
        Source::Open => (&SCAN_OPEN, vec![]),
        Source::Lane(lane) => (&SCAN_LANE, vec![lane]),
        Source::Bad(lane, state) => (&SCAN_BAD, vec![lane, state as i64]),
        Source::Pilot(pilot) => (&SCAN_PILOT, vec![pilot.0]),
        Source::Ranges => (&RANGES_BELOW, vec![]),
        Source::LaneRanges(lane, state) => (&RANGES_OF_LANE, vec![lane, state as i64]),
    };
    let mut values = params![window.below, limit as i64, window.first].to_vec();
    values.extend(more.into_iter().map(Value::from));
    connection.query(sql, &values)
}
