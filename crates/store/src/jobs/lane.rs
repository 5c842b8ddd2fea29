//! Lanes: all jobs of one user and group with the same needs in one queue share a lane, its counters and its line.

use crate::engine::{Connection, Row, params, statements};
use crate::tx::{STATES, StateDeltas, Tx};
use crate::{Error, Result};
use model::{JobCounts, JobSpec, JobState, Shape};
use std::collections::HashMap;
use std::sync::RwLock;

statements! {
    FIND_LANE = "SELECT id FROM lane WHERE queue = ?1 AND grp = ?2 AND usr = ?3 AND source_label = ?4 AND cores = ?5 \
        AND memory_mib = ?6 AND wall_time_s = ?7";
    ADD_LANE = "INSERT INTO lane (id, queue, grp, usr, source_label, cores, memory_mib, wall_time_s) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    LANE = "SELECT id, queue, grp, usr, source_label, cores, memory_mib, wall_time_s FROM lane WHERE id = ?1";
    LANES_WAITING = "SELECT id, queue, grp, usr, source_label, cores, memory_mib, wall_time_s, activated FROM lane \
        WHERE queue = ?1 AND activated > 0 ORDER BY id";
    LANES_OF_QUEUE = "SELECT id, queue, grp, usr, source_label, cores, memory_mib, wall_time_s, defined, activated, sent, \
        starting, running, holding, transferring, finished, failed, cancelled, closed FROM lane WHERE queue = ?1";
    ALL_LANES = "SELECT id, queue, grp, usr, source_label, cores, memory_mib, wall_time_s, defined, activated, sent, \
        starting, running, holding, transferring, finished, failed, cancelled, closed FROM lane";
}

/// What jobs of one lane have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LaneKey {
    pub(crate) queue: String,
    pub(crate) group: String,
    pub(crate) user: String,
    pub(crate) source_label: String,
    pub(crate) shape: Shape,
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) id: i64,
    pub(crate) key: LaneKey,
}

/// A lane with its counters.
#[derive(Clone, Debug)]
pub(crate) struct CountedLane {
    pub(crate) lane: Lane,
    pub(crate) jobs: StateDeltas,
}

/// The most lanes that are remembered.
const LANES_MAX: usize = 20_000;

/// Lanes that were seen; their rows never change but for counters. One whose last job is gone is deleted: who counts in
/// it afterwards finds no row and forgets what was seen ([`Tx::finish`]). Forgotten all at once when there are too many.
#[derive(Default)]
pub(crate) struct LaneCache {
    seen: RwLock<Seen>,
}

#[derive(Default)]
struct Seen {
    by_id: HashMap<i64, Lane>,
    by_key: HashMap<LaneKey, i64>,
}

impl LaneCache {
    pub(crate) fn get(&self, id: i64) -> Option<Lane> {
        self.seen.read().ok()?.by_id.get(&id).cloned()
    }

    pub(crate) fn find(&self, key: &LaneKey) -> Option<i64> {
        self.seen.read().ok()?.by_key.get(key).copied()
    }

    pub(crate) fn keep(&self, lanes: Vec<Lane>) {
        if lanes.is_empty() {
            return;
        }
        if let Ok(mut seen) = self.seen.write() {
            if seen.by_id.len() >= LANES_MAX {
                *seen = Seen::default();
            }
            for lane in lanes {
                seen.by_key.insert(lane.key.clone(), lane.id);
                seen.by_id.insert(lane.id, lane);
            }
        }
    }

    /// Forgets all lanes.
    pub(crate) fn forget(&self) {
        if let Ok(mut seen) = self.seen.write() {
            *seen = Seen::default();
        }
    }

    /// A lane for a reader.
    pub(crate) fn load(&self, connection: &mut dyn Connection, id: i64) -> Result<Lane> {
        if let Some(lane) = self.get(id) {
            return Ok(lane);
        }
        let row = connection.query_one(&LANE, params![id])?.ok_or_else(|| no_lane(id))?;
        let lane = lane_of(&row)?;
        self.keep(vec![lane.clone()]);
        Ok(lane)
    }
}

impl LaneKey {
    /// The lane of a spec in a queue; the empty queue is that of defined jobs.
    pub(crate) fn of(spec: &JobSpec, queue: &str) -> LaneKey {
        LaneKey {
            queue: queue.to_owned(),
            group: spec.group.clone(),
            user: spec.user.clone(),
            source_label: spec.source_label.clone(),
            shape: spec.shape(),
        }
    }
}

impl CountedLane {
    pub(crate) fn of(&self, state: JobState) -> u64 {
        self.jobs[state as usize].max(0).unsigned_abs()
    }

    /// Jobs that pilots hold.
    pub(crate) fn with_pilots(&self) -> u64 {
        JobState::ALL.into_iter().filter(|state| state.is_with_pilot()).map(|state| self.of(state)).sum()
    }
}

