//! Listings of jobs.

use super::detail::summaries;
use super::lane::{self, CountedLane};
use super::scan::{self, Found, Source, Wanted, Window};
use crate::engine::{Connection, Sql, Value, params, statements};
use crate::shared::Shared;
use crate::{Page, Result, Store};
use model::{ErrorClass, IdSet, JobState, JobSummary, PilotId, SubmissionId, TaskId};
use std::collections::HashSet;
use std::ops::RangeInclusive;

/// The most lanes that are scanned one by one; with more, all jobs are scanned instead.
const LANES_MAX: usize = 24;
/// The most submissions or ranges of ids that one page looks at.
const INTERVALS_MAX: usize = 1000;
/// Submissions of single jobs that are looked at together.
const RUN_MAX: usize = 250;
/// Above all ids.
const TOP: i64 = i64::MAX;

statements! {
    BY_NAME = "SELECT id, last FROM submission WHERE name = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";
    BY_TASK = "SELECT id, last FROM submission WHERE task = ?3 AND task <> 0 AND id < ?1 ORDER BY id DESC LIMIT ?2";
    BY_SUBMISSION = "SELECT id, last FROM submission WHERE id = ?3 AND id < ?1 LIMIT ?2";
    LATEST_FAILURES = "SELECT id FROM job WHERE state = 8 ORDER BY ended DESC LIMIT ?1";
    QUEUES_OF_SITE = "SELECT name FROM queue WHERE site = ?1";
}

/// Which jobs. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only this state.
    pub state: Option<JobState>,
    /// Only these.
    pub ids: Option<IdSet>,
    /// Only in this queue.
    pub queue: Option<String>,
    /// Only in queues of this site.
    pub site: Option<String>,
    /// Only this user's.
    pub user: Option<String>,
    /// Only this group's.
    pub group: Option<String>,
    /// Only jobs that are with a pilot now.
    pub with_pilot: bool,
    /// Only jobs whose current or last attempt is with this pilot.
    pub pilot: Option<PilotId>,
    /// Only with this error class.
    pub error_class: Option<ErrorClass>,
    /// Only with exactly this name.
    pub name: Option<String>,
    /// Only of this task.
    pub task: Option<TaskId>,
    /// Only of this submission.
    pub submission: Option<SubmissionId>,
}

impl JobFilter {
    fn takes(&self, state: JobState) -> bool {
        self.state.is_none_or(|wanted| wanted == state) && (!self.with_pilot || state.is_with_pilot())
    }
}

impl Store {
    /// Jobs, newest first, from below `cursor` (the `next` of the last page), at most `limit`. Archived jobs are not
    /// listed.
    pub async fn jobs(&self, filter: JobFilter, cursor: Option<i64>, limit: u32) -> Result<Page<JobSummary>> {
        let shared = self.inner.shared.clone();
        self.read(move |connection| list(connection, &shared, &filter, cursor.unwrap_or(TOP), limit as usize)).await
    }
}

impl Store {
    /// The jobs that failed last, the last first, at most `limit`. Archived jobs are not listed.
    pub async fn latest_failures(&self, limit: u32) -> Result<Vec<JobSummary>> {
        let shared = self.inner.shared.clone();
        self.read(move |connection| {
            let rows = connection.query(&LATEST_FAILURES, params![limit])?;
            let hits = rows.iter().map(|row| Ok((row.int(0)?, None))).collect::<Result<Vec<_>>>()?;
            Ok(summaries(connection, &shared, &hits)?.into_iter().map(|(_, summary)| summary).collect())
        })
        .await
    }
}

fn list(
    connection: &mut dyn Connection,
    shared: &Shared,
    filter: &JobFilter,
    below: i64,
    limit: usize,
) -> Result<Page<JobSummary>> {
    let Some((wanted, sources)) = plan(connection, filter)? else {
        return Ok(Page { rows: Vec::new(), next: None });
    };
    let intervals = intervals(connection, filter, below)?;
    let (found, next) = match intervals {
        None => {
            let window = Window { first: 1, below };
            let found = scan::scan(connection, &sources, window, &wanted, limit)?;
            let next = (found.floor > window.first).then_some(found.floor);
            (found, next)
        }
        Some(list) => walk(connection, &list, &wanted, below, limit)?,
    };
    page(connection, shared, filter, found, next, limit)
}

