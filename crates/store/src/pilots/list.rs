//! Listings and counts of pilots.

use super::row::flag_of;
use crate::engine::{Connection, Row, Sql, Value, params, statements};
use crate::jobs::codes;
use crate::page::collect;
use crate::{Page, Result, Store};
use model::{CommandId, ErrorClass, PilotId, PilotState, PilotSummary, Time};
use std::cmp::Reverse;

/// The most rows that one page looks at.
const SCAN_MAX: usize = 5000;
/// The most live pilots that one page looks at: few enough to find those that are meant on one page.
const LIVE_SCAN_MAX: usize = 250_000;

macro_rules! summary {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.factory, p.label, p.queue, COALESCE(q.site, p.queue), p.batch, p.batch_id, p.native_state, \
             p.state, p.flag, p.incarnation, p.node, p.slots, p.jobs_now, p.jobs_ended, p.announced, p.started, \
             p.last_heard, p.ended, p.error_class, p.message, p.test, p.reported, \
             p.first_job FROM pilot p LEFT JOIN queue q ON q.name = p.queue ",
            $rest
        )
    };
}

statements! {
    PILOTS = summary!("WHERE p.id < ?1 ORDER BY p.id DESC LIMIT ?2");
    PILOTS_IN_STATE = summary!("WHERE p.state = ?3 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2");
    PILOTS_OF_LABEL = summary!("WHERE p.label = ?3 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2");
    PILOTS_OF_QUEUE = summary!("WHERE p.queue = ?3 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2");
    PILOTS_OF_NODE = summary!("WHERE p.node = ?3 AND p.node IS NOT NULL AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2");
    LIVE_OF_FACTORY = summary!("WHERE p.factory = ?1 AND p.state < 5 ORDER BY p.id");
    LIVE_OF_FACTORY_BELOW =
        summary!("WHERE p.factory = ?3 AND p.state < 5 AND p.id < ?1 ORDER BY p.id DESC LIMIT ?2");
    LIVE = summary!("WHERE p.state < 5 ORDER BY p.factory, p.id");
    ONE_PILOT = summary!("WHERE p.id = ?1");
    ON_THE_NODE = "SELECT p.version, i.profile FROM pilot p LEFT JOIN incarnation i \
        ON i.pilot = p.id AND i.incarnation = p.incarnation WHERE p.id = ?1";
    BY_BATCH_ID = "SELECT id FROM pilot WHERE batch_id = ?1 AND batch_id IS NOT NULL ORDER BY factory, id DESC LIMIT ?2";
    LABEL_COUNTS = "SELECT factory, label, queue, state, pilots, slots, held FROM label_count WHERE pilots > 0 \
        ORDER BY factory, label, queue, state";
}

/// Which pilots. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PilotFilter {
    /// Only this state.
    pub state: Option<PilotState>,
    /// Only pilots that are not done or fault.
    pub live: bool,
    /// Only this queue.
    pub queue: Option<String>,
    /// Only this factory.
    pub factory: Option<String>,
    /// Only this label.
    pub label: Option<String>,
    /// Only with this error class.
    pub error_class: Option<ErrorClass>,
    /// Only those whose last start was on this node.
    pub node: Option<String>,
    /// Only those that have waited, or run, since before this time; to be used with `live`.
    pub before: Option<Time>,
}

/// How many pilots of a label are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelCount {
    /// The factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue.
    pub queue: String,
    /// The state.
    pub state: PilotState,
    /// How many.
    pub pilots: u64,
    /// Their slots together.
    pub slots: u64,
    /// Of the pilots, those that their batch system holds back.
    pub held: u64,
}

impl Store {
    /// Pilots, newest first, from below `cursor`, at most `limit`.
    pub async fn pilots(&self, filter: PilotFilter, cursor: Option<i64>, limit: u32) -> Result<Page<PilotSummary>> {
        let below = cursor.unwrap_or(i64::MAX);
        self.read(move |connection| {
            let is_meant = |pilot: &PilotSummary| is_meant(pilot, &filter);
            let scan_max = if filter.live { LIVE_SCAN_MAX } else { SCAN_MAX };
            let scan = |below: i64, rows: usize| scan(connection, &filter, below, rows);
            collect(below, limit as usize, scan_max, scan, pilot_of, |pilot| pilot.id.0, is_meant)
        })
        .await
    }

    /// One pilot.
    pub async fn pilot(&self, id: PilotId) -> Result<Option<PilotSummary>> {
        Ok(self.rows(&ONE_PILOT, params![id].to_vec(), pilot_of).await?.into_iter().next())
    }

    /// Pilots to which their batch systems gave this id, at most `rows`.
    pub async fn pilots_by_batch_id(&self, batch_id: String, rows: u32) -> Result<Vec<PilotId>> {
        self.rows(&BY_BATCH_ID, params![batch_id, rows].to_vec(), |row: &Row| Ok(PilotId(row.int(0)?))).await
    }

    /// Version of a pilot's program, and what it found on its present node, as JSON; both empty before its hello.
    pub async fn pilot_on_node(&self, id: PilotId) -> Result<Option<(String, String)>> {
        let found = self
            .rows(&ON_THE_NODE, params![id].to_vec(), |row: &Row| Ok((row.text_or_empty(0)?, row.text_or_empty(1)?)));
        Ok(found.await?.into_iter().next())
    }

