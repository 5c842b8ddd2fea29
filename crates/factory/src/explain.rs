//! Looking without doing: `pilotage factory explain`, `pilotage factory dry-run` and `pilotage factory check`.

use crate::cycle::{Cycler, now};
use crate::plan::{LabelPlan, plan, plan_label};
use crate::{Config, FactoryError};
use batch::Check;
use model::Decision;

impl Cycler {
    /// What a label would decide now, without doing it.
    pub async fn explain(&mut self, name: &str) -> Result<Decision, FactoryError> {
        known(&self.config, name)?;
        self.look_around(Some(name)).await?;
        self.world.count(&self.config);
        Ok(plan_label(&self.config, &self.world, name).decision)
    }

    /// What all enabled labels would do in a cycle now, without doing it.
    pub async fn rehearse(&mut self) -> Result<Vec<LabelPlan>, FactoryError> {
        self.look_around(None).await?;
        Ok(plan(&self.config, &mut self.world))
    }

    /// Looks at everything that a decision of this label, or of all, goes by.
    async fn look_around(&mut self, label: Option<&str>) -> Result<(), FactoryError> {
        self.world.now = now();
        self.look_at_pilots().await.map_err(FactoryError::Server)?;
        let counts = self.ask_for_jobs();
        self.look_at_batches().await;
        self.look_at_queues().await;
        self.look_at_jobs(counts).await;
        self.look_at_credentials();
        self.recall().await;
        self.ask_programs(label).await;
        Ok(())
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
