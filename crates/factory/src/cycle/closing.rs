//! Cleaning up after pilots that are closed: logs to the server, then the traces away.

use super::Cycler;
use crate::logs;
use crate::reconcile::Gap;
use batch::{BatchSystem, Status, crash_point};
use model::PilotId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The most pilots that are cleaned up together.
pub(super) const CLOSE_MAX: usize = 200;
/// The longest that a cycle cleans up once it has begun with [`CLOSE_MAX`] pilots, so that submitting never waits long.
const CLEAN_UP_MAX: Duration = Duration::from_secs(5);

impl Cycler {
    /// Pushes the logs of pilots that are closed and deletes their traces. What takes too long, or could not be pushed,
    /// waits for the next cycle.
    pub(super) async fn clean_up(&mut self, answers: &BTreeMap<String, Status>, gaps: &BTreeMap<String, Gap>) {
        let deadline = Instant::now() + CLEAN_UP_MAX.min(self.config.factory.cycle() / 4);
        for (name, gap) in gaps {
            let (Some(batch), Some(status)) = (self.batches.get(name).cloned(), answers.get(name)) else { continue };
            let mut closing = self.closing.remove(name).unwrap_or_default();
            closing.extend(&gap.closed);
            if status.complete && self.swept.insert(name.clone()) {
                closing.extend(self.left_behind(&*batch, status));
            }
            if !closing.is_empty() {
                // A batch system shows the ends of pilots long after their traces are gone.
                let kept: BTreeSet<PilotId> = batch.kept().into_iter().collect();
                closing.retain(|pilot| kept.contains(pilot));
                self.close(&*batch, &mut closing, deadline).await;
            }
            self.closing.insert(name.clone(), closing);
        }
    }

    async fn close(&self, batch: &dyn BatchSystem, closing: &mut BTreeSet<PilotId>, deadline: Instant) {
        loop {
            let some: Vec<PilotId> = closing.iter().take(CLOSE_MAX).copied().collect();
            let done = logs::close(&*self.server, batch, &some).await;
            closing.retain(|pilot| !done.contains(pilot));
            if !done.is_empty() {
                crash_point("cleaned");
            }
            if closing.is_empty() || done.len() < some.len() || Instant::now() >= deadline {
                return;
            }
        }
    }

    /// Traces of pilots that an earlier process closed but did not come to clean up, and that the batch system has
    /// forgotten since. Looked for once.
    fn left_behind(&self, batch: &dyn BatchSystem, status: &Status) -> Vec<PilotId> {
        let mut needed: BTreeSet<PilotId> = status.pilots.iter().map(|pilot| pilot.pilot).collect();
        needed.extend(self.world.pilots.iter().flat_map(|read| &read.value).map(|pilot| pilot.id));
        needed.extend(self.unborn.keys());
        batch.kept().into_iter().filter(|pilot| !needed.contains(pilot)).collect()
    }
}
