//! Factories.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::{Result, Store};
use model::{FactoryHeartbeat, FactorySummary, Time};

statements! {
    SAYS = "INSERT INTO factory (name, last_heard, said) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET \
        last_heard = excluded.last_heard, said = excluded.said";
    FACTORY = "SELECT name, last_heard, said FROM factory WHERE name = ?1";
    FACTORIES = "SELECT name, last_heard, said FROM factory ORDER BY name";
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
                if there.refuses(&said, now) {
                    return Ok(Some(there));
                }
            }
            tx.execute(&SAYS, params![&name, now, &text])?;
            tx.changes().factories.insert(name.clone());
            Ok(None)
        })
        .await
    }

    /// All factories by name.
    pub async fn factories(&self) -> Result<Vec<FactorySummary>> {
        self.rows(&FACTORIES, Vec::new(), summary).await
    }
}

fn summary(row: &Row) -> Result<FactorySummary> {
    Ok(FactorySummary { name: row.text(0)?, last_heard: row.time(1)?, said: row.json(2)? })
}