/// What a job must be and which indexes lead there; none when the counters say that there is no such job.
fn plan(connection: &mut dyn Connection, filter: &JobFilter) -> Result<Option<(Wanted, Vec<Source>)>> {
    let narrowed = filter.queue.is_some() || filter.site.is_some() || filter.user.is_some() || filter.group.is_some();
    let sites = match &filter.site {
        Some(site) => Some(names(connection, &QUEUES_OF_SITE, site)?),
        None => None,
    };
    let lanes: Vec<CountedLane> = lane::all_lanes(connection)?
        .into_iter()
        .filter(|counted| is_meant(counted, filter, sites.as_ref()))
        .filter(|counted| JobState::ALL.into_iter().any(|state| filter.takes(state) && counted.of(state) > 0))
        .collect();
    if lanes.is_empty() {
        return Ok(None);
    }
    let wanted = Wanted {
        lanes: narrowed.then(|| lanes.iter().map(|counted| counted.lane.id).collect()),
        state: filter.state,
        with_pilot: filter.with_pilot,
        pilot: filter.pilot,
        error_class: filter.error_class,
    };
    let sources = sources(filter, &lanes, narrowed);
    Ok(Some((wanted, sources)))
}

fn is_meant(counted: &CountedLane, filter: &JobFilter, sites: Option<&HashSet<String>>) -> bool {
    let key = &counted.lane.key;
    let is = |wanted: &Option<String>, have: &String| wanted.as_ref().is_none_or(|wanted| wanted == have);
    is(&filter.queue, &key.queue)
        && is(&filter.user, &key.user)
        && is(&filter.group, &key.group)
        && sites.is_none_or(|names| names.contains(&key.queue))
}

fn sources(filter: &JobFilter, lanes: &[CountedLane], narrowed: bool) -> Vec<Source> {
    if let Some(pilot) = filter.pilot {
        return vec![Source::Pilot(pilot)];
    }
    let few = lanes.len() <= LANES_MAX;
    match filter.state {
        _ if filter.with_pilot => vec![Source::Open],
        Some(state) if state.is_with_pilot() => vec![Source::Open],
        Some(state) if state.is_waiting() => with_ranges(state, lanes, few, Source::Open),
        Some(JobState::Finished) if few => lanes.iter().map(|counted| Source::Lane(counted.lane.id)).collect(),
        Some(JobState::Finished) => vec![Source::Jobs],
        Some(state) if few => lanes
            .iter()
            .flat_map(|counted| [Source::Bad(counted.lane.id, state), Source::LaneRanges(counted.lane.id, state)])
            .collect(),
        Some(_) => vec![Source::Jobs, Source::Ranges],
        None if filter.error_class.is_some() && few => failures(lanes),
        None if narrowed && few => lanes.iter().flat_map(every_source_of).collect(),
        None => vec![Source::Jobs, Source::Ranges],
    }
}

fn with_ranges(state: JobState, lanes: &[CountedLane], few: bool, rows: Source) -> Vec<Source> {
    let ranges: Vec<Source> =
        if few { lanes.iter().map(|l| Source::LaneRanges(l.lane.id, state)).collect() } else { vec![Source::Ranges] };
    ranges.into_iter().chain([rows]).collect()
}

fn failures(lanes: &[CountedLane]) -> Vec<Source> {
    let bad = [JobState::Failed, JobState::Cancelled, JobState::Closed];
    let ended = lanes.iter().flat_map(|counted| {
        bad.into_iter().filter(|state| counted.of(*state) > 0).map(|state| Source::Bad(counted.lane.id, state))
    });
    ended.chain([Source::Open]).collect()
}

fn every_source_of(counted: &CountedLane) -> impl Iterator<Item = Source> + '_ {
    let in_ranges = [JobState::Defined, JobState::Activated, JobState::Cancelled, JobState::Closed];
    let ranges = in_ranges
        .into_iter()
        .filter(|state| counted.of(*state) > 0)
        .map(|state| Source::LaneRanges(counted.lane.id, state));
    ranges.chain([Source::Lane(counted.lane.id)])
}

