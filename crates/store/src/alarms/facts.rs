//! What rules look at that no page reads.

use crate::engine::{Row, params, statements};
use crate::{Result, Store};
use model::{Durations, PilotId, Span, Time};
use std::collections::BTreeMap;

/// The kind of duration that is how long pilots ran.
const RAN: i64 = 1;

// CROSS JOIN makes SQLite look at the scopes first, and then only at the counts of each since a time.
statements! {
    RUNS_BY_LABEL = "SELECT s.factory, s.label, s.queue, d.bucket, SUM(d.pilots) FROM pilot_scope s \
            CROSS JOIN pilot_duration d WHERE d.span = ?1 AND d.scope = s.id AND d.start >= ?2 AND d.kind = ?3 \
            AND s.kind = 2 GROUP BY s.factory, s.label, s.queue, d.bucket"
        => "SELECT s.factory, s.label, s.queue, d.bucket, CAST(SUM(d.pilots) AS BIGINT) FROM pilot_scope s \
            JOIN pilot_duration d ON d.span = ?1 AND d.scope = s.id AND d.start >= ?2 AND d.kind = ?3 WHERE s.kind = 2 \
            GROUP BY s.factory, s.label, s.queue, d.bucket";
    STARTS_BY_LABEL = "SELECT s.factory, s.label, s.queue, SUM(f.started) FROM pilot_scope s CROSS JOIN pilot_flow f \
            WHERE f.span = ?1 AND f.scope = s.id AND f.start >= ?2 AND f.start < ?3 AND s.kind = 2 \
            GROUP BY s.factory, s.label, s.queue"
        => "SELECT s.factory, s.label, s.queue, CAST(SUM(f.started) AS BIGINT) FROM pilot_scope s JOIN pilot_flow f \
            ON f.span = ?1 AND f.scope = s.id AND f.start >= ?2 AND f.start < ?3 WHERE s.kind = 2 \
            GROUP BY s.factory, s.label, s.queue";
    HELD_PILOTS = "SELECT factory, label, queue, id FROM pilot WHERE factory = ?1 AND label = ?2 AND queue = ?3 AND flag = 0 \
            AND state < 5 ORDER BY id DESC LIMIT 3",
        arrays "SELECT p.factory, p.label, p.queue, p.id FROM unnest(?1::text[], ?2::text[], ?3::text[]) \
            AS l(factory, label, queue) CROSS JOIN LATERAL (SELECT factory, label, queue, id FROM pilot \
            WHERE factory = l.factory AND label = l.label AND queue = l.queue AND flag = 0 AND state < 5 \
            ORDER BY id DESC LIMIT 3) p";
    LAST_DECISIONS = "SELECT factory, label, last_time, error FROM decision WHERE factory = ?1 AND label = ?2 \
            ORDER BY id DESC LIMIT 1",
        arrays "SELECT d.factory, d.label, d.last_time, d.error FROM unnest(?1::text[], ?2::text[]) AS l(factory, label) \
            CROSS JOIN LATERAL (SELECT factory, label, last_time, error FROM decision \
            WHERE factory = l.factory AND label = l.label ORDER BY id DESC LIMIT 1) d";
}

/// The last decision for a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastDecision {
    /// Its factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// When it was made, or made again.
    pub time: Time,
    /// In what error it ended; empty when in none.
    pub error: String,
}

impl Store {
    /// How many pilots started from the beginning of the ten minutes of `since` to that of `until`, by factory, label and
    /// queue.
    pub async fn starts_by_label(&self, since: Time, until: Time) -> Result<BTreeMap<(String, String, String), u64>> {
        let span = Span::TenMinutes;
        let values = params![span.seconds(), span.start(since), span.start(until)].to_vec();
        let row = |row: &Row| Ok(((row.text(0)?, row.text(1)?, row.text(2)?), row.count(3)?));
        Ok(self.rows(&STARTS_BY_LABEL, values, row).await?.into_iter().collect())
    }

    /// How long pilots ran that ended since the beginning of the ten minutes of `since`, by factory, label and queue.
    pub async fn runs_by_label(&self, since: Time) -> Result<BTreeMap<(String, String, String), Durations>> {
        let span = Span::TenMinutes;
        let values = params![span.seconds(), span.start(since), RAN].to_vec();
        let row = |row: &Row| Ok(((row.text(0)?, row.text(1)?, row.text(2)?), row.small(3)?, row.count(4)?));
        let mut runs: BTreeMap<_, Durations> = BTreeMap::new();
        for (label, bucket, pilots) in self.rows(&RUNS_BY_LABEL, values, row).await? {
            runs.entry(label).or_default().add(bucket, pilots);
        }
        Ok(runs)
    }

    /// Some pilots that their batch system holds back, the newest first, of these labels (factory, label, queue).
    pub async fn held_pilots(
        &self,
        labels: Vec<(String, String, String)>,
    ) -> Result<BTreeMap<(String, String, String), Vec<PilotId>>> {
        let keys: Vec<_> =
            labels.iter().map(|(factory, label, queue)| params![factory, label, queue].to_vec()).collect();
        self.read(move |connection| {
            let mut held: BTreeMap<_, Vec<PilotId>> = BTreeMap::new();
            for row in connection.query_many(&HELD_PILOTS, &keys)? {
                let key = (row.text(0)?, row.text(1)?, row.text(2)?);
                held.entry(key).or_default().push(PilotId(row.int(3)?));
            }
            held.values_mut().for_each(|pilots| pilots.sort_unstable_by(|a, b| b.cmp(a)));
            Ok(held)
        })
        .await
    }

    /// The last decisions for these labels (factory, label); those without any are left out.
    pub async fn last_decisions(&self, labels: Vec<(String, String)>) -> Result<Vec<LastDecision>> {
        let keys: Vec<_> = labels.iter().map(|(factory, label)| params![factory, label].to_vec()).collect();
        self.read(move |connection| {
            let rows = connection.query_many(&LAST_DECISIONS, &keys)?;
            let of = |row: &Row| {
                let (factory, label, time) = (row.text(0)?, row.text(1)?, row.time(2)?);
                Ok(LastDecision { factory, label, time, error: row.text(3)? })
            };
            rows.iter().map(of).collect()
        })
        .await
    }
}
