//! The PanDA face: what unmodified PanDA pilots and clients call.
//!
//! There is one job model. A PanDA pilot leases through the same store as ours, its reports are the same reports, and
//! the job it gets runs a script that does around the payload what our pilot does.

mod access;
mod answer;
mod arguments;
mod body;
mod documents;
mod error_codes;
mod get_job;
mod labels;
mod methods;
mod pilots;
mod queue_data;
mod record;
mod script;
mod statistics;
mod update;
mod update_job;
mod watch;

use crate::AppState;
use crate::live::LivePilot;
use axum::Router;
use axum::routing::{any, get};
use documents::script_url;
use http::header;
use http::request::Parts;
use model::PilotId;
use tokio_util::task::TaskTracker;
pub(crate) use watch::{is_panda, lease};

/// What the methods share.
#[derive(Clone)]
struct Face {
    state: AppState,
    known: pilots::Known,
}

impl Face {
    /// Notes a call of a pilot, which renews its lease.
    fn heard(&self, pilot: PilotId, queue: &str, incarnation: u32) {
        let now = crate::now();
        if self.state.pilots.heard(pilot, now).is_some() {
            return;
        }
        self.state.pilots.insert(pilot, LivePilot::new(incarnation, queue.to_owned(), now));
    }
}

/// PanDA's paths, to be merged into the server's router when the configuration asks for them. What has to be done
/// beside calls is done in `tasks` until the server stops.
pub fn router(state: &AppState, tasks: &TaskTracker) -> Router<AppState> {
    let face = Face { state: state.clone(), known: pilots::Known::default() };
    tasks.spawn(watch::watch(face.clone()));
    Router::new()
        .route("/server/panda/{method}", any(methods::call))
        .route("//server/panda/{method}", any(methods::call))
        .route("/cache/schedconfig/{file}", get(documents::schedconfig))
        .route("/cric/pandaqueues.json", get(documents::all_queues))
        .route("/cache/ddmendpoints.json", get(documents::endpoints))
        .route("/trf/user/{file}", get(documents::transformation))
        .route("/api/v1/statistics/active_job_stats_by_site", get(statistics::by_queue))
        .route("/api/v1/statistics/active_job_detailed_stats_by_site", get(statistics::by_kind))
        .route("/api/v1/metaconfig/get_site_specs", get(statistics::sites))
        .with_state(face)
}

/// The server as the caller reached it: pilots accept scripts only from hosts they know, whatever leads there.
fn base_url(parts: &Parts, state: &AppState) -> String {
    let named = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let host = named.map(str::to_owned).or_else(|| parts.uri.authority().map(ToString::to_string));
    let host = host.unwrap_or_else(|| state.config.address().to_string());
    let scheme = if state.config.is_reached_by_https() { "https" } else { "http" };
    format!("{scheme}://{host}")
}
