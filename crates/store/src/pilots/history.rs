//! What happened to pilots in spans of time: counted by the commits that move them, read without a look at any pilot.

use super::row::PilotRow;
use crate::engine::{Connection, Row, Sql, Value, params, statements};
use crate::jobs::codes;
use crate::pilots::scope::{self, ScopeKey};
use crate::tx::{LabelKey, Tx};
use crate::{Result, Store};
use model::{Durations, FlowAt, Levels, PilotFlow, PilotState, Span, Time};
use std::collections::BTreeMap;
use std::time::Duration;

/// Spans by which durations are counted.
const DURATION_SPANS: [Span; 2] = [Span::TenMinutes, Span::SixHours];
/// Scopes whose old counts one step deletes.
const PORTION: i64 = 200;

macro_rules! sums {
    (sqlite) => {
        "SUM(f.submitted), SUM(f.started), SUM(f.done), SUM(f.empty), SUM(f.fault), SUM(f.pending_change), \
         SUM(f.running_change)"
    };
    (postgres) => {
        "CAST(SUM(f.submitted) AS BIGINT), CAST(SUM(f.started) AS BIGINT), CAST(SUM(f.done) AS BIGINT), \
         CAST(SUM(f.empty) AS BIGINT), CAST(SUM(f.fault) AS BIGINT), CAST(SUM(f.pending_change) AS BIGINT), \
         CAST(SUM(f.running_change) AS BIGINT)"
    };
}

// Written so that both engines find the scopes first and then seek in the counts of each.
macro_rules! scopes {
    (sqlite $which:literal) => {
        concat!("IN (SELECT id FROM pilot_scope WHERE ", $which, ")")
    };
    (postgres $which:literal) => {
        concat!("= ANY(ARRAY(SELECT id FROM pilot_scope WHERE ", $which, "))")
    };
}

macro_rules! flow_of {
    ($engine:ident $which:literal) => {
        concat!(
            "SELECT f.start, ", sums!($engine), " FROM pilot_flow f WHERE f.span = ?1 AND f.start >= ?2 AND f.start < ?3 \
             AND f.scope ", scopes!($engine $which), " GROUP BY f.start ORDER BY f.start"
        )
    };
}

macro_rules! durations_of {
    ($engine:ident $pilots:literal $which:literal) => {
        concat!(
            "SELECT kind, bucket, ", $pilots, " FROM pilot_duration WHERE span = ?1 AND start >= ?2 AND start < ?3 \
             AND scope ", scopes!($engine $which), " GROUP BY kind, bucket"
        )
    };
    (sqlite $which:literal) => { durations_of!(sqlite "SUM(pilots)" $which) };
    (postgres $which:literal) => { durations_of!(postgres "CAST(SUM(pilots) AS BIGINT)" $which) };
}

// Pilots that are not done or in fault.
macro_rules! levels_of {
    ($which:literal) => {
        concat!("SELECT state, pilots FROM label_count WHERE pilots > 0 AND state <= 4 AND ", $which)
    };
}

