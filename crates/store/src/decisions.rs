//! Decisions of factories.

use crate::engine::value::to_json;
use crate::engine::{Row, Sql, Value, params, statements};
use crate::tx::Tx;
use crate::{Page, Result, Store};
use model::{Decision, DecisionId};

/// The most rows that one page looks at.
const SCAN_MAX: usize = 5000;

macro_rules! columns {
    () => {
        "id, factory, label, queue, first_time, last_time, times, number, announced, accepted, error, facts, steps"
    };
}

statements! {
    LAST_DECISION = concat!("SELECT ", columns!(), " FROM decision WHERE factory = ?1 AND label = ?2 \
        ORDER BY id DESC LIMIT 1");
    FOLD_DECISION = "UPDATE decision SET last_time = ?2, times = times + ?3, facts = ?4 WHERE id = ?1";
    ADD_DECISION = "INSERT INTO decision (id, factory, label, queue, first_time, last_time, times, number, announced, \
        accepted, error, facts, steps) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    DECISIONS = concat!("SELECT ", columns!(), " FROM decision WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
    DECISIONS_OF_LABEL = concat!("SELECT ", columns!(), " FROM decision WHERE label = ?3 AND id < ?1 \
        ORDER BY id DESC LIMIT ?2");
    DECISIONS_OF_QUEUE = concat!("SELECT ", columns!(), " FROM decision WHERE queue = ?3 AND id < ?1 \
        ORDER BY id DESC LIMIT ?2");
}

/// Which decisions. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// Only this factory.
    pub factory: Option<String>,
    /// Only this label.
    pub label: Option<String>,
    /// Only this queue.
    pub queue: Option<String>,
}

impl Store {
    /// Stores decisions; one that says the same as its label's last is folded into it.
    pub async fn add_decisions(&self, decisions: Vec<Decision>) -> Result<()> {
        self.write(move |tx| decisions.iter().try_for_each(|decision| add(tx, decision))).await
    }

    /// Decisions, newest first, from below `cursor`, at most `limit`.
    pub async fn decisions(&self, filter: DecisionFilter, cursor: Option<i64>, limit: u32) -> Result<Page<Decision>> {
        let below = cursor.unwrap_or(i64::MAX);
        self.read(move |connection| {
            let limit = limit as usize;
            let scan = |below: i64, rows: usize| {
                let (sql, value): (&Sql, Option<&String>) = match &filter {
                    DecisionFilter { label: Some(label), .. } => (&DECISIONS_OF_LABEL, Some(label)),
                    DecisionFilter { queue: Some(queue), .. } => (&DECISIONS_OF_QUEUE, Some(queue)),
                    _ => (&DECISIONS, None),
                };
                let mut values = params![below, rows as i64].to_vec();
                values.extend(value.map(Value::from));
                connection.query(sql, &values)
            };
            crate::page::collect(below, limit, SCAN_MAX, scan, decision_of, |d| d.id.0, |d| is_meant(d, &filter))
        })
        .await
    }
}

fn is_meant(decision: &Decision, filter: &DecisionFilter) -> bool {
    let is = |wanted: &Option<String>, have: &String| wanted.as_ref().is_none_or(|wanted| wanted == have);
    is(&filter.factory, &decision.factory) && is(&filter.label, &decision.label) && is(&filter.queue, &decision.queue)
}

/// Stores a decision, or folds it into its label's last.
pub(crate) fn add(tx: &mut Tx<'_>, decision: &Decision) -> Result<()> {
    let last = tx.query_one(&LAST_DECISION, params![&decision.factory, &decision.label])?;
    let last = last.map(|row| decision_of(&row)).transpose()?;
    tx.changes().factories.insert(decision.factory.clone());
    tx.changes().queues.insert(decision.queue.clone());
    if let Some(last) = last.filter(|last| last.same_as(decision)) {
        let facts = to_json(&decision.facts)?;
        tx.execute(&FOLD_DECISION, params![last.id, decision.last_time, decision.times.max(1), facts])?;
        return Ok(());
    }
    let id = tx.next_ids("decision", 1)?;
    tx.execute(
        &ADD_DECISION,
        params![
            id,
            &decision.factory,
            &decision.label,
            &decision.queue,
            decision.time,
            decision.last_time,
            decision.times.max(1),
            decision.number,
            decision.announced,
            decision.accepted,
            &decision.error,
            to_json(&decision.facts)?,
            to_json(&decision.steps)?
        ],
    )?;
    Ok(())
}

fn decision_of(row: &Row) -> Result<Decision> {
    Ok(Decision {
        id: DecisionId(row.int(0)?),
        factory: row.text(1)?,
        label: row.text(2)?,
        queue: row.text(3)?,
        time: row.time(4)?,
        last_time: row.time(5)?,
        times: row.count(6)?,
        number: row.int(7)?,
        announced: row.count(8)?,
        accepted: row.count(9)?,
        error: row.text(10)?,
        facts: row.json(11)?,
        steps: row.json(12)?,
    })
}
