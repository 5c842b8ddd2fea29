//! Documents that pilots fetch: queue data, storage endpoints, scripts. They hold nothing secret but for scripts, whose
//! names cannot be guessed; pilots fetch them without a credential.

use super::answer::text;
use super::script::Script;
use super::{Face, base_url, queue_data};
use crate::AppState;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use model::{JobDetail, JobId, JobState};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a URL below `/trf/user/` is for. The code in its name differs, so that the one that a running script asks with,
/// which other users of the node may see in its arguments, fetches no script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Fetching the script, which holds the token of its job.
    Script,
    /// Asking whether the attempt is still wanted.
    Alive,
}

/// `/cache/schedconfig/NAME.all.json`; `pandaqueues.json` is the document of all queues.
pub(super) async fn schedconfig(State(face): State<Face>, Path(file): Path<String>) -> Response {
    if file == "pandaqueues.json" {
        return all_queues(State(face)).await;
    }
    let Some(name) = queue_data::queue_of_file(&file) else { return missing(format!("there is no {file}")) };
    match face.state.store.queue(name.to_owned()).await {
        Ok(Some(queue)) => json(queue_data::queue_record(&queue)),
        Ok(None) => missing(format!("there is no queue {name}")),
        Err(error) => broken(&error),
    }
}

/// All queues by name.
pub(super) async fn all_queues(State(face): State<Face>) -> Response {
    match face.state.store.queues().await {
        Ok(queues) => json(queue_data::all_queues(&queues)),
        Err(error) => broken(&error),
    }
}

/// `/cache/ddmendpoints.json`.
pub(super) async fn endpoints() -> Response {
    json(queue_data::endpoints())
}

/// `/trf/user/job-JOB-ATTEMPT-CODE.sh`: the script, until it runs; while the attempt goes on an empty answer to who asks
/// whether it does.
pub(super) async fn transformation(State(face): State<Face>, Path(file): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let purpose = if parts.method == Method::HEAD { Purpose::Alive } else { Purpose::Script };
    let Some((job, attempt)) = read_name(&face, purpose, &file) else {
        return no_script("there is no such transformation");
    };
    let detail = match face.state.store.job(job).await {
        Ok(Some(detail)) => detail,
        Ok(None) => return no_script("the job is unknown"),
        Err(error) => return broken(&error),
    };
    if detail.summary.attempt != attempt || !detail.summary.state.is_with_pilot() {
        return no_script("this attempt of the job is over");
    }
    if purpose == Purpose::Alive {
        return StatusCode::OK.into_response();
    }
    if !matches!(detail.summary.state, JobState::Sent | JobState::Starting) {
        return no_script("this attempt of the job runs already");
    }
    let base_url = base_url(&parts, &face.state);
    let script = Script {
        spec: &detail.spec,
        variables: variables(&detail),
        attempt_url: format!("{base_url}{}/jobs/{job}/attempts/{attempt}", wire::api::PREFIX),
        alive_url: url(&face.state, &base_url, Purpose::Alive, job, attempt),
        upload_header: format!("{}: {}", wire::api::JOB_TOKEN, face.state.key.job_token(job, attempt)),
    };
    ([(header::CONTENT_TYPE, "text/x-shellscript; charset=utf-8")], script.text()).into_response()
}

/// URL of the script of one attempt.
pub(super) fn script_url(state: &AppState, base_url: &str, job: JobId, attempt: u32) -> String {
    url(state, base_url, Purpose::Script, job, attempt)
}

fn url(state: &AppState, base_url: &str, purpose: Purpose, job: JobId, attempt: u32) -> String {
    let code = state.key.sign(purpose.signed(), &[&job.0.to_be_bytes(), &attempt.to_be_bytes()]);
    format!("{base_url}/trf/user/job-{job}-{attempt}-{code}.sh")
}

fn read_name(face: &Face, purpose: Purpose, file: &str) -> Option<(JobId, u32)> {
    let mut parts = file.strip_prefix("job-")?.strip_suffix(".sh")?.splitn(3, '-');
    let (job, attempt): (JobId, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let signed = [&job.0.to_be_bytes()[..], &attempt.to_be_bytes()];
    face.state.key.is_signed(purpose.signed(), &signed, parts.next()?).then_some((job, attempt))
}

impl Purpose {
    fn signed(self) -> &'static [u8] {
        match self {
            Purpose::Script => b"panda-script",
            Purpose::Alive => b"panda-alive",
        }
    }
}

fn variables(detail: &JobDetail) -> BTreeMap<&'static str, String> {
    let summary = &detail.summary;
    BTreeMap::from([
        ("PILOTAGE_JOB_ID", summary.id.to_string()),
        ("PILOTAGE_ATTEMPT", summary.attempt.to_string()),
        ("PILOTAGE_ARRAY_INDEX", summary.index.to_string()),
        ("PILOTAGE_QUEUE", summary.queue.clone()),
        ("PILOTAGE_SITE", summary.site.clone()),
    ])
}

fn json(document: Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

fn missing(reason: String) -> Response {
    text(StatusCode::NOT_FOUND, reason)
}

/// Pilots run whatever the answer holds, so a refusal is a script that fails with the reason.
fn no_script(reason: &str) -> Response {
    text(StatusCode::NOT_FOUND, format!("#!/bin/sh\necho 'pilotage: {reason}' >&2\nexit 1\n"))
}

fn broken(error: &store::Error) -> Response {
    tracing::warn!(%error, "a document for PanDA pilots failed");
    text(StatusCode::SERVICE_UNAVAILABLE, "#!/bin/sh\necho 'pilotage: the server cannot answer now' >&2\nexit 1\n")
}
