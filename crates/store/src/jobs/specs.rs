//! Specs of submissions, of which the recent ones are kept parsed.

use super::range::Range;
use crate::engine::{Connection, Row, params, statements};
use crate::tx::Tx;
use crate::{Error, Result};
use model::{JobSpec, SubmissionId};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// The most specs that are kept parsed.
const SPECS_MAX: usize = 512;
/// A larger payload is parsed each time.
const SPEC_BYTES_MAX: usize = 32 * 1024;

statements! {
    SPECS = "SELECT id, in_array, spec FROM submission WHERE id = ?1",
        arrays "SELECT id, in_array, spec FROM submission WHERE id = ANY(?1::bigint[])";
    TERMS = "SELECT priority, max_attempts, submitted FROM submission WHERE id = ?1";
}

/// Parsed specs; forgotten all at once when there are too many.
#[derive(Default)]
pub(crate) struct SpecCache {
    seen: Mutex<HashMap<SubmissionId, Arc<JobSpec>>>,
}

impl SpecCache {
    pub(crate) fn get(&self, submission: SubmissionId) -> Option<Arc<JobSpec>> {
        self.seen.lock().ok()?.get(&submission).cloned()
    }

    pub(crate) fn keep(&self, submission: SubmissionId, spec: Arc<JobSpec>) {
        if spec.payload_bytes() > SPEC_BYTES_MAX {
            return;
        }
        if let Ok(mut seen) = self.seen.lock() {
            if seen.len() >= SPECS_MAX {
                seen.clear();
            }
            seen.insert(submission, spec);
        }
    }
}

/// Specs of submissions for a lease. Those of arrays are remembered: they will be asked for again.
pub(crate) fn specs(tx: &mut Tx<'_>, submissions: &[SubmissionId]) -> Result<Vec<(SubmissionId, Arc<JobSpec>)>> {
    let mut found = Vec::with_capacity(submissions.len());
    let mut missing = Vec::new();
    for submission in submissions {
        match tx.known_spec(*submission) {
            Some(spec) => found.push((*submission, spec)),
            None => missing.push(params![*submission].to_vec()),
        }
    }
    for row in tx.query_many(&SPECS, &missing)? {
        let (submission, spec) = parsed(&row)?;
        if row.int(1)? != 0 {
            tx.learned().add_spec(submission, spec.clone());
        }
        found.push((submission, spec));
    }
    Ok(found)
}

/// Specs of the submissions of some ranges, for a reader: what is not known is read at once.
pub(crate) fn of_ranges(
    connection: &mut dyn Connection,
    cache: &SpecCache,
    ranges: &[Range],
) -> Result<HashMap<SubmissionId, Arc<JobSpec>>> {
    let wanted: BTreeSet<SubmissionId> = ranges.iter().map(|range| range.submission).collect();
    let mut found = HashMap::with_capacity(wanted.len());
    let mut missing = Vec::new();
    for submission in wanted {
        match cache.get(submission) {
            Some(spec) => drop(found.insert(submission, spec)),
            None => missing.push(params![submission].to_vec()),
        }
    }
    for row in connection.query_many(&SPECS, &missing)? {
        let (submission, spec) = parsed(&row)?;
        found.insert(submission, spec);
    }
    Ok(found)
}

/// One spec for a reader.
pub(crate) fn spec(connection: &mut dyn Connection, submission: SubmissionId) -> Result<Option<Arc<JobSpec>>> {
    let row = connection.query_one(&SPECS_ONE, params![submission])?;
    row.map(|row| parsed(&row).map(|(_, spec)| spec)).transpose()
}

/// The same text for one row on both engines.
const SPECS_ONE: crate::engine::Sql =
    crate::engine::Sql { name: "SPECS_ONE", sqlite: SPECS.sqlite, postgres: SPECS.sqlite, arrays: false };

fn parsed(row: &Row) -> Result<(SubmissionId, Arc<JobSpec>)> {
    Ok((SubmissionId(row.int(0)?), Arc::new(row.json(2)?)))
}

/// What decides about further attempts of a submission's jobs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) max_attempts: u32,
    /// Place in the line, as at the first activation.
    pub(crate) rank: i64,
}

/// The terms of a submission.
pub(crate) fn terms(tx: &mut Tx<'_>, submission: SubmissionId) -> Result<Terms> {
    let row = tx.query_one(&TERMS, params![submission])?;
    let row = row.ok_or_else(|| Error::Corrupt(format!("there is no submission {submission}")))?;
    let priority = i32::try_from(row.int(0)?).unwrap_or_default();
    Ok(Terms { max_attempts: row.small(1)?, rank: model::fair_share::rank(row.time(2)?, priority) })
}
