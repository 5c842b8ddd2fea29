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
    /// In slots, as fair share counts.
    share: Share,
    lanes: Vec<Waiting>,
}

/// A lane, its jobs that wait, and the slots that each of them takes.
struct Waiting {
    lane: Lane,
    jobs: u64,
    weight: u32,
}

/// What may still be taken.
struct Room {
    slots: u32,
    jobs: u32,
}

/// Takes jobs off the lines of the queue while they fit into what was asked for; the jobs, and the slots they need.
pub(crate) fn claim(tx: &mut Tx<'_>, call: &LeaseCall) -> Result<(Vec<Range>, u32)> {
    let (mut lines, mut group_running) = lines(tx, call)?;
    let mut taken = Vec::new();
    let mut room = Room { slots: call.max_slots, jobs: call.max_jobs };
    let overtaken = tx.passed_over().overtaken(&call.queue, too_wide(&lines, call), call.now);
    let alone = is_next(tx, &lines, &overtaken, call)?;
    if alone {
        lines.truncate(1);
        lines[0].lanes.retain(|waiting| overtaken.contains(&waiting.lane.id));
        room = Room { slots: call.offer.slots, jobs: 1 };
    }
    for _ in 0..ROUNDS_MAX {
        lines.iter_mut().for_each(|line| line.share.waiting = line.waiting(&room));
        let shares: Vec<Share> = lines.iter().map(|line| line.share.clone()).collect();
        let plan = divide(&shares, &group_running, u64::from(room.slots.min(room.jobs)));
        if plan.is_empty() {
            break;
        }
        for (at, slots) in plan {
            let used = take(tx, &mut lines[at], slots, &mut room, call.filter.task, &mut taken)?;
            let share = &mut lines[at].share;
            share.running += used;
            *group_running.entry(share.group.clone()).or_default() += used;
        }
    }
    let is_served = |waiting: &&Waiting| waiting.jobs == 0 || !alone;
    let lanes = lines.iter().flat_map(|line| &line.lanes).filter(is_served).map(|waiting| waiting.lane.id);
    let taken_of = |lane: &i64| taken.iter().any(|range: &Range| range.lane == *lane);
    tx.passed_over().served(&call.queue, lanes.filter(taken_of));
    let slots = taken.iter().map(|range| range.jobs() * u64::from(weight_of(&lines, range.lane))).sum::<u64>();
    Ok((taken, u32::try_from(slots).unwrap_or(u32::MAX)))
}

/// Lanes that fit the pilot and not what it asks for: narrower ones overtake them.
fn too_wide(lines: &[Line], call: &LeaseCall) -> Vec<i64> {
    let lanes = lines.iter().flat_map(|line| &line.lanes);
    lanes.filter(|waiting| waiting.weight > call.max_slots).map(|waiting| waiting.lane.id).collect()
}

/// Whether a job that was overtaken for too long is the next one by right: fair share has its line first, and it is the
/// first of its line.
fn is_next(tx: &mut Tx<'_>, lines: &[Line], overtaken: &[i64], call: &LeaseCall) -> Result<bool> {
    let Some(line) = lines.first().filter(|_| !overtaken.is_empty()) else { return Ok(false) };
    let lanes: Vec<&Lane> = line.lanes.iter().map(|waiting| &waiting.lane).collect();
    let heads = heads(tx, &CLAIM, &lanes, 1, call.filter.task)?;
    let first = heads.iter().min_by_key(|head| (head.rank, head.last));
    Ok(first.is_some_and(|head| overtaken.contains(&head.lane)))
}

fn weight_of(lines: &[Line], lane: i64) -> u32 {
    let mut lanes = lines.iter().flat_map(|line| &line.lanes);
    lanes.find(|waiting| waiting.lane.id == lane).map_or(1, |waiting| waiting.weight)
}

impl Line {
    /// Slots that its jobs need, of those jobs that each fit into the room.
    fn waiting(&self, room: &Room) -> u64 {
        let fitting = self.lanes.iter().filter(|waiting| waiting.weight <= room.slots);
        fitting.map(|waiting| waiting.jobs * u64::from(waiting.weight)).sum()
    }
}

