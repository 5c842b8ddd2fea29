//! How many jobs each queue has, as factories ask: the statistics and the sites of PanDA's interface of today.

use super::access::{Access, check};
use super::answer::text;
use super::record::resource_type;
use super::{Face, queue_data};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use model::{JobCounts, JobState, QueueRecord};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use store::JobKind;

/// States that are told also when no job is in them.
const ALWAYS: [JobState; 3] = [JobState::Activated, JobState::Starting, JobState::Running];

/// Jobs by queue and state.
type Plain = BTreeMap<String, BTreeMap<&'static str, u64>>;
/// Jobs by queue, resource type, source label and state.
type Detailed = BTreeMap<String, BTreeMap<&'static str, BTreeMap<String, BTreeMap<&'static str, u64>>>>;

/// `active_job_stats_by_site`.
pub(super) async fn by_queue(State(face): State<Face>, request: Request) -> Response {
    let counts = face.state.store.counts_by_kind();
    answer(&face, request, async |queues| Ok(wrapped(plain(&queues, &counts.await?)))).await
}

/// `active_job_detailed_stats_by_site`.
pub(super) async fn by_kind(State(face): State<Face>, request: Request) -> Response {
    let counts = face.state.store.counts_by_kind();
    answer(&face, request, async |queues| Ok(wrapped(detailed(&queues, &counts.await?)))).await
}

/// `get_site_specs`, of all types, as every queue here takes all jobs.
pub(super) async fn sites(State(face): State<Face>, request: Request) -> Response {
    answer(&face, request, async |queues| Ok(wrapped(queue_data::all_queues(&queues)))).await
}

/// Answers about the queues that the caller may see.
async fn answer(
    face: &Face,
    request: Request,
    document: impl AsyncFnOnce(Vec<QueueRecord>) -> store::Result<Value>,
) -> Response {
    let (parts, _) = request.into_parts();
    let access = match check(&parts, &face.state).await {
        Ok(access) => access,
        Err(refused) => return text(StatusCode::FORBIDDEN, format!("ERROR : {refused}")),
    };
    match seen(face, &access, document).await {
        Ok(document) => ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response(),
        Err(error) => {
            tracing::warn!(%error, "PanDA's statistics failed");
            text(StatusCode::SERVICE_UNAVAILABLE, "ERROR : the server cannot answer now")
        }
    }
}

async fn seen(
    face: &Face,
    access: &Access,
    document: impl AsyncFnOnce(Vec<QueueRecord>) -> store::Result<Value>,
) -> store::Result<Value> {
    let mut queues = face.state.store.queues().await?;
    queues.retain(|queue| access.covers(&queue.site));
    document(queues).await
}

/// What is empty is no success: so the clients of PanDA know it.
fn wrapped(data: impl serde::Serialize) -> Value {
    let data = serde_json::to_value(data).unwrap_or_default();
    let success = data.as_object().is_some_and(|data: &Map<String, Value>| !data.is_empty());
    let message = if success { "" } else { "there is no queue" };
    json!({"success": success, "message": message, "data": data})
}

fn plain(queues: &[QueueRecord], counts: &BTreeMap<JobKind, JobCounts>) -> Plain {
    let mut all = Plain::new();
    for queue in queues {
        let states = all.entry(queue.name.clone()).or_insert_with(none);
        for (_, jobs) in of_queue(counts, queue) {
            add(states, jobs);
        }
    }
    all
}

/// A queue that never had a job has none of one core.
fn detailed(queues: &[QueueRecord], counts: &BTreeMap<JobKind, JobCounts>) -> Detailed {
    let mut all = Detailed::new();
    for queue in queues {
        let types = all.entry(queue.name.clone()).or_default();
        for (kind, jobs) in of_queue(counts, queue) {
            let labels = types.entry(resource_type(kind.cores)).or_default();
            add(labels.entry(kind.source_label.clone()).or_insert_with(none), jobs);
        }
        if types.is_empty() {
            types.insert(resource_type(1), BTreeMap::from([("user".to_owned(), none())]));
        }
    }
    all
}

fn of_queue<'a>(
    counts: &'a BTreeMap<JobKind, JobCounts>,
    queue: &'a QueueRecord,
) -> impl Iterator<Item = (&'a JobKind, &'a JobCounts)> {
    counts.iter().filter(|(kind, _)| kind.queue == queue.name)
}

fn none() -> BTreeMap<&'static str, u64> {
    ALWAYS.map(|state| (state.as_str(), 0)).into()
}

fn add(states: &mut BTreeMap<&'static str, u64>, jobs: &JobCounts) {
    for (state, count) in jobs.0.iter().filter(|(state, count)| !state.is_final() && **count > 0) {
        *states.entry(state.as_str()).or_default() += count;
    }
}