statements! {
    ADD_TO_FLOW = "INSERT INTO pilot_flow (span, scope, start, submitted, started, done, empty, fault, pending_change, \
            running_change) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (span, scope, start) DO UPDATE \
            SET submitted = pilot_flow.submitted + excluded.submitted, started = pilot_flow.started + excluded.started, \
            done = pilot_flow.done + excluded.done, empty = pilot_flow.empty + excluded.empty, \
            fault = pilot_flow.fault + excluded.fault, \
            pending_change = pilot_flow.pending_change + excluded.pending_change, \
            running_change = pilot_flow.running_change + excluded.running_change",
        arrays "INSERT INTO pilot_flow (span, scope, start, submitted, started, done, empty, fault, pending_change, \
            running_change) SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], \
            ?6::bigint[], ?7::bigint[], ?8::bigint[], ?9::bigint[], ?10::bigint[]) ON CONFLICT (span, scope, start) \
            DO UPDATE SET submitted = pilot_flow.submitted + excluded.submitted, \
            started = pilot_flow.started + excluded.started, done = pilot_flow.done + excluded.done, \
            empty = pilot_flow.empty + excluded.empty, fault = pilot_flow.fault + excluded.fault, \
            pending_change = pilot_flow.pending_change + excluded.pending_change, \
            running_change = pilot_flow.running_change + excluded.running_change";
    ADD_TO_DURATIONS = "INSERT INTO pilot_duration (span, scope, start, kind, bucket, pilots) VALUES (?1, ?2, ?3, ?4, \
            ?5, ?6) ON CONFLICT (span, scope, start, kind, bucket) \
            DO UPDATE SET pilots = pilot_duration.pilots + excluded.pilots",
        arrays "INSERT INTO pilot_duration (span, scope, start, kind, bucket, pilots) SELECT * FROM unnest(\
            ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[]) \
            ON CONFLICT (span, scope, start, kind, bucket) \
            DO UPDATE SET pilots = pilot_duration.pilots + excluded.pilots";
    FLOW_OF_SCOPE = flow_of!(sqlite "kind = ?4 AND factory = ?5") => flow_of!(postgres "kind = ?4 AND factory = ?5");
    FLOW_OF_LABEL = flow_of!(sqlite "kind = 2 AND factory = ?4 AND label = ?5")
        => flow_of!(postgres "kind = 2 AND factory = ?4 AND label = ?5");
    FLOW_OF_QUEUE = flow_of!(sqlite "kind = 2 AND queue = ?4") => flow_of!(postgres "kind = 2 AND queue = ?4");
    FLOW_OF_SITE = flow_of!(sqlite "kind = 2 AND queue IN (SELECT name FROM queue WHERE site = ?4)")
        => flow_of!(postgres "kind = 2 AND queue IN (SELECT name FROM queue WHERE site = ?4)");
    FLOW_OF_REGION = flow_of!(sqlite "kind = 2 AND queue IN (SELECT name FROM queue WHERE region = ?4)")
        => flow_of!(postgres "kind = 2 AND queue IN (SELECT name FROM queue WHERE region = ?4)");
    FLOW_BY_LABEL = concat!("SELECT s.factory, s.label, s.queue, ", sums!(sqlite), " FROM pilot_scope s JOIN \
            pilot_flow f ON f.span = ?1 AND f.scope = s.id AND f.start >= ?2 WHERE s.kind = 2 \
            GROUP BY s.factory, s.label, s.queue")
        => concat!("SELECT s.factory, s.label, s.queue, ", sums!(postgres), " FROM pilot_scope s JOIN \
            pilot_flow f ON f.span = ?1 AND f.scope = s.id AND f.start >= ?2 WHERE s.kind = 2 \
            GROUP BY s.factory, s.label, s.queue");
    FLOW_BY_FACTORY = concat!("SELECT s.factory, f.start / 3600 * 3600 AS hour, ", sums!(sqlite), " FROM pilot_scope s \
            JOIN pilot_flow f ON f.span = ?1 AND f.scope = s.id AND f.start >= ?2 WHERE s.kind = 1 \
            GROUP BY s.factory, hour")
        => concat!("SELECT s.factory, f.start / 3600 * 3600 AS hour, ", sums!(postgres), " FROM pilot_scope s \
            JOIN pilot_flow f ON f.span = ?1 AND f.scope = s.id AND f.start >= ?2 WHERE s.kind = 1 \
            GROUP BY s.factory, hour");
    DURATIONS_OF_SCOPE = durations_of!(sqlite "kind = ?4 AND factory = ?5")
        => durations_of!(postgres "kind = ?4 AND factory = ?5");
    DURATIONS_OF_LABEL = durations_of!(sqlite "kind = 2 AND factory = ?4 AND label = ?5")
        => durations_of!(postgres "kind = 2 AND factory = ?4 AND label = ?5");
    DURATIONS_OF_QUEUE = durations_of!(sqlite "kind = 2 AND queue = ?4")
        => durations_of!(postgres "kind = 2 AND queue = ?4");
    DURATIONS_OF_SITE = durations_of!(sqlite "kind = 2 AND queue IN (SELECT name FROM queue WHERE site = ?4)")
        => durations_of!(postgres "kind = 2 AND queue IN (SELECT name FROM queue WHERE site = ?4)");
    DURATIONS_OF_REGION = durations_of!(sqlite "kind = 2 AND queue IN (SELECT name FROM queue WHERE region = ?4)")
        => durations_of!(postgres "kind = 2 AND queue IN (SELECT name FROM queue WHERE region = ?4)");
    LEVELS_OF_SCOPE = levels_of!("(?1 = 0 OR factory = ?2)");
    LEVELS_OF_LABEL = levels_of!("factory = ?1 AND label = ?2");
    LEVELS_OF_QUEUE = levels_of!("queue = ?1");
    LEVELS_OF_SITE = levels_of!("queue IN (SELECT name FROM queue WHERE site = ?1)");
    LEVELS_OF_REGION = levels_of!("queue IN (SELECT name FROM queue WHERE region = ?1)");
    SCOPES_AFTER = "SELECT id FROM pilot_scope WHERE id > ?1 ORDER BY id LIMIT ?2";
    OLD_FLOW = "DELETE FROM pilot_flow WHERE span = ?1 AND scope = ?2 AND start < ?3";
    OLD_DURATIONS = "DELETE FROM pilot_duration WHERE span = ?1 AND scope = ?2 AND start < ?3";
}

