//! One group commit in the making: statements go to the engine at once, counters are summed and written at its end.

use crate::engine::{Connection, Engine, Row, Sql, Value, params, statements};
use crate::jobs::lane::{Lane, LaneKey};
use crate::jobs::passed_over::PassedOver;
use crate::pilots::ends::hour;
use crate::pilots::events::{self, Noted};
use crate::pilots::history::{self, Added};
use crate::pilots::row::PilotRow;
use crate::pilots::scope::ScopeCache;
use crate::pilots::{core_time, messages, nodes};
use crate::reported::factories::{HEARD_EVERY_MS, HEARD_FACTORY, HEARD_LABEL};
use crate::shared::{Learned, Shared};
use crate::{AttemptPolicy, ChangeSet, Error, Result};
use model::{JobId, JobSpec, JobState, NodeCounts, PilotFlow, PilotId, PilotState, SubmissionId, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Number of job states.
pub(crate) const STATES: usize = JobState::ALL.len();

/// Differences of jobs by state.
pub(crate) type StateDeltas = [i64; STATES];

statements! {
    NEXT_IDS = "UPDATE sequence SET next = next + ?2 WHERE name = ?1 RETURNING next - ?2";
    ADD_TO_LANE = "UPDATE lane SET defined = defined + ?2, activated = activated + ?3, sent = sent + ?4, \
        starting = starting + ?5, running = running + ?6, holding = holding + ?7, transferring = transferring + ?8, \
        finished = finished + ?9, failed = failed + ?10, cancelled = cancelled + ?11, closed = closed + ?12 WHERE id = ?1";
    ADD_TO_ARRAY = "UPDATE array_count SET defined = defined + ?2, activated = activated + ?3, sent = sent + ?4, \
        starting = starting + ?5, running = running + ?6, holding = holding + ?7, transferring = transferring + ?8, \
        finished = finished + ?9, failed = failed + ?10, cancelled = cancelled + ?11, closed = closed + ?12 WHERE id = ?1";
    ADD_TO_PILOT = "UPDATE pilot SET jobs_now = jobs_now + ?2, jobs_ended = jobs_ended + ?3, good_ms = good_ms + ?4, \
        failed_ms = failed_ms + ?5, first_job = COALESCE(first_job, ?6) WHERE id = ?1";
    ADD_TO_LABEL = "INSERT INTO label_count (factory, label, queue, state, pilots, slots, held) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (factory, label, queue, state) \
        DO UPDATE SET pilots = label_count.pilots + excluded.pilots, slots = label_count.slots + excluded.slots, \
        held = label_count.held + excluded.held";
    ADD_TO_ENDS = "INSERT INTO pilot_end (hour, factory, label, queue, state, error_class, pilots, last) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (hour, factory, label, queue, state, error_class) \
        DO UPDATE SET pilots = pilot_end.pilots + excluded.pilots, last = excluded.last";
    ADD_TO_THROUGHPUT = "INSERT INTO throughput (queue, minute, finished) VALUES (?1, ?2, ?3) \
        ON CONFLICT (queue, minute) DO UPDATE SET finished = throughput.finished + excluded.finished";
}

/// What the counters of a job hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Its lane.
    pub(crate) lane: i64,
    /// Its submission, when that is an array.
    pub(crate) array: Option<SubmissionId>,
}

/// What the counters of a pilot hang on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LabelKey {
    pub(crate) factory: String,
    pub(crate) label: String,
    pub(crate) queue: String,
}

/// Differences of a label's pilots in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LabelDeltas {
    pilots: i64,
    slots: i64,
    /// Of the pilots, those that their batch system holds back.
    held: i64,
}

/// What happened to the jobs of a pilot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PilotJobs {
    /// Jobs that it holds.
    pub(crate) held: i64,
    /// Jobs that it has ended.
    pub(crate) ended: i64,
    /// Milliseconds of cores of jobs that finished.
    pub(crate) good_ms: i64,
    /// Milliseconds of cores of attempts that failed.
    pub(crate) failed_ms: i64,
    /// When it took the first of these jobs, if it took any.
    pub(crate) first: Option<Time>,
}