    /// All pilots that are not done or fault, of one factory or of all, by id.
    pub async fn live_pilots(&self, factory: Option<String>) -> Result<Vec<PilotSummary>> {
        self.read(move |connection| live(connection, factory.as_ref())).await
    }

    /// Pilots by label and state, from counters.
    pub async fn pilot_counts(&self) -> Result<Vec<LabelCount>> {
        self.rows(&LABEL_COUNTS, Vec::new(), |row: &Row| {
            Ok(LabelCount {
                factory: row.text(0)?,
                label: row.text(1)?,
                queue: row.text(2)?,
                state: codes::pilot_state(row.int(3)?)?,
                pilots: row.count(4)?,
                slots: row.count(5)?,
                held: row.count(6)?,
            })
        })
        .await
    }
}

/// The next `rows` pilots below an id by the index that leaves out most of those that are not meant, newest first.
fn scan(connection: &mut dyn Connection, filter: &PilotFilter, below: i64, rows: usize) -> Result<Vec<Row>> {
    let mut values = params![below, rows as i64].to_vec();
    match filter {
        PilotFilter { live: true, factory: Some(factory), node: None, .. } => {
            values.push(Value::from(factory));
            connection.query(&LIVE_OF_FACTORY_BELOW, &values)
        }
        PilotFilter { live: true, state: None, node: None, .. } => scan_live(connection, &values, rows),
        _ => {
            let (sql, value) = index_for(filter);
            values.extend(value);
            connection.query(sql, &values)
        }
    }
}

/// Live pilots of all factories: the newest of each state that is not final.
fn scan_live(connection: &mut dyn Connection, values: &[Value], rows: usize) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for state in PilotState::ALL.into_iter().filter(|state| !state.is_final()) {
        let values = [values, &[Value::from(state as i64)]].concat();
        for row in connection.query(&PILOTS_IN_STATE, &values)? {
            found.push((row.int(0)?, row));
        }
    }
    found.sort_by_key(|(id, _)| Reverse(*id));
    Ok(found.into_iter().take(rows).map(|(_, row)| row).collect())
}

fn index_for(filter: &PilotFilter) -> (&'static Sql, Option<Value>) {
    match filter {
        PilotFilter { node: Some(node), .. } => (&PILOTS_OF_NODE, Some(Value::from(node))),
        PilotFilter { live: true, state: Some(state), .. } => (&PILOTS_IN_STATE, Some(Value::from(*state as i64))),
        PilotFilter { label: Some(label), .. } => (&PILOTS_OF_LABEL, Some(Value::from(label))),
        PilotFilter { state: Some(state), .. } => (&PILOTS_IN_STATE, Some(Value::from(*state as i64))),
        PilotFilter { queue: Some(queue), .. } => (&PILOTS_OF_QUEUE, Some(Value::from(queue))),
        _ => (&PILOTS, None),
    }
}

/// Live pilots by id.
fn live(connection: &mut dyn Connection, factory: Option<&String>) -> Result<Vec<PilotSummary>> {
    let rows = match factory {
        Some(factory) => connection.query(&LIVE_OF_FACTORY, params![factory])?,
        None => connection.query(&LIVE, &[])?,
    };
    let mut pilots = rows.iter().map(pilot_of).collect::<Result<Vec<_>>>()?;
    pilots.sort_by_key(|pilot| pilot.id);
    Ok(pilots)
}

fn is_meant(pilot: &PilotSummary, filter: &PilotFilter) -> bool {
    let is = |wanted: &Option<String>, have: &String| wanted.as_ref().is_none_or(|wanted| wanted == have);
    filter.state.is_none_or(|state| state == pilot.state)
        && !(filter.live && pilot.state.is_final())
        && is(&filter.queue, &pilot.queue)
        && is(&filter.factory, &pilot.factory)
        && is(&filter.label, &pilot.label)
        && is(&filter.node, &pilot.node)
        && filter.error_class.is_none_or(|class| pilot.error_class == Some(class))
        && filter.before.is_none_or(|before| pilot.since() < before)
}

fn pilot_of(row: &Row) -> Result<PilotSummary> {
    Ok(PilotSummary {
        id: PilotId(row.int(0)?),
        factory: row.text(1)?,
        label: row.text(2)?,
        queue: row.text(3)?,
        site: row.text(4)?,
        batch: row.text(5)?,
        batch_id: row.text_or_empty(6)?,
        native_state: row.text_or_empty(7)?,
        state: codes::pilot_state(row.int(8)?)?,
        flag: flag_of(row.opt_int(9)?),
        incarnation: row.small(10)?,
        node: row.text_or_empty(11)?,
        slots: row.small(12)?,
        jobs_now: row.count(13)?,
        jobs_ended: row.count(14)?,
        announced: row.time(15)?,
        started: row.opt_time(16)?,
        last_heard: row.opt_time(17)?,
        ended: row.opt_time(18)?,
        error_class: codes::error_class(row.opt_int(19)?)?,
        message: row.text_or_empty(20)?,
        test: row.opt_int(21)?.map(CommandId),
        reported: row.int(22)? != 0,
        first_job: row.opt_time(23)?,
    })
}