/// What finds the flows of each kind of scope.
const FLOW_OF: [&Sql; 5] = [&FLOW_OF_SCOPE, &FLOW_OF_LABEL, &FLOW_OF_QUEUE, &FLOW_OF_SITE, &FLOW_OF_REGION];

/// Whose history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryOf {
    /// All pilots.
    All,
    /// Those of a factory.
    Factory(String),
    /// Those of a factory's label.
    Label {
        /// The factory.
        factory: String,
        /// The label.
        label: String,
    },
    /// Those that serve a queue.
    Queue(String),
    /// Those that serve the queues of a site.
    Site(String),
    /// Those that serve the queues of a region.
    Region(String),
}

impl HistoryOf {
    /// The statement that finds its scopes, of those by kind and factory, by label, queue, site and region; and what it
    /// is told.
    fn choose(
        self,
        [by_factory, by_label, by_queue, by_site, by_region]: [&'static Sql; 5],
    ) -> (&'static Sql, Vec<Value>) {
        match self {
            HistoryOf::All => (by_factory, params![0_i64, ""].to_vec()),
            HistoryOf::Factory(factory) => (by_factory, params![1_i64, factory].to_vec()),
            HistoryOf::Label { factory, label } => (by_label, params![factory, label].to_vec()),
            HistoryOf::Queue(queue) => (by_queue, params![queue].to_vec()),
            HistoryOf::Site(site) => (by_site, params![site].to_vec()),
            HistoryOf::Region(region) => (by_region, params![region].to_vec()),
        }
    }
}

/// What happened to the pilots of one label that serve one queue.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LabelFlow {
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// What happened.
    pub flow: PilotFlow,
}

/// What happened to the pilots of one factory in one hour.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FactoryFlow {
    /// The factory.
    pub factory: String,
    /// When the hour began, in seconds since 1970.
    pub start: i64,
    /// What happened.
    pub flow: PilotFlow,
}

/// How long pilots waited and ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PilotDurations {
    /// From their announcement to their start, of those that started.
    pub waited: Durations,
    /// From their start to their end, of those that ended.
    pub ran: Durations,
}

/// Which duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Waited,
    Ran,
}

/// What one commit adds. By label and minute; other scopes and spans follow from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    flows: BTreeMap<(LabelKey, i64), PilotFlow>,
    durations: BTreeMap<(LabelKey, i64, Kind, u32), i64>,
}

impl Added {
    /// Counts what happened to pilots of a label.
    pub(crate) fn flow(&mut self, key: &LabelKey, now: Time, flow: PilotFlow) {
        *self.flows.entry((key.clone(), Span::Minute.start(now))).or_default() += flow;
    }

    fn duration(&mut self, key: &LabelKey, now: Time, kind: Kind, duration: Duration) {
        let key = (key.clone(), Span::Minute.start(now), kind, Durations::bucket(duration));
        *self.durations.entry(key).or_default() += 1;
    }

    /// Counts that a pilot went from one state to that of its row. `jobs` is how many it has ended.
    pub(crate) fn moved(&mut self, row: &PilotRow, from: PilotState, jobs: i64, now: Time) {
        let mut flow = PilotFlow::of(from, row.state);
        flow.empty = u64::from(row.is_empty(jobs));
        self.flow(&row.label, now, flow);
        // Of a reported one that was first heard of when it ran, nobody knows how long it waited.
        let is_known = !row.is_reported || row.announced < now;
        if row.state == PilotState::Running && from.is_pending() && is_known {
            self.duration(&row.label, now, Kind::Waited, now.since(row.announced));
        }
        if let Some(started) = row.started.filter(|_| row.state.is_final()) {
            self.duration(&row.label, now, Kind::Ran, now.since(started));
        }
    }