impl PilotJobs {
    /// It took jobs.
    pub(crate) fn taken(jobs: i64, now: Time) -> PilotJobs {
        PilotJobs { held: jobs, first: Some(now), ..PilotJobs::default() }
    }

    /// One was lost or killed.
    pub(crate) fn gone() -> PilotJobs {
        PilotJobs { held: -1, ended: 1, ..PilotJobs::default() }
    }
}

/// What the counters of ends of pilots hang on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EndKey {
    /// Hours since 1970.
    pub(crate) hour: i64,
    pub(crate) label: LabelKey,
    pub(crate) state: i64,
    pub(crate) error_class: i64,
}

/// Everything that is written at the end, in key order, so that counters of two servers do not lock each other out.
#[derive(Clone, Default)]
pub(crate) struct Pending {
    lanes: BTreeMap<i64, StateDeltas>,
    arrays: BTreeMap<i64, StateDeltas>,
    pilots: BTreeMap<PilotId, PilotJobs>,
    labels: BTreeMap<(LabelKey, i64), LabelDeltas>,
    /// How many, and one of them.
    ends: BTreeMap<EndKey, (i64, PilotId)>,
    core_time: core_time::Added,
    messages: messages::Added,
    nodes: nodes::Added,
    throughput: BTreeMap<(String, i64), i64>,
    history: Added,
    noted: Vec<Noted>,
    /// Factories and labels of other software that were heard.
    heard: BTreeMap<(String, String), Time>,
    learned: Learned,
    changes: ChangeSet,
    due_checked: Option<Time>,
}

