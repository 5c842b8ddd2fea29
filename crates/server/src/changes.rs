//! What commits changed, told to whoever waits: lease calls, long polls, pages.

use crate::AppState;
use std::sync::Arc;
use store::ChangeSet;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Tells until the server stops.
pub async fn tell(state: AppState, mut changes: Receiver<Arc<ChangeSet>>) {
    loop {
        let change = tokio::select! {
            () = state.stopping.cancelled() => return,
            change = changes.recv() => change,
        };
        match change {
            Ok(change) => tell_one(&state, &change).await,
            Err(RecvError::Lagged(_)) => tell_one(&state, &ChangeSet::everything()).await,
            Err(RecvError::Closed) => return,
        }
    }
}

async fn tell_one(state: &AppState, change: &ChangeSet) {
    for queue in &change.activated {
        state.waiters.wake(queue, 1);
    }
    if change.everything || !change.activated.is_empty() {
        state.demand_bell.notify_waiters();
    }
    ring(state, change);
    if change.everything || change.alarms {
        state.attention.forget();
    }
    if change.everything || !change.queues.is_empty() {
        state.candidates.forget().await;
    }
    if state.hub.is_heard() {
        publish(state, change);
    }
}

fn ring(state: &AppState, change: &ChangeSet) {
    if change.everything {
        state.waiters.wake_all();
        state.pilot_bells.ring_all();
        state.factory_bells.ring_all();
    }
    if change.touches_pilots() {
        state.told_bell.notify_waiters();
    }
    if change.everything || change.all_jobs {
        state.log_bells.ring_all();
    }
    change.pilot_commands.iter().for_each(|pilot| state.pilot_bells.ring(pilot));
    change.factory_commands.iter().for_each(|factory| state.factory_bells.ring(factory.as_str()));
    change.logs.iter().for_each(|log| state.log_bells.ring(&log.job));
    change.jobs.iter().for_each(|job| state.log_bells.ring(job));
}

/// Topics of pages: the kinds (`jobs`, `pilots`, `queues`, `factories`, `alarms`), single things (`job:17`), and `overview`.
fn publish(state: &AppState, change: &ChangeSet) {
    let hub = &state.hub;
    if change.everything {
        hub.publish_all();
        return;
    }
    hub.publish("overview");
    if change.touches_jobs() {
        hub.publish("jobs");
    }
    change.jobs.iter().for_each(|job| hub.publish(&format!("job:{job}")));
    if change.all_jobs {
        hub.publish_those("job:");
    }
    change.logs.iter().for_each(|log| hub.publish(&format!("log:{}", log.job)));
    if change.touches_pilots() {
        hub.publish("pilots");
    }
    change.pilots.iter().for_each(|pilot| hub.publish(&format!("pilot:{pilot}")));
    if change.all_pilots {
        hub.publish_those("pilot:");
    }
    if change.alarms {
        hub.publish("alarms");
    }
    for queue in change.queues.union(&change.activated) {
        hub.publish("queues");
        hub.publish(&format!("queue:{queue}"));
    }
    for factory in &change.factories {
        hub.publish("factories");
        hub.publish(&format!("factory:{factory}"));
    }
}