    fn labels(&self) -> Vec<&LabelKey> {
        let mut labels: Vec<&LabelKey> = self.flows.keys().map(|(label, _)| label).collect();
        labels.dedup();
        labels
    }
}

/// Writes what a commit adds, in key order, so that two servers do not lock each other out.
pub(crate) fn write(tx: &mut Tx<'_>, added: &Added) -> Result<()> {
    let scopes = scope::ids(tx, &added.labels())?;
    let ids = |label: &LabelKey| ScopeKey::of(label).map(|key| scopes.get(&key).copied().unwrap_or_default());
    let mut flows: BTreeMap<(i64, i64, i64), PilotFlow> = BTreeMap::new();
    for ((label, minute), flow) in added.flows.iter().filter(|(_, flow)| !flow.is_none()) {
        for (span, scope) in Span::ALL.iter().flat_map(|span| ids(label).map(|scope| (*span, scope))) {
            *flows.entry((span.seconds(), scope, span.start(seconds(*minute)))).or_default() += *flow;
        }
    }
    let mut durations: BTreeMap<(i64, i64, i64, i64, u32), i64> = BTreeMap::new();
    for ((label, minute, kind, bucket), pilots) in &added.durations {
        for (span, scope) in DURATION_SPANS.iter().flat_map(|span| ids(label).map(|scope| (*span, scope))) {
            let key = (span.seconds(), scope, span.start(seconds(*minute)), *kind as i64, *bucket);
            *durations.entry(key).or_default() += pilots;
        }
    }
    tx.execute_many(&ADD_TO_FLOW, &flows.iter().map(flow_row).collect::<Vec<_>>())?;
    let row = |((span, scope, start, kind, bucket), pilots): (&(i64, i64, i64, i64, u32), &i64)| {
        params![*span, *scope, *start, *kind, *bucket, *pilots].to_vec()
    };
    tx.execute_many(&ADD_TO_DURATIONS, &durations.iter().map(row).collect::<Vec<_>>()).map(|_| ())
}

fn flow_row(((span, scope, start), flow): (&(i64, i64, i64), &PilotFlow)) -> Vec<Value> {
    let PilotFlow { submitted, started, done, empty, fault, pending_change, running_change } = *flow;
    params![*span, *scope, *start, submitted, started, done, empty, fault, pending_change, running_change].to_vec()
}

fn seconds(seconds: i64) -> Time {
    Time(seconds * 1000)
}

/// The flow in the columns from `at`.
fn flow_in(row: &Row, at: usize) -> Result<PilotFlow> {
    Ok(PilotFlow {
        submitted: row.count(at)?,
        started: row.count(at + 1)?,
        done: row.count(at + 2)?,
        empty: row.count(at + 3)?,
        fault: row.count(at + 4)?,
        pending_change: row.int(at + 5)?,
        running_change: row.int(at + 6)?,
    })
}

