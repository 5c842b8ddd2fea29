//! Labels of factories of other software, and the queues that they serve.

use super::factories::{self, LABELS_MAX};
use crate::decisions;
use crate::engine::{Row, params, statements};
use crate::queues;
use crate::tx::{LabelKey, Tx};
use crate::{Result, Store};
use model::reported::queue_name;
use model::{Decision, LabelPatterns, QueueRecord, QueueStatus, StatusChange, Time, Written};
use std::sync::Arc;

/// Why a queue that is made for a label takes no jobs.
const MADE_FOR: &str =
    "made for pilots that another factory reports; no jobs are placed here until somebody sets it online";
/// Who makes such a queue.
const MADE_BY: &str = "apfmon";

statements! {
    REPORTED_LABEL = "SELECT queue, resource FROM reported_label WHERE factory = ?1 AND label = ?2";
    REPORTED_LABELS = "SELECT factory, label, queue, resource, last_heard FROM reported_label ORDER BY factory, label";
    COUNT_REPORTED_LABELS = "SELECT COUNT(*) FROM reported_label WHERE factory = ?1";
    PUT_REPORTED_LABEL = "INSERT INTO reported_label (factory, label, queue, resource, last_heard) \
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (factory, label) DO UPDATE SET queue = excluded.queue, \
        resource = excluded.resource, last_heard = excluded.last_heard";
}

/// What is told of a label. Empty texts say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelReport {
    /// Its factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue that it serves.
    pub queue: String,
    /// Where its pilots run.
    pub resource: String,
}

/// A label of a factory of other software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReportedLabel {
    pub(crate) factory: String,
    pub(crate) label: String,
    pub(crate) queue: String,
    pub(crate) resource: String,
    pub(crate) last_heard: Time,
}

/// How many labels a call made and renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelsReported {
    /// That were not known.
    pub created: u64,
    /// That were known.
    pub updated: u64,
    /// Of factories that speak for themselves; nothing was changed.
    pub ours: u64,
}

impl Store {
    /// Writes down what is told of labels. Factories and queues that nobody knows are made, queues offline: they must
    /// never attract jobs.
    pub async fn report_labels(
        &self,
        labels: Vec<LabelReport>,
        patterns: Arc<LabelPatterns>,
        now: Time,
    ) -> Result<LabelsReported> {
        self.write(move |tx| {
            let mut done = LabelsReported::default();
            for report in &labels {
                match ensure(tx, report, &patterns, now)? {
                    None => done.ours += 1,
                    Some((_, true)) => done.created += 1,
                    Some((_, false)) => done.updated += 1,
                }
            }
            Ok(done)
        })
        .await
    }
}

impl Store {
    /// Keeps what the scheduler of a label said as one of its decisions.
    pub async fn report_decision(
        &self,
        label: LabelReport,
        patterns: Arc<LabelPatterns>,
        decision: Decision,
    ) -> Result<()> {
        self.write(move |tx| {
            let Some((key, _)) = ensure(tx, &label, &patterns, decision.time)? else { return Ok(()) };
            decisions::add(tx, &Decision { queue: key.queue, ..decision.clone() })
        })
        .await
    }
}

/// The label as counters know it, and whether it is new; none when its factory speaks for itself, or when there are too many
/// factories or labels.
pub(crate) fn ensure(
    tx: &mut Tx<'_>,
    report: &LabelReport,
    patterns: &LabelPatterns,
    now: Time,
) -> Result<Option<(LabelKey, bool)>> {
    if factories::ensure(tx, &report.factory, now)? { of_factory(tx, report, patterns, now) } else { Ok(None) }
}

/// The same of a factory that may report; none when it has too many labels.
pub(crate) fn of_factory(
    tx: &mut Tx<'_>,
    report: &LabelReport,
    patterns: &LabelPatterns,
    now: Time,
) -> Result<Option<(LabelKey, bool)>> {
    let LabelReport { factory, label, .. } = report;
    let known = tx.query_one(&REPORTED_LABEL, params![factory, label])?;
    let known = known.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()?;
    let (queue, resource) = match &known {
        None => (serves(report, patterns), report.resource.clone()),
        Some((queue, resource)) => {
            let told = queue_name(&report.queue).unwrap_or_else(|| queue.clone());
            (told, if report.resource.is_empty() { resource.clone() } else { report.resource.clone() })
        }
    };
    let is_new = known.is_none();
    if is_new && count(tx, factory)? >= LABELS_MAX {
        return Ok(None);
    }
    if known.as_ref() != Some(&(queue.clone(), resource.clone())) {
        make_queue(tx, &queue, now)?;
        tx.execute(&PUT_REPORTED_LABEL, params![factory, label, &queue, &resource, now])?;
        tx.changes().factories.insert(factory.clone());
    }
    tx.heard(factory, label, now);
    Ok(Some((LabelKey { factory: factory.clone(), label: label.clone(), queue }, is_new)))
}

fn count(tx: &mut Tx<'_>, factory: &str) -> Result<i64> {
    tx.query_one(&COUNT_REPORTED_LABELS, params![factory])?.map_or(Ok(0), |row| row.int(0))
}

/// The queue of a new label: as it is told, else by the label's name.
fn serves(report: &LabelReport, patterns: &LabelPatterns) -> String {
    let by_name = || queue_name(patterns.queue(&report.label));
    queue_name(&report.queue).or_else(by_name).unwrap_or_else(|| "unknown".to_owned())
}

fn make_queue(tx: &mut Tx<'_>, name: &str, now: Time) -> Result<()> {
    if queues::find(tx, name)?.is_some() {
        return Ok(());
    }
    let queue = QueueRecord { status: QueueStatus::Offline, ..QueueRecord::named(name) };
    queues::put(tx, &queue, &Written { by: MADE_BY.into(), at: now })?;
    queues::set_status(tx, name, queue.status, &StatusChange { by: MADE_BY.into(), at: now, reason: MADE_FOR.into() })
}

/// A label from a row of [`REPORTED_LABELS`].
pub(crate) fn label_of(row: &Row) -> Result<ReportedLabel> {
    Ok(ReportedLabel {
        factory: row.text(0)?,
        label: row.text(1)?,
        queue: row.text(2)?,
        resource: row.text(3)?,
        last_heard: row.time(4)?,
    })
}