/// The lane with this key, made when it is missing.
pub(crate) fn lane_for(tx: &mut Tx<'_>, key: &LaneKey) -> Result<i64> {
    if let Some(id) = tx.lane_like(key) {
        return Ok(id);
    }
    if let Some(id) = find(tx, key)? {
        tx.learned().add_lane(Lane { id, key: key.clone() });
        return Ok(id);
    }
    let id = tx.next_ids("lane", 1)?;
    let shape = key.shape;
    tx.execute(
        &ADD_LANE,
        params![
            id,
            &key.queue,
            &key.group,
            &key.user,
            &key.source_label,
            shape.cores,
            shape.memory_mib,
            shape.wall_time_s
        ],
    )?;
    // Another server may have made it at the same moment.
    let id = find(tx, key)?.unwrap_or(id);
    tx.learned().add_lane(Lane { id, key: key.clone() });
    Ok(id)
}

fn find(tx: &mut Tx<'_>, key: &LaneKey) -> Result<Option<i64>> {
    let shape = key.shape;
    let row = tx.query_one(
        &FIND_LANE,
        params![&key.queue, &key.group, &key.user, &key.source_label, shape.cores, shape.memory_mib, shape.wall_time_s],
    )?;
    row.map(|row| row.int(0)).transpose()
}

/// A lane by id.
pub(crate) fn lane(tx: &mut Tx<'_>, id: i64) -> Result<Lane> {
    if let Some(lane) = tx.known_lane(id) {
        return Ok(lane);
    }
    let row = tx.query_one(&LANE, params![id])?.ok_or_else(|| no_lane(id))?;
    let lane = lane_of(&row)?;
    tx.learned().add_lane(lane.clone());
    Ok(lane)
}

/// Lanes of a queue with activated jobs, counting what this commit does.
pub(crate) fn waiting_lanes(tx: &mut Tx<'_>, queue: &str) -> Result<Vec<(Lane, u64)>> {
    let mut found = Vec::new();
    for row in tx.query(&LANES_WAITING, params![queue])? {
        let lane = lane_of(&row)?;
        let jobs = row.int(8)? + tx.lane_deltas(lane.id)[JobState::Activated as usize];
        found.push((lane, jobs));
    }
    for id in tx.touched_lanes() {
        let jobs = tx.lane_deltas(id)[JobState::Activated as usize];
        if jobs > 0 && !found.iter().any(|(lane, _)| lane.id == id) {
            let lane = lane(tx, id)?;
            if lane.key.queue == queue {
                found.push((lane, jobs));
            }
        }
    }
    found.retain(|(_, jobs)| *jobs > 0);
    Ok(found.into_iter().map(|(lane, jobs)| (lane, jobs.unsigned_abs())).collect())
}

/// All lanes of a queue with their counters, counting what this commit does.
pub(crate) fn lanes_of_queue(tx: &mut Tx<'_>, queue: &str) -> Result<Vec<CountedLane>> {
    let mut lanes = tx.query(&LANES_OF_QUEUE, params![queue])?.iter().map(counted).collect::<Result<Vec<_>>>()?;
    for counted in &mut lanes {
        let deltas = tx.lane_deltas(counted.lane.id);
        counted.jobs.iter_mut().zip(deltas).for_each(|(jobs, delta)| *jobs += delta);
    }
    Ok(lanes)
}

/// All lanes with their counters.
pub(crate) fn all_lanes(connection: &mut dyn Connection) -> Result<Vec<CountedLane>> {
    connection.query(&ALL_LANES, &[])?.iter().map(counted).collect()
}

/// Sums counters.
pub(crate) fn sum<'a>(lanes: impl IntoIterator<Item = &'a CountedLane>) -> JobCounts {
    let mut counts = no_jobs();
    for lane in lanes {
        for state in JobState::ALL {
            *counts.0.entry(state).or_default() += lane.of(state);
        }
    }
    counts
}

/// Every state with no jobs.
pub(crate) fn no_jobs() -> JobCounts {
    JobCounts(JobState::ALL.into_iter().map(|state| (state, 0)).collect())
}

fn counted(row: &Row) -> Result<CountedLane> {
    let mut jobs = [0; STATES];
    for (at, count) in jobs.iter_mut().enumerate() {
        *count = row.int(8 + at)?;
    }
    Ok(CountedLane { lane: lane_of(row)?, jobs })
}

fn lane_of(row: &Row) -> Result<Lane> {
    let shape = Shape { cores: row.small(5)?, memory_mib: row.small(6)?, wall_time_s: row.small(7)? };
    let key =
        LaneKey { queue: row.text(1)?, group: row.text(2)?, user: row.text(3)?, source_label: row.text(4)?, shape };
    Ok(Lane { id: row.int(0)?, key })
}

fn no_lane(id: i64) -> Error {
    Error::Corrupt(format!("there is no lane {id}"))
}