/// What happened from `since` to before `until`, or up to now.
fn flows_in(
    connection: &mut dyn Connection,
    (sql, scopes): &(&'static Sql, Vec<Value>),
    span: Span,
    since: Time,
    until: Option<Time>,
) -> Result<Vec<FlowAt>> {
    let until = until.map_or(i64::MAX, Time::as_secs);
    let mut values = params![span.seconds(), span.start(since), until].to_vec();
    values.extend_from_slice(scopes);
    let flow = |row: &Row| Ok(FlowAt { start: row.int(0)?, flow: flow_in(row, 1)? });
    connection.query(sql, &values)?.iter().map(flow).collect()
}

impl Store {
    /// What happened in each span from that of `since` to now; spans in which nothing happened are left out.
    pub async fn pilot_flow(&self, of: HistoryOf, span: Span, since: Time) -> Result<Vec<FlowAt>> {
        let flow = of.choose(FLOW_OF);
        self.read(move |connection| flows_in(connection, &flow, span, since, None)).await
    }

    /// The same of the spans that begin before `until`, or up to now, and how many pilots there were then. Both are read
    /// of one state: a commit is in both or in neither. Six hours must begin at `until`.
    pub async fn pilot_flow_and_levels(
        &self,
        of: HistoryOf,
        span: Span,
        since: Time,
        until: Option<Time>,
    ) -> Result<(Vec<FlowAt>, Levels)> {
        let flow = of.clone().choose(FLOW_OF);
        let (sql, scopes) =
            of.choose([&LEVELS_OF_SCOPE, &LEVELS_OF_LABEL, &LEVELS_OF_QUEUE, &LEVELS_OF_SITE, &LEVELS_OF_REGION]);
        self.read(move |connection| {
            let flows = flows_in(connection, &flow, span, since, until)?;
            let mut levels = Levels::default();
            for row in connection.query(sql, &scopes)? {
                let (state, pilots) = (codes::pilot_state(row.int(0)?)?, row.int(1)?);
                match state.is_pending() {
                    true => levels.pending += pilots,
                    false => levels.running += pilots,
                }
            }
            let later = match until {
                Some(until) => flows_in(connection, &flow, Span::SixHours, until, None)?,
                None => Vec::new(),
            };
            Ok((flows, later.iter().fold(levels, |levels, at| levels.before(&at.flow))))
        })
        .await
    }

    /// What happened to the pilots of each label since the beginning of the span of `since`; labels to which nothing
    /// happened are left out.
    pub async fn pilot_flow_by_label(&self, span: Span, since: Time) -> Result<Vec<LabelFlow>> {
        let values = params![span.seconds(), span.start(since)].to_vec();
        let label = |row: &Row| {
            let (factory, label, queue) = (row.text(0)?, row.text(1)?, row.text(2)?);
            Ok(LabelFlow { factory, label, queue, flow: flow_in(row, 3)? })
        };
        self.rows(&FLOW_BY_LABEL, values, label).await
    }

    /// What happened to the pilots of each factory by the hour since the beginning of that of `since`, in order of factories
    /// and hours; hours in which nothing happened are left out.
    pub async fn pilot_flow_by_factory(&self, since: Time) -> Result<Vec<FactoryFlow>> {
        let span = Span::TenMinutes;
        let hour = since.as_secs().div_euclid(3600) * 3600;
        let flow = |row: &Row| Ok(FactoryFlow { factory: row.text(0)?, start: row.int(1)?, flow: flow_in(row, 2)? });
        let mut flows = self.rows(&FLOW_BY_FACTORY, params![span.seconds(), hour].to_vec(), flow).await?;
        flows.sort_by(|a, b| (&a.factory, a.start).cmp(&(&b.factory, b.start)));
        Ok(flows)
    }

    /// How long pilots waited and ran that started or ended from `since` to before `until`, by spans of at least ten
    /// minutes.
    pub async fn pilot_durations(&self, of: HistoryOf, span: Span, since: Time, until: Time) -> Result<PilotDurations> {
        let span = span.max(DURATION_SPANS[0]);
        let (sql, scopes) = of.choose([
            &DURATIONS_OF_SCOPE,
            &DURATIONS_OF_LABEL,
            &DURATIONS_OF_QUEUE,
            &DURATIONS_OF_SITE,
            &DURATIONS_OF_REGION,
        ]);
        let times = [span.seconds(), span.start(since), until.as_secs()].map(Value::from);
        let values = times.into_iter().chain(scopes).collect();
        let rows = self.rows(sql, values, |row| Ok((row.int(0)?, row.small(1)?, row.count(2)?))).await?;
        let mut durations = PilotDurations::default();
        for (kind, bucket, pilots) in rows {
            let of = if kind == Kind::Waited as i64 { &mut durations.waited } else { &mut durations.ran };
            of.add(bucket, pilots);
        }
        Ok(durations)
    }

    /// Deletes counts that are kept no longer, of a portion of the scopes after `after`. Returns the last of them, none
    /// when all are done.
    pub async fn prune_pilot_history(&self, now: Time, after: i64) -> Result<Option<i64>> {
        self.write(move |tx| {
            let scopes = tx.query(&SCOPES_AFTER, params![after, PORTION])?;
            let scopes = scopes.iter().map(|row| row.int(0)).collect::<Result<Vec<_>>>()?;
            for span in Span::ALL {
                let before = span.start(now - span.kept());
                let rows: Vec<Vec<Value>> =
                    scopes.iter().map(|scope| params![span.seconds(), *scope, before].to_vec()).collect();
                tx.execute_many(&OLD_FLOW, &rows)?;
                if DURATION_SPANS.contains(&span) {
                    tx.execute_many(&OLD_DURATIONS, &rows)?;
                }
            }
            Ok(scopes.last().copied())
        })
        .await
    }
}
