//! A batch system that takes everything at once and starts nothing, so that only the factory and its server work.

use async_trait::async_trait;
use batch::{BatchError, BatchSystem, Check, LogFiles, PilotStatus, Status, SubmitOutcome, SubmitRequest};
use model::{PilotEvent, PilotId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What it shows of each pilot.
#[derive(Default)]
pub struct Null {
    shown: Mutex<BTreeMap<PilotId, PilotEvent>>,
}

impl Null {
    /// From now on all pilots are shown so.
    pub fn show_all(&self, event: PilotEvent) {
        self.shown().values_mut().for_each(|shown| *shown = event);
    }

    /// How many pilots it has.
    pub fn count(&self) -> usize {
        self.shown().len()
    }

    fn shown(&self) -> MutexGuard<'_, BTreeMap<PilotId, PilotEvent>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl BatchSystem for Null {
    fn kind(&self) -> &'static str {
        "null"
    }

    async fn submit(&self, request: &SubmitRequest) -> Result<SubmitOutcome, BatchError> {
        let ids: Vec<PilotId> = (request.first.0..).take(request.secrets.len()).map(PilotId).collect();
        self.shown().extend(ids.iter().map(|pilot| (*pilot, PilotEvent::Queue)));
        let accepted = ids.into_iter().map(|pilot| (pilot, batch_id(pilot))).collect();
        Ok(SubmitOutcome { accepted, ..SubmitOutcome::default() })
    }

    async fn status(&self) -> Result<Status, BatchError> {
        let pilots = self.shown().iter().map(|(pilot, event)| status(*pilot, *event)).collect();
        Ok(Status { taken: Instant::now(), complete: true, pilots })
    }

    async fn remove(&self, pilots: &[PilotId]) -> Result<(), BatchError> {
        self.shown().retain(|pilot, _| !pilots.contains(pilot));
        Ok(())
    }

    async fn capacity(&self) -> Result<Option<u64>, BatchError> {
        Ok(None)
    }

    async fn doctor(&self) -> Vec<Check> {
        Vec::new()
    }

    fn logs(&self, _: PilotId) -> LogFiles {
        LogFiles::default()
    }

    fn kept(&self) -> Vec<PilotId> {
        Vec::new()
    }

    async fn forget(&self, pilots: &[PilotId]) {
        self.shown().retain(|pilot, _| !pilots.contains(pilot));
    }

    fn settles_within(&self) -> Duration {
        Duration::ZERO
    }
}

fn batch_id(pilot: PilotId) -> String {
    format!("null.{pilot}")
}

fn status(pilot: PilotId, event: PilotEvent) -> PilotStatus {
    let native_state = match event {
        PilotEvent::Queue => "waiting",
        PilotEvent::Run => "running",
        _ => "gone",
    };
    PilotStatus {
        pilot,
        event: Some(event),
        batch_id: batch_id(pilot),
        native_state: native_state.to_owned(),
        flag: None,
        error_class: None,
        message: String::new(),
    }
}
