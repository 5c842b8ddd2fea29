//! `/kit`: names of queues, and the dump of the sites' catalogue.

use super::Call;
use super::answer::{Answer, Answered};
use super::body;
use model::reported::queue_name;
use model::{Permission, QueueRecord, QueueStatus, Written};
use serde_json::Value;

/// Who writes the records of queues that it tells.
const MADE_BY: &str = "sites' catalogue";

/// `GET /kit/q/`: one name per line.
pub(super) async fn queues(call: &Call) -> Answer {
    let queues = call.face.state.store.queues().await?;
    Ok(Answered::text(queues.into_iter().map(|queue| queue.name + "\n").collect::<String>()))
}

/// `POST /kit/update/`: an object of queues with their sites and regions. Queues that are not known are made, offline: whether
/// jobs are placed in them is decided here, not in the catalogue. Those that are known get their site and region.
pub(super) async fn update(call: &Call) -> Answer {
    call.caller.require(Permission::ManageQueues)?;
    let told = body::object(&call.body)?;
    let store = &call.face.state.store;
    let known = store.queues().await?;
    let mut entries = 0;
    for (name, entry) in &told {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().trim();
        let nickname = Some(text("nickname")).filter(|name| !name.is_empty()).unwrap_or(name);
        let Some(name) = queue_name(nickname) else { continue };
        entries += 1;
        let site = [text("atlas_site"), text("rc_site")].into_iter().find_map(queue_name);
        let region = queue_name(text("cloud"));
        let before = known.iter().find(|queue| queue.name == name).cloned();
        let made = QueueRecord { status: QueueStatus::Offline, ..QueueRecord::named(&name) };
        let before = before.unwrap_or(made);
        let queue = QueueRecord {
            site: site.unwrap_or_else(|| before.site.clone()),
            region: region.unwrap_or_else(|| before.region.clone()),
            ..before
        };
        store.put_queue(queue, Written { by: MADE_BY.to_owned(), at: crate::now() }).await?;
    }
    Ok(Answered::text(format!("{entries} queues")))
}
