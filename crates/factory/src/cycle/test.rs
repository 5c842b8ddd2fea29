//! One test pilot, because somebody wants to see it run.

use super::{Cycler, now};
use crate::plan::{LabelPlan, test_refusal};
use model::Command;

impl Cycler {
    /// Submits one pilot of the label that the command names, beyond what its chain says; says which, or why not. The
    /// server lets a command send one pilot, so that it may be offered twice.
    pub async fn test(&mut self, command: &Command) -> Result<String, String> {
        if let Some(pilot) = command.sent {
            return Ok(format!("pilot {pilot} was sent already"));
        }
        let [name] = command.arguments.as_slice() else { return Err("a test names one label".to_owned()) };
        if self.draining {
            return Err("the factory drains".to_owned());
        }
        self.world.now = now();
        if let Some(why) = test_refusal(&self.config, &self.world, name) {
            return Err(why);
        }
        let mut plan = LabelPlan::one_pilot(&self.config, &self.world, name);
        let pilot = self.submit(&mut plan, Some(command.id)).await?;
        self.world.take(&self.config, name, 1);
        Ok(format!("pilot {pilot} was submitted"))
    }
}