fn names(connection: &mut dyn Connection, sql: &Sql, value: &str) -> Result<HashSet<String>> {
    connection.query(sql, params![value])?.iter().map(|row| row.text(0)).collect()
}

/// Ranges of ids below `below`, newest first.
struct Intervals {
    list: Vec<RangeInclusive<i64>>,
    /// There are more below.
    more: bool,
    /// An interval of one id is a whole submission, whose range row has that id.
    whole: bool,
}

/// The ids that the filter names itself or by submission, task or name; none when it names none of these.
fn intervals(connection: &mut dyn Connection, filter: &JobFilter, below: i64) -> Result<Option<Intervals>> {
    let by_row: Option<(&Sql, Value)> = match filter {
        JobFilter { submission: Some(submission), .. } => Some((&BY_SUBMISSION, Value::from(*submission))),
        JobFilter { ids: Some(_), .. } => None,
        JobFilter { task: Some(task), .. } => Some((&BY_TASK, Value::from(*task))),
        JobFilter { name: Some(name), .. } => Some((&BY_NAME, Value::from(name))),
        _ => return Ok(None),
    };
    let list: Vec<RangeInclusive<i64>> = match (by_row, &filter.ids) {
        (Some((sql, value)), _) => {
            let rows = connection.query(sql, &[Value::from(below), Value::from(INTERVALS_MAX as i64), value])?;
            rows.iter().map(|row| Ok(row.int(0)?..=row.int(1)?)).collect::<Result<_>>()?
        }
        (None, Some(ids)) => ids.ranges().iter().rev().filter(|range| *range.start() < below).cloned().collect(),
        (None, None) => Vec::new(),
    };
    let whole = filter.ids.is_none() || filter.submission.is_some();
    let more = whole && list.len() >= INTERVALS_MAX;
    Ok(Some(Intervals { list, more, whole }))
}

/// Walks over intervals: runs of single ids at once, wide ones one by one.
fn walk(
    connection: &mut dyn Connection,
    intervals: &Intervals,
    wanted: &Wanted,
    below: i64,
    limit: usize,
) -> Result<(Found, Option<i64>)> {
    let mut all = Found { floor: below, ..Found::default() };
    let mut rest = intervals.list.as_slice();
    while !rest.is_empty() && all.hits.len() <= limit {
        let is_single = |interval: &&RangeInclusive<i64>| intervals.whole && interval.start() == interval.end();
        let single = rest.iter().take(RUN_MAX).take_while(is_single).count();
        let found = if single > 0 {
            let run: Vec<i64> = rest[..single].iter().map(|interval| *interval.start()).collect();
            rest = &rest[single..];
            scan::ids(connection, &run, wanted)?
        } else {
            let (first, last) = (*rest[0].start(), *rest[0].end());
            rest = &rest[1..];
            let window = Window { first, below: below.min(last.saturating_add(1)) };
            let found = scan::scan(connection, &[Source::Jobs, Source::Ranges], window, wanted, limit)?;
            if found.floor > first {
                all.floor = found.floor;
                all.hits.extend(found.hits);
                return Ok((all, Some(found.floor)));
            }
            found
        };
        all.floor = found.floor;
        all.hits.extend(found.hits);
    }
    let more = intervals.more || !rest.is_empty();
    let next = more.then_some(all.floor);
    Ok((all, next))
}

fn page(
    connection: &mut dyn Connection,
    shared: &Shared,
    filter: &JobFilter,
    found: Found,
    next: Option<i64>,
    limit: usize,
) -> Result<Page<JobSummary>> {
    let beyond = found.hits.len() > limit;
    let hits: Vec<_> = found.hits.into_iter().rev().take(limit).collect();
    let last = hits.last().map(|(id, _)| *id);
    let next = if beyond { last } else { next };
    let mut rows = Vec::with_capacity(hits.len());
    for (task, summary) in summaries(connection, shared, &hits)? {
        let meant = filter.name.as_ref().is_none_or(|name| *name == summary.name)
            && filter.task.is_none_or(|wanted| wanted == task)
            && filter.submission.is_none_or(|wanted| wanted == summary.submission);
        if meant {
            rows.push(summary);
        }
    }
    Ok(Page { rows, next })
}