/// The lines of the queue, and what each of their groups runs, which matters when there is more than one line.
fn lines(tx: &mut Tx<'_>, call: &LeaseCall) -> Result<(Vec<Line>, HashMap<String, u64>)> {
    let waiting = lane::waiting_lanes(tx, &call.queue)?;
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    for (lane, jobs) in waiting {
        let Some(weight) = call.offer.weight(lane.key.shape).filter(|_| is_wanted(&lane, call)) else { continue };
        let (group, user) = (lane.key.group.clone(), lane.key.user.clone());
        let line = lines
            .entry((group.clone(), user.clone()))
            .or_insert_with(|| Line { share: Share { group, user, waiting: 0, running: 0 }, lanes: Vec::new() });
        line.lanes.push(Waiting { lane, jobs, weight });
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    let group_running = if lines.len() > 1 { count_running(tx, call, &mut lines)? } else { HashMap::new() };
    Ok((lines, group_running))
}

fn is_wanted(lane: &Lane, call: &LeaseCall) -> bool {
    let LeaseFilter { user, group, source_labels, .. } = &call.filter;
    let is = |wanted: &Option<String>, have: &str| wanted.as_deref().is_none_or(|wanted| wanted == have);
    is(user, &lane.key.user)
        && is(group, &lane.key.group)
        && (source_labels.is_empty() || source_labels.contains(&lane.key.source_label))
}

/// What runs decides about who is next, also of users and shapes of which nothing waits. It counts in slots of this
/// pilot; what it could not hold counts as all of it.
fn count_running(tx: &mut Tx<'_>, call: &LeaseCall, lines: &mut Vec<Line>) -> Result<HashMap<String, u64>> {
    let mut running: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut by_group: HashMap<String, u64> = HashMap::new();
    for counted in lane::lanes_of_queue(tx, &call.queue)? {
        let weight = call.offer.weight(counted.lane.key.shape).unwrap_or(call.offer.slots);
        let slots = counted.with_pilots() * u64::from(weight);
        let key = counted.lane.key;
        *by_group.entry(key.group.clone()).or_default() += slots;
        *running.entry((key.group, key.user)).or_default() += slots;
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

/// Takes jobs from the heads of the lanes of a line, lowest rank first, until `wanted` slots are filled; the last job
/// may go beyond that as far as there is room. Returns the slots that it filled.
fn take(
    tx: &mut Tx<'_>,
    line: &mut Line,
    wanted: u64,
    room: &mut Room,
    task: Option<TaskId>,
    taken: &mut Vec<Range>,
) -> Result<u64> {
    let fitting: Vec<&Lane> =
        line.lanes.iter().filter(|lane| lane.jobs > 0 && lane.weight <= room.slots).map(|lane| &lane.lane).collect();
    let mut heads = heads(tx, &CLAIM, &fitting, wanted, task)?;
    if heads.is_empty() && task.is_none() && tx.engine() == Engine::Postgres {
        heads = self::heads(tx, &CLAIM_WAITING, &fitting, wanted, None)?;
    }
    heads.sort_by_key(|range| (range.rank, range.last));
    let (mut used, mut emptied, mut crowded) = (0, Vec::new(), false);
    for head in heads {
        if used >= wanted {
            break;
        }
        let Some(lane) = line.lanes.iter_mut().find(|waiting| waiting.lane.id == head.lane) else { continue };
        let weight = u64::from(lane.weight);
        let room_for = (u64::from(room.slots) / weight).min(room.jobs.into());
        let jobs = (wanted - used).div_ceil(weight).min(head.jobs()).min(room_for);
        crowded |= room_for < head.jobs();
        if jobs == 0 {
            continue;
        }
        used += jobs * weight;
        lane.jobs = lane.jobs.saturating_sub(jobs);
        room.slots -= u32::try_from(jobs * weight).unwrap_or(room.slots);
        room.jobs -= u32::try_from(jobs).unwrap_or(room.jobs);
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
    if used < wanted && !crowded {
        // There was less than the counters said, or another server was faster.
        line.lanes.iter_mut().for_each(|lane| lane.jobs = 0);
    }
    Ok(used)
}

fn heads(tx: &mut Tx<'_>, sql: &Sql, lanes: &[&Lane], wanted: u64, task: Option<TaskId>) -> Result<Vec<Range>> {
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
