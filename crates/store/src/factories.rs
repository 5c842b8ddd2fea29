//! Factories.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::reported::labels::{REPORTED_LABELS, ReportedLabel, label_of};
use crate::{Result, Store};
use model::{FactoryHeartbeat, FactorySummary, LabelInfo, Offer, Time};

statements! {
    SAYS = "INSERT INTO factory (name, last_heard, said) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET \
        last_heard = excluded.last_heard, said = excluded.said, reported = NULL";
    FACTORY = "SELECT name, last_heard, said, reported FROM factory WHERE name = ?1";
    FACTORIES = "SELECT name, last_heard, said, reported FROM factory ORDER BY name";
}

impl Store {
    /// Writes down what a factory says about itself; unless another process is that factory, which it gives then.
    pub async fn factory_says(
        &self,
        name: String,
        said: FactoryHeartbeat,
        now: Time,
    ) -> Result<Option<FactorySummary>> {
        let text = to_json(&said)?;
        self.write(move |tx| {
            if let Some(row) = tx.query(&FACTORY, params![&name])?.first() {
                let there = summary(row)?;
                if there.reported.is_none() && there.refuses(&said, now) {
                    return Ok(Some(there));
                }
            }
            tx.execute(&SAYS, params![&name, now, &text])?;
            tx.changes().factories.insert(name.clone());
            Ok(None)
        })
        .await
    }

    /// All factories by name, those of other software with the labels that were reported.
    pub async fn factories(&self) -> Result<Vec<FactorySummary>> {
        self.read(|connection| {
            let factories = connection.query(&FACTORIES, &[])?;
            let mut factories = factories.iter().map(summary).collect::<Result<Vec<_>>>()?;
            let labels = connection.query(&REPORTED_LABELS, &[])?;
            for label in labels.iter().map(label_of) {
                add(&mut factories, label?);
            }
            Ok(factories)
        })
        .await
    }
}

/// Adds a reported label to its factory, unless that speaks for itself by now.
fn add(factories: &mut [FactorySummary], label: ReportedLabel) {
    let ReportedLabel { factory, label, queue, resource, last_heard } = label;
    let Ok(at) = factories.binary_search_by(|one| one.name.cmp(&factory)) else { return };
    let Some(reported) = &mut factories[at].reported else { return };
    reported.heard.insert(label.clone(), last_heard);
    factories[at].said.labels.push(LabelInfo {
        name: label,
        queue,
        batch: resource,
        system: "reported".to_owned(),
        chain: Vec::new(),
        offer: Offer::default(),
        keep_logs_days: None,
        trouble: String::new(),
    });
}

fn summary(row: &Row) -> Result<FactorySummary> {
    let reported = if row.is_null(3) { None } else { Some(row.json(3)?) };
    Ok(FactorySummary { name: row.text(0)?, last_heard: row.time(1)?, said: row.json(2)?, reported })
}