/// A group commit in the making.
pub(crate) struct Tx<'a> {
    connection: &'a mut dyn Connection,
    shared: &'a Shared,
    pending: Pending,
    writes: u64,
    has_changed: bool,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a mut dyn Connection, shared: &'a Shared) -> Tx<'a> {
        Tx { connection, shared, pending: Pending::default(), writes: 0, has_changed: false }
    }

    /// Rows, of a query or of a statement that returns what it wrote.
    pub(crate) fn query(&mut self, sql: &Sql, params: &[Value]) -> Result<Vec<Row>> {
        self.connection.query(sql, params)
    }

    /// The first row.
    pub(crate) fn query_one(&mut self, sql: &Sql, params: &[Value]) -> Result<Option<Row>> {
        self.connection.query_one(sql, params)
    }

    /// The rows of many queries.
    pub(crate) fn query_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        self.connection.query_many(sql, rows)
    }

    /// The rows that a statement wrote, for each row of parameters.
    pub(crate) fn take_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<Vec<Row>> {
        self.writes += 1;
        let taken = self.connection.query_many(sql, rows)?;
        self.has_changed |= !taken.is_empty();
        Ok(taken)
    }

    /// Writes.
    pub(crate) fn execute(&mut self, sql: &Sql, params: &[Value]) -> Result<u64> {
        self.writes += 1;
        let changed = self.connection.execute(sql, params)?;
        self.has_changed |= changed > 0;
        Ok(changed)
    }

    /// Writes many rows.
    pub(crate) fn execute_many(&mut self, sql: &Sql, rows: &[Vec<Value>]) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.writes += 1;
        let changed = self.connection.execute_many(sql, rows)?;
        self.has_changed |= changed > 0;
        Ok(changed)
    }

    /// Takes `count` consecutive ids and returns the first.
    pub(crate) fn next_ids(&mut self, sequence: &str, count: u64) -> Result<i64> {
        self.writes += 1;
        let row = self.connection.query_one(&NEXT_IDS, params![sequence, count])?;
        self.has_changed = true;
        row.ok_or_else(|| Error::Corrupt(format!("there is no sequence {sequence}")))?.int(0)
    }

    pub(crate) fn connection(&mut self) -> &mut dyn Connection {
        self.connection
    }

    pub(crate) fn engine(&self) -> Engine {
        self.connection.engine()
    }

    pub(crate) fn policy(&self) -> AttemptPolicy {
        self.shared.policy
    }

    /// A lane that is known without asking the database.
    pub(crate) fn known_lane(&self, id: i64) -> Option<Lane> {
        self.shared.lanes.get(id).or_else(|| self.pending.learned.lane(id))
    }

    /// The known lane with this key.
    pub(crate) fn lane_like(&self, key: &LaneKey) -> Option<i64> {
        self.shared.lanes.find(key).or_else(|| self.pending.learned.lane_like(key))
    }

    /// A spec that is known without asking the database.
    pub(crate) fn known_spec(&self, submission: SubmissionId) -> Option<Arc<JobSpec>> {
        self.shared.specs.get(submission).or_else(|| self.pending.learned.spec(submission))
    }

    /// How long wide jobs were passed over.
    pub(crate) fn passed_over(&self) -> &PassedOver {
        &self.shared.passed_over
    }

    /// Ids of scopes that are known without asking the database.
    pub(crate) fn scopes(&self) -> &ScopeCache {
        &self.shared.scopes
    }

    /// What is to be remembered once this commit is done. What a rolled back commit learned may be wrong: its ids are
    /// handed out again.
    pub(crate) fn learned(&mut self) -> &mut Learned {
        &mut self.pending.learned
    }

    /// Differences of a lane's counters that are not written yet.
    pub(crate) fn lane_deltas(&self, lane: i64) -> StateDeltas {
        self.pending.lanes.get(&lane).copied().unwrap_or_default()
    }

    /// Whether this commit changes counters of the array.
    pub(crate) fn counts_in_array(&self, array: i64) -> bool {
        self.pending.arrays.contains_key(&array)
    }

    /// Lanes whose counters will change.
    pub(crate) fn touched_lanes(&self) -> Vec<i64> {
        self.pending.lanes.keys().copied().collect()
    }

    /// Counts `jobs` that were not there before.
    pub(crate) fn count_new(&mut self, counted: Counted, state: JobState, jobs: u64) {
        self.add(counted, state, jobs as i64);
    }

    /// Counts `jobs` that went from one state to another.
    pub(crate) fn count_move(&mut self, counted: Counted, from: JobState, to: JobState, jobs: u64) {
        self.add(counted, from, -(jobs as i64));
        self.add(counted, to, jobs as i64);
    }

    /// Uncounts `jobs` that are not there any more.
    pub(crate) fn count_gone(&mut self, counted: Counted, state: JobState, jobs: u64) {
        self.add(counted, state, -(jobs as i64));
    }

    fn add(&mut self, counted: Counted, state: JobState, jobs: i64) {
        self.pending.lanes.entry(counted.lane).or_default()[state as usize] += jobs;
        if let Some(array) = counted.array {
            self.pending.arrays.entry(array.0).or_default()[state as usize] += jobs;
        }
    }

    /// Counts what happened to jobs of a pilot.
    pub(crate) fn count_pilot_jobs(&mut self, pilot: PilotId, jobs: PilotJobs) {
        let counts = self.pending.pilots.entry(pilot).or_default();
        counts.held += jobs.held;
        counts.ended += jobs.ended;
        counts.good_ms += jobs.good_ms;
        counts.failed_ms += jobs.failed_ms;
        counts.first = counts.first.or(jobs.first);
    }

    /// Counts an attempt that a pilot ended, which took so many milliseconds of cores.
    pub(crate) fn count_attempt(&mut self, pilot: PilotId, is_good: bool, core_ms: i64, now: Time) {
        let jobs = PilotJobs::gone();
        let (jobs, counts) = match is_good {
            true => (PilotJobs { good_ms: core_ms, ..jobs }, NodeCounts { finished: 1, ..NodeCounts::default() }),
            false => (PilotJobs { failed_ms: core_ms, ..jobs }, NodeCounts { failed: 1, ..NodeCounts::default() }),
        };
        self.count_pilot_jobs(pilot, jobs);
        self.pending.nodes.entry((pilot, hour(now))).or_default().0 += counts;
    }

    /// Counts pilots (negative: fewer) of a label in a state, and their slots.
    pub(crate) fn count_label(&mut self, key: &LabelKey, state: PilotState, pilots: i64, slots: i64) {
        let counts = self.pending.labels.entry((key.clone(), state as i64)).or_default();
        counts.pilots += pilots;
        counts.slots += slots;
    }

    /// Counts pilots (negative: fewer) of a label in a state that their batch system holds back.
    pub(crate) fn count_held(&mut self, key: &LabelKey, state: PilotState, pilots: i64) {
        if pilots != 0 {
            self.pending.labels.entry((key.clone(), state as i64)).or_default().held += pilots;
        }
    }

    /// Counts a pilot that ended.
    pub(crate) fn count_end(&mut self, key: EndKey, row: &PilotRow, now: Time) {
        let just = self.pending.pilots.get(&row.id).copied().unwrap_or_default();
        if let Some(time) = core_time::of(row, just, now) {
            *self.pending.core_time.entry((key.hour, key.label.clone())).or_default() += time;
            let (counts, is_bad) = nodes::end(row, just);
            let of_node = self.pending.nodes.entry((row.id, key.hour)).or_default();
            *of_node = (of_node.0 + counts, of_node.1 || is_bad);
        }
        if row.state == PilotState::Fault && !row.message.is_empty() {
            let template = self.shared.templates.admit(key.hour, &key.label, &row.message);
            let counts = self.pending.messages.entry((key.clone(), template)).or_insert((0, row.id));
            *counts = (counts.0 + 1, row.id);
        }
        let counts = self.pending.ends.entry(key).or_insert((0, row.id));
        *counts = (counts.0 + 1, row.id);
    }

    /// Counts pilots of a label that were announced.
    pub(crate) fn count_announced(&mut self, key: &LabelKey, pilots: u64, now: Time) {
        self.pending.history.flow(key, now, PilotFlow::announced(pilots));
    }

    /// Counts that a pilot went from one state to that of its row.
    pub(crate) fn count_moved(&mut self, row: &PilotRow, from: PilotState, now: Time) {
        let just_ended = self.pending.pilots.get(&row.id).map_or(0, |jobs| jobs.ended);
        self.pending.history.moved(row, from, row.jobs_ended + just_ended, now);
    }

    /// Notes that a label of a factory of other software was heard.
    pub(crate) fn heard(&mut self, factory: &str, label: &str, now: Time) {
        self.pending.heard.insert((factory.to_owned(), label.to_owned()), now);
    }

    /// Counts a pilot that was found to be submitted.
    pub(crate) fn count_found(&mut self, key: &LabelKey, now: Time) {
        self.pending.history.flow(key, now, PilotFlow::announced(1));
        self.pending.history.flow(key, now, PilotFlow::of(PilotState::Announced, PilotState::Submitted));
    }

    /// Writes down what was said about a pilot.
    pub(crate) fn note(&mut self, noted: Noted) {
        self.pending.noted.push(noted);
    }

    /// Counts a job that finished in a queue.
    pub(crate) fn count_finished(&mut self, queue: &str, now: Time) {
        *self.pending.throughput.entry((queue.to_owned(), now.0.div_euclid(60_000))).or_default() += 1;
    }

    /// What the commit changes, to be added to.
    pub(crate) fn changes(&mut self) -> &mut ChangeSet {
        &mut self.pending.changes
    }

    /// Tells of a job that changed.
    pub(crate) fn job_changed(&mut self, job: JobId) {
        self.pending.changes.add_job(job);
    }

    /// Tells of a range of jobs that changed.
    pub(crate) fn jobs_changed(&mut self, first: JobId, last: JobId) {
        self.pending.changes.add_jobs(first, last);
    }

    /// Tells of a pilot that changed.
    pub(crate) fn pilot_changed(&mut self, pilot: PilotId) {
        self.pending.changes.add_pilot(pilot);
    }

    /// Whether ended back-offs were looked for in this commit already; notes that they are now.
    pub(crate) fn due_is_checked(&mut self, now: Time) -> bool {
        let checked = self.pending.due_checked.is_some_and(|at| at >= now);
        self.pending.due_checked = Some(now);
        checked
    }

    /// Whether any row was written so far.
    pub(crate) fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Statements that wrote so far.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// What would be written at the end, to come back to.
    pub(crate) fn snapshot(&self) -> Pending {
        self.pending.clone()
    }

    /// Comes back to a snapshot.
    pub(crate) fn restore(&mut self, pending: Pending) {
        self.pending = pending;
    }

    /// Writes the counters and returns what is left to do after the commit.
    pub(crate) fn finish(mut self) -> Result<(ChangeSet, Learned)> {
        let mut pending = std::mem::take(&mut self.pending);
        self.pending.learned = std::mem::take(&mut pending.learned);
        let connection = &mut *self.connection;
        let states = |id: i64, deltas: &StateDeltas| -> Vec<Value> {
            std::iter::once(id).chain(deltas.iter().copied()).map(Value::from).collect()
        };
        let changed = |deltas: &StateDeltas| deltas.iter().any(|delta| *delta != 0);
        let of = |map: &BTreeMap<i64, StateDeltas>| -> Vec<Vec<Value>> {
            map.iter().filter(|(_, deltas)| changed(deltas)).map(|(id, deltas)| states(*id, deltas)).collect()
        };
        let lanes = of(&pending.lanes);
        if connection.execute_many(&ADD_TO_LANE, &lanes)? < lanes.len() as u64 {
            // One was empty and has been deleted since it was seen: run again with what is there now.
            self.shared.lanes.forget();
            return Err(Error::Collision);
        }
        connection.execute_many(&ADD_TO_ARRAY, &of(&pending.arrays))?;
        connection.execute_many(&ADD_TO_PILOT, &pilot_rows(&pending))?;
        connection.execute_many(&ADD_TO_LABEL, &label_rows(&pending))?;
        connection.execute_many(&ADD_TO_ENDS, &end_rows(&pending))?;
        connection.execute_many(&ADD_TO_THROUGHPUT, &throughput_rows(&pending))?;
        core_time::write(&mut self, &pending.core_time)?;
        messages::write(&mut self, &pending.messages)?;
        nodes::write(&mut self, &pending.nodes)?;
        write_heard(self.connection, &pending)?;
        // Last, for every commit about pilots counts in the same rows: who holds them waits for nothing any more.
        history::write(&mut self, &pending.history)?;
        events::write(&mut self, &pending.noted)?;
        Ok((pending.changes, self.pending.learned))
    }
}

