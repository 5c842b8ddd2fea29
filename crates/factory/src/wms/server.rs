//! Jobs of another server of Pilotage.

use super::{Asked, Jobs, Told, WmsError};
use crate::config::PilotageJobs;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use wire::tls::Trust;
use wire::{Client, ClientConfig};

/// Queues that it does not have are unknown.
pub(super) async fn ask(jobs: &PilotageJobs, asked: &BTreeSet<Asked>) -> Result<Told, WmsError> {
    let token = text(&jobs.token_file)?.map(|token| token.trim().to_owned());
    let trust = text(&jobs.authorities)?.map_or(Trust::System, Trust::Authorities);
    let timeout = Duration::try_from_secs_f64(jobs.timeout_s).unwrap_or(wire::client::TIMEOUT);
    let client = Client::new(ClientConfig { trust, timeout, ..ClientConfig::new(jobs.servers.clone(), token) })?;
    let queues = client.queues().await?.queues;
    let demand = client.demand().await?.demand;
    let queues: BTreeMap<&str, _> = queues.iter().map(|queue| (queue.queue.name.as_str(), queue)).collect();
    let jobs_of = |asked: &Asked| {
        let of_queue = demand.iter().find(|demand| demand.queue == asked.queue);
        let queue = queues.get(asked.queue.as_str())?;
        let status = Some(queue.queue.status.to_string());
        Some((asked.clone(), Jobs { status, ..Jobs::of_queue(queue, of_queue) }))
    };
    Ok(asked.iter().filter_map(jobs_of).collect())
}

fn text(path: &Path) -> Result<Option<String>, WmsError> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let read = std::fs::read_to_string(path);
    read.map(Some).map_err(|source| WmsError::File { path: path.to_owned(), source })
}
