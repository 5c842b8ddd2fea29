//! Documents that pilots fetch: queue data, storage endpoints, scripts. They hold nothing secret but for scripts, whose
//! names cannot be guessed; pilots fetch them without a credential.

use super::answer::text;
use super::script::Script;
use super::{Face, base_url, queue_data};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use model::{JobDetail, JobId};
use serde_json::Value;
use std::collections::BTreeMap;

const PURPOSE: &[u8] = b"panda-script";

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

/// `/trf/user/job-JOB-ATTEMPT-CODE.sh`.
pub(super) async fn transformation(State(face): State<Face>, Path(file): Path<String>, request: Request) -> Response {
    let base_url = base_url(&request.into_parts().0, &face.state);
    let Some((job, attempt)) = read_name(&face, &file) else {
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
    let header = format!("{}: {}", wire::api::JOB_TOKEN, face.state.key.job_token(job, attempt));
    let attempt_url = format!("{base_url}{}/jobs/{job}/attempts/{attempt}", wire::api::PREFIX);
    let script = Script {
        spec: &detail.spec,
        variables: variables(&detail),
        attempt_url,
        own_url: format!("{base_url}/trf/user/{file}"),
        upload_header: header,
    };
    ([(header::CONTENT_TYPE, "text/x-shellscript; charset=utf-8")], script.text()).into_response()
}

/// URL of the script of one attempt.
pub(super) fn script_url(state: &crate::AppState, base_url: &str, job: JobId, attempt: u32) -> String {
    let code = state.key.sign(PURPOSE, &[&job.0.to_be_bytes(), &attempt.to_be_bytes()]);
    format!("{base_url}/trf/user/job-{job}-{attempt}-{code}.sh")
}

fn read_name(face: &Face, file: &str) -> Option<(JobId, u32)> {
    let mut parts = file.strip_prefix("job-")?.strip_suffix(".sh")?.splitn(3, '-');
    let (job, attempt): (JobId, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let signed = [&job.0.to_be_bytes()[..], &attempt.to_be_bytes()];
    face.state.key.is_signed(PURPOSE, &signed, parts.next()?).then_some((job, attempt))
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
