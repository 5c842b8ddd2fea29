//! Factories.

use crate::engine::value::to_json;
use crate::engine::{Row, params, statements};
use crate::{Result, Store};
use model::{FactoryHeartbeat, FactorySummary, Time};

statements! {
    SAYS = "INSERT INTO factory (name, last_heard, said) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET \
        last_heard = excluded.last_heard, said = excluded.said";
    FACTORIES = "SELECT name, last_heard, said FROM factory ORDER BY name";
}

impl Store {
    /// Writes down what a factory says about itself.
    pub async fn factory_says(&self, name: String, said: FactoryHeartbeat, now: Time) -> Result<()> {
        let said = to_json(&said)?;
        self.write(move |tx| {
            tx.execute(&SAYS, params![&name, now, &said])?;
            tx.changes().factories.insert(name.clone());
            Ok(())
        })
        .await
    }

    /// All factories by name.
    pub async fn factories(&self) -> Result<Vec<FactorySummary>> {
        self.rows(&FACTORIES, Vec::new(), |row: &Row| {
            Ok(FactorySummary { name: row.text(0)?, last_heard: row.time(1)?, said: row.json(2)? })
        })
        .await
    }
}
