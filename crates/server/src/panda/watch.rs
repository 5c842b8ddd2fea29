//! What upstream's watcher does: closes pilots that are gone, and says how long a silent one keeps its job.

use super::Face;
use super::pilots::FACTORY;
use crate::AppState;
use model::{JobState, PilotId, PilotSummary, Time};
use std::time::Duration;
use store::PilotEnd;

/// How long a job that was sent may stay without a first report; upstream's 30 minutes.
const SENT_LEASE: Duration = Duration::from_secs(30 * 60);
/// How long a job that has begun may stay without a report; upstream's 2 hours, as pilots report every 30 minutes.
const RUNNING_LEASE: Duration = Duration::from_secs(2 * 3600);
/// How long a pilot without a job may be silent: it asks again every 1 to 3 minutes, and lingers 1 after its last job.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);
/// Pause between two looks for pilots that are gone.
const PAUSE: Duration = Duration::from_secs(30);

/// Closes PanDA pilots that hold no job and are not heard any more, until the server stops.
pub(super) async fn watch(face: Face) {
    loop {
        tokio::select! {
            () = face.state.stopping.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        if let Err(error) = close_silent(&face, crate::now()).await {
            tracing::warn!(%error, "failed to look after PanDA pilots");
        }
    }
}

async fn close_silent(face: &Face, now: Time) -> store::Result<()> {
    let pilots = face.state.store.live_pilots(Some(FACTORY.to_owned())).await?;
    let gone = pilots.iter().filter(|pilot| pilot.jobs_now == 0 && silence(&face.state, pilot, now) > IDLE_MAX);
    for pilot in gone {
        close(face, pilot.id, "not heard any more").await?;
    }
    Ok(())
}

/// Ends the record of a pilot.
pub(super) async fn close(face: &Face, pilot: PilotId, why: &str) -> store::Result<()> {
    face.known.forget(&[pilot]);
    face.state.pilots.remove(pilot);
    let end = PilotEnd { pilot, error_class: None, message: why.to_owned(), now: crate::now() };
    face.state.store.close_pilot(end).await
}

/// Whether it is a PanDA pilot.
pub(crate) fn is_panda(pilot: &PilotSummary) -> bool {
    pilot.factory == FACTORY
}

/// How long a silent PanDA pilot keeps its jobs.
pub(crate) async fn lease(state: &AppState, pilot: PilotId) -> store::Result<Duration> {
    for held in state.store.jobs_of_pilot(pilot).await? {
        let detail = state.store.job(held.job).await?;
        if detail.is_some_and(|detail| detail.summary.state == JobState::Sent) {
            return Ok(SENT_LEASE);
        }
    }
    Ok(RUNNING_LEASE)
}

/// How long nobody heard the pilot, here or on another server.
fn silence(state: &AppState, pilot: &PilotSummary, now: Time) -> Duration {
    let recorded = pilot.last_heard.or(pilot.started).unwrap_or(pilot.announced);
    let heard = state.pilots.last_heard(pilot.id).unwrap_or(recorded).max(recorded);
    now.since(heard)
}
