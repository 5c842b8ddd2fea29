//! Taking pilots out of their batch systems because somebody says so.

use super::Cycler;
use model::{PilotChoice, PilotId, PilotState};
use std::collections::BTreeMap;

impl Cycler {
    /// Takes the pilots out that the arguments choose, whatever they run; says how many, or why not all. Those that no
    /// batch system has accepted yet are left alone.
    pub(crate) async fn kill(&mut self, arguments: &[String]) -> Result<String, String> {
        let choice = PilotChoice::of_arguments(arguments)?;
        self.look_at_pilots().await.map_err(|error| format!("failed to get the pilots: {error}"))?;
        let live = self.world.pilots.iter().flat_map(|read| &read.value);
        let chosen = live.filter(|pilot| pilot.state != PilotState::Announced && choice.includes(pilot));
        let mut by_batch: BTreeMap<String, Vec<PilotId>> = BTreeMap::new();
        for pilot in chosen {
            by_batch.entry(pilot.batch.clone()).or_default().push(pilot.id);
        }
        let (mut killed, mut failures) = (0, Vec::new());
        for (name, ids) in by_batch {
            let removed = match self.batches.get(&name) {
                Some(batch) => batch.remove(&ids).await.map_err(|error| format!("failed to {error}")),
                None => Err("is not configured".to_owned()),
            };
            match removed {
                Ok(()) => {
                    killed += ids.len();
                    self.dismissed.extend(ids);
                }
                Err(error) => failures.push(format!("{} of {name} stay: {error}", ids.len())),
            }
        }
        let told = format!("{killed} {} taken out", if killed == 1 { "pilot was" } else { "pilots were" });
        if failures.is_empty() { Ok(told) } else { Err(format!("{told}; {}", failures.join("; "))) }
    }
}
