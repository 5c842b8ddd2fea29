//! Looking without doing: `pilotage factory explain` and `pilotage factory check`.

use crate::cycle::{Cycler, now};
use crate::plan::plan_label;
use crate::{Config, FactoryError};
use batch::Check;
use model::Decision;

impl Cycler {
    /// What a label would decide now, without doing it.
    pub async fn explain(&mut self, name: &str) -> Result<Decision, FactoryError> {
        known(&self.config, name)?;
        self.world.now = now();
        self.look_at_pilots().await.map_err(FactoryError::Server)?;
        let counts = self.ask_for_jobs();
        self.look_at_batches().await;
        self.look_at_queues().await;
        self.look_at_jobs(counts).await;
        self.recall().await;
        self.ask_programs(Some(name)).await;
        self.world.count(&self.config);
        Ok(plan_label(&self.config, &self.world, name).decision)
    }

    /// Whether every batch end point can be used, by name.
    pub async fn check(&self) -> Vec<(String, Vec<Check>)> {
        let mut found = Vec::new();
        for (name, batch) in &self.batches {
            found.push((name.clone(), batch.doctor().await));
        }
        found
    }
}

fn known(config: &Config, name: &str) -> Result<(), FactoryError> {
    if config.label.contains_key(name) {
        return Ok(());
    }
    let known = config.label.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    Err(FactoryError::UnknownLabel { name: name.to_owned(), known })
}