/// Who was heard, unless that was written down a moment ago.
fn write_heard(connection: &mut dyn Connection, pending: &Pending) -> Result<()> {
    if pending.heard.is_empty() {
        return Ok(());
    }
    let mut factories: BTreeMap<&String, Time> = BTreeMap::new();
    let mut labels = Vec::new();
    for ((factory, label), now) in &pending.heard {
        factories.insert(factory, *now);
        labels.push(params![factory, label, *now, now.0 - HEARD_EVERY_MS].to_vec());
    }
    let factory = |(name, now): (&String, Time)| params![name, now, now.0 - HEARD_EVERY_MS].to_vec();
    connection.execute_many(&HEARD_FACTORY, &factories.into_iter().map(factory).collect::<Vec<_>>())?;
    connection.execute_many(&HEARD_LABEL, &labels).map(|_| ())
}

fn pilot_rows(pending: &Pending) -> Vec<Vec<Value>> {
    let changed = pending.pilots.iter().filter(|(_, jobs)| **jobs != PilotJobs::default());
    let row = |(pilot, jobs): (&PilotId, &PilotJobs)| {
        params![*pilot, jobs.held, jobs.ended, jobs.good_ms, jobs.failed_ms, jobs.first].to_vec()
    };
    changed.map(row).collect()
}

fn label_rows(pending: &Pending) -> Vec<Vec<Value>> {
    let changed = pending.labels.iter().filter(|(_, counts)| **counts != LabelDeltas::default());
    let row = |((key, state), deltas): (&(LabelKey, i64), &LabelDeltas)| {
        let LabelDeltas { pilots, slots, held } = *deltas;
        params![&key.factory, &key.label, &key.queue, *state, pilots, slots, held].to_vec()
    };
    changed.map(row).collect()
}

fn end_rows(pending: &Pending) -> Vec<Vec<Value>> {
    let row = |(key, (pilots, last)): (&EndKey, &(i64, PilotId))| {
        let LabelKey { factory, label, queue } = &key.label;
        params![key.hour, factory, label, queue, key.state, key.error_class, *pilots, *last].to_vec()
    };
    pending.ends.iter().map(row).collect()
}

fn throughput_rows(pending: &Pending) -> Vec<Vec<Value>> {
    pending.throughput.iter().map(|((queue, minute), jobs)| params![queue, *minute, *jobs].to_vec()).collect()
}
