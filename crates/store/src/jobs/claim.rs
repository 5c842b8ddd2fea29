//! The claim: fair share says whose jobs come next, and an index scan takes the head of each line.

use super::lane::{self, Lane};
use super::lease::{LeaseCall, LeaseFilter};
use super::range::{self, Range, range_columns};
use crate::Result;
use crate::engine::{Engine, Sql, params, statements};
use crate::tx::Tx;
use model::TaskId;
use model::fair_share::{Share, divide};
use std::collections::{BTreeMap, HashMap};

/// Rounds of fair share in one claim: shares that turn out to have nothing make room for others.
const ROUNDS_MAX: usize = 8;
/// The most shares that are compared, those with the fewest running jobs first.
const SHARES_MAX: usize = 128;

statements! {
    CLAIM = concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?1 AND state = 1 AND not_before = 0 \
            ORDER BY rank, last LIMIT ?2")
        => concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?1 AND state = 1 AND not_before = 0 \
            ORDER BY rank, last LIMIT ?2 FOR UPDATE SKIP LOCKED");
    /// After all heads of a line were skipped as locked by another server: waits for one.
    CLAIM_WAITING = concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?1 AND state = 1 \
            AND not_before = 0 ORDER BY rank, last LIMIT ?2")
        => concat!("SELECT ", range_columns!(), " FROM job_range WHERE lane = ?1 AND state = 1 AND not_before = 0 \
            ORDER BY rank, last LIMIT ?2 FOR UPDATE");
    CLAIM_TASK = "SELECT r.last, r.first, r.submission, r.lane, r.state, r.rank, r.since, r.not_before, r.attempt, \
            r.in_array, r.ended, r.reason FROM submission s CROSS JOIN job_range r WHERE s.task = ?3 AND s.task <> 0 \
            AND r.last BETWEEN s.id AND s.last AND r.lane = ?1 AND r.state = 1 AND r.not_before = 0 \
            ORDER BY r.rank, r.last LIMIT ?2"
        => "SELECT r.last, r.first, r.submission, r.lane, r.state, r.rank, r.since, r.not_before, r.attempt, \
            r.in_array, r.ended, r.reason FROM submission s JOIN job_range r ON r.last BETWEEN s.id AND s.last \
            WHERE s.task = ?3 AND s.task <> 0 AND r.lane = ?1 AND r.state = 1 AND r.not_before = 0 \
            ORDER BY r.rank, r.last LIMIT ?2 FOR UPDATE OF r SKIP LOCKED";
}

/// One group and user of the queue with what is left to take of them.
struct Line {
    share: Share,
    lanes: Vec<Lane>,
}

/// Takes up to `max_jobs` jobs off the lines of the queue.
pub(crate) fn claim(tx: &mut Tx<'_>, call: &LeaseCall) -> Result<Vec<Range>> {
    let (mut lines, mut group_running) = lines(tx, call)?;
    let mut taken = Vec::new();
    let mut wanted = u64::from(call.max_jobs);
    for _ in 0..ROUNDS_MAX {
        let shares: Vec<Share> = lines.iter().map(|line| line.share.clone()).collect();
        let plan = divide(&shares, &group_running, wanted);
        if wanted == 0 || plan.is_empty() {
            break;
        }
        for (at, jobs) in plan {
            let got = take(tx, &lines[at].lanes, jobs, call.filter.task, &mut taken)?;
            let share = &mut lines[at].share;
            share.waiting = if got < jobs { 0 } else { share.waiting.saturating_sub(got) };
            share.running += got;
            *group_running.entry(share.group.clone()).or_default() += got;
            wanted = wanted.saturating_sub(got);
        }
    }
    Ok(taken)
}

/// The lines of the queue, and what each of their groups runs, which matters when there is more than one line.
fn lines(tx: &mut Tx<'_>, call: &LeaseCall) -> Result<(Vec<Line>, HashMap<String, u64>)> {
    let waiting = lane::waiting_lanes(tx, &call.queue)?;
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    for (lane, jobs) in waiting {
        if !fits(&lane, call) {
            continue;
        }
        let (group, user) = (lane.key.group.clone(), lane.key.user.clone());
        let line = lines
            .entry((group.clone(), user.clone()))
            .or_insert_with(|| Line { share: Share { group, user, waiting: 0, running: 0 }, lanes: Vec::new() });
        line.share.waiting += jobs;
        line.lanes.push(lane);
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    let group_running = if lines.len() > 1 { count_running(tx, &call.queue, &mut lines)? } else { HashMap::new() };
    Ok((lines, group_running))
}

fn fits(lane: &Lane, call: &LeaseCall) -> bool {
    let LeaseFilter { user, group, source_labels, .. } = &call.filter;
    let is = |wanted: &Option<String>, have: &str| wanted.as_deref().is_none_or(|wanted| wanted == have);
    call.slot.holds(lane.key.shape)
        && is(user, &lane.key.user)
        && is(group, &lane.key.group)
        && (source_labels.is_empty() || source_labels.contains(&lane.key.source_label))
}

/// What runs decides about who is next, also of users and shapes of which nothing waits.
fn count_running(tx: &mut Tx<'_>, queue: &str, lines: &mut Vec<Line>) -> Result<HashMap<String, u64>> {
    let mut running: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut by_group: HashMap<String, u64> = HashMap::new();
    for counted in lane::lanes_of_queue(tx, queue)? {
        let jobs = counted.with_pilots();
        let key = counted.lane.key;
        *by_group.entry(key.group.clone()).or_default() += jobs;
        *running.entry((key.group, key.user)).or_default() += jobs;
    }
    for line in lines.iter_mut() {
        let share = &mut line.share;
        share.running = running.get(&(share.group.clone(), share.user.clone())).copied().unwrap_or_default();
    }
    let load = |group: &str| by_group.get(group).copied().unwrap_or_default();
    lines.sort_by_key(|line| (load(&line.share.group), line.share.running));
    lines.truncate(SHARES_MAX);
    Ok(by_group)
}

/// Takes `wanted` jobs from the heads of some lanes, lowest rank first, and returns how many it got.
fn take(tx: &mut Tx<'_>, lanes: &[Lane], wanted: u64, task: Option<TaskId>, taken: &mut Vec<Range>) -> Result<u64> {
    let mut heads = heads(tx, &CLAIM, lanes, wanted, task)?;
    if heads.is_empty() && task.is_none() && tx.engine() == Engine::Postgres {
        heads = self::heads(tx, &CLAIM_WAITING, lanes, wanted, None)?;
    }
    heads.sort_by_key(|range| (range.rank, range.last));
    let mut left = wanted;
    let mut emptied = Vec::new();
    for head in heads {
        if left == 0 {
            break;
        }
        let jobs = left.min(head.jobs());
        left -= jobs;
        if jobs == head.jobs() {
            emptied.push(head.last);
            taken.push(head);
        } else {
            let next = head.first + jobs as i64;
            range::shorten(tx, head.last, next)?;
            taken.push(Range { last: next - 1, ..head });
        }
    }
    range::delete(tx, emptied)?;
    Ok(wanted - left)
}

fn heads(tx: &mut Tx<'_>, sql: &Sql, lanes: &[Lane], wanted: u64, task: Option<TaskId>) -> Result<Vec<Range>> {
    let mut heads = Vec::new();
    for lane in lanes {
        let rows = match task {
            Some(task) => tx.query(&CLAIM_TASK, params![lane.id, wanted, task])?,
            None => tx.query(sql, params![lane.id, wanted])?,
        };
        for row in &rows {
            heads.push(Range::of(row)?);
        }
    }
    Ok(heads)
}
