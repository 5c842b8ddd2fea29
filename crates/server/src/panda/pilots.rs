//! PanDA pilots as pilots of ours. They never say hello: the first job makes a record, and calls keep it alive.
//!
//! A getJob does not tell which process sends it, only its queue, node and sometimes its worker. So a record is used
//! again only while it holds no job; two pilots of one node that run at the same time have two records, and the death
//! of one is seen although the other lives.

use crate::hub::locked;
use crate::{AppState, auth};
use model::{PilotId, Shape, Time};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use store::{Announcement, HelloCall};

/// Factory of the records of PanDA pilots.
pub(super) use model::factory::PANDA as FACTORY;
/// The most records without a job that are remembered for another use; others end by [`super::watch`].
const IDLE_MAX: usize = 10_000;

/// What a getJob tells about its sender.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Sender {
    /// The queue it serves.
    pub(super) queue: String,
    /// The worker node.
    pub(super) node: String,
    /// `harvester_id` and `worker_id`, or `schedulerID`; may be empty.
    pub(super) worker: String,
}

/// The record of a PanDA pilot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PandaPilot {
    /// The pilot.
    pub(super) id: PilotId,
    /// Its incarnation.
    pub(super) incarnation: u32,
}

/// Records that hold no job at present, and who used the others.
#[derive(Clone, Default)]
pub(super) struct Known(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    idle: HashMap<Sender, Vec<PandaPilot>>,
    busy: HashMap<PilotId, Busy>,
}

struct Busy {
    sender: Sender,
    pilot: PandaPilot,
    jobs: usize,
}

impl Known {
    /// A record for this sender: one it used before, or a new one.
    pub(super) async fn take(&self, sender: &Sender, shape: Shape, state: &AppState) -> store::Result<PandaPilot> {
        if let Some(pilot) = self.take_idle(sender) {
            return Ok(pilot);
        }
        create(sender, shape, state).await
    }

    fn take_idle(&self, sender: &Sender) -> Option<PandaPilot> {
        let mut records = locked(&self.0);
        let idle = records.idle.get_mut(sender)?;
        let pilot = idle.pop();
        if idle.is_empty() {
            records.idle.remove(sender);
        }
        pilot
    }

    /// The record holds jobs now.
    pub(super) fn is_busy(&self, sender: &Sender, pilot: PandaPilot, jobs: usize) {
        locked(&self.0).busy.insert(pilot.id, Busy { sender: sender.clone(), pilot, jobs });
    }

    /// The record got no job; its sender will ask again.
    pub(super) fn is_idle(&self, sender: &Sender, pilot: PandaPilot) {
        let mut records = locked(&self.0);
        if records.idle.len() < IDLE_MAX {
            records.idle.entry(sender.clone()).or_default().push(pilot);
        }
    }

    /// A job of the record has ended; after the last one the record may be used again.
    pub(super) fn ended_job(&self, pilot: PilotId) {
        if let Some(Busy { sender, pilot, .. }) = self.take_ended(pilot) {
            self.is_idle(&sender, pilot);
        }
    }

    fn take_ended(&self, pilot: PilotId) -> Option<Busy> {
        let mut records = locked(&self.0);
        let busy = records.busy.get_mut(&pilot)?;
        busy.jobs = busy.jobs.saturating_sub(1);
        (busy.jobs == 0).then(|| records.busy.remove(&pilot)).flatten()
    }

    /// Forgets records that have ended.
    pub(super) fn forget(&self, ended: &[PilotId]) {
        let mut records = locked(&self.0);
        records.busy.retain(|pilot, _| !ended.contains(pilot));
        for idle in records.idle.values_mut() {
            idle.retain(|pilot| !ended.contains(&pilot.id));
        }
        records.idle.retain(|_, idle| !idle.is_empty());
    }

    /// The records without a job of this worker in the queues that are meant; they are forgotten.
    pub(super) fn of_worker(&self, worker: &str, is_meant: impl Fn(&str) -> bool) -> Vec<PilotId> {
        let mut records = locked(&self.0);
        let mut found = Vec::new();
        records.idle.retain(|sender, idle| {
            let ours = sender.worker == worker && is_meant(&sender.queue);
            found.extend(idle.iter().filter(|_| ours).map(|pilot| pilot.id));
            !ours
        });
        found
    }
}

/// Makes a running pilot without batch system. Its secret is thrown away: it never says hello again.
async fn create(sender: &Sender, shape: Shape, state: &AppState) -> store::Result<PandaPilot> {
    let now = crate::now();
    let secret =
        wire::credential::new_token().map_err(|error| store::Error::Unavailable { reason: error.to_string() })?;
    let secret_hash = auth::token_hash(&secret);
    let announcement = Announcement {
        factory: FACTORY.to_owned(),
        label: sender.queue.clone(),
        queue: sender.queue.clone(),
        batch: FACTORY.to_owned(),
        test: None,
        secret_hashes: vec![secret_hash],
        now,
    };
    let id = state.store.announce(announcement).await?;
    let incarnation = say_hello(id, secret_hash, sender, shape, now, state).await?;
    Ok(PandaPilot { id, incarnation })
}

async fn say_hello(
    pilot: PilotId,
    secret_hash: [u8; 32],
    sender: &Sender,
    shape: Shape,
    now: Time,
    state: &AppState,
) -> store::Result<u32> {
    let call = HelloCall {
        pilot,
        secret_hash,
        instance: FACTORY.to_owned(),
        version: FACTORY.to_owned(),
        node: sender.node.clone(),
        slots: 1,
        shape,
        batch_id: String::new(),
        profile: String::new(),
        unfit: String::new(),
        now,
    };
    Ok(state.store.hello(call).await?.incarnation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_with_a_job_is_never_used_twice() {
        let known = Known::default();
        let sender = Sender { queue: "q".into(), node: "n".into(), worker: String::new() };
        let pilot = PandaPilot { id: PilotId(1), incarnation: 1 };
        known.is_busy(&sender, pilot, 2);
        known.ended_job(pilot.id);
        assert_eq!(known.take_idle(&sender), None);
        known.ended_job(pilot.id);
        assert_eq!(known.take_idle(&sender), Some(pilot));
        assert_eq!(known.take_idle(&sender), None);
    }

    #[test]
    fn records_of_a_worker_are_found_once() {
        let known = Known::default();
        let sender = Sender { queue: "q".into(), node: "n".into(), worker: "h:7".into() };
        known.is_idle(&sender, PandaPilot { id: PilotId(1), incarnation: 1 });
        assert_eq!(known.of_worker("h:7", |queue| queue != "q"), []);
        assert_eq!(known.of_worker("h:7", |queue| queue == "q"), [PilotId(1)]);
        assert_eq!(known.of_worker("h:7", |_| true), []);
    }
}
