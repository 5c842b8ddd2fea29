//! The methods below `/server/panda/`.

use super::access::Access;
use super::answer::{Answer, Code, Format, text};
use super::arguments::Arguments;
use super::body::BadBody;
use super::{Face, access, base_url, body, get_job, update_job};
use crate::extract::read_body;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{StatusCode, header};
use model::JobId;
use std::time::Duration;

/// How long a report waits for a store that is busy or full. A pilot that gets a 5xx stands still for two minutes and
/// then drops the report, while it waits for an answer for as long.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// The most jobs of one getStatus.
const STATUS_MAX: usize = 1000;

/// Any method, by GET or POST.
pub(super) async fn call(State(face): State<Face>, Path(method): Path<String>, request: Request<Body>) -> Response {
    let (parts, content) = request.into_parts();
    let access = match access::check(&parts, &face.state).await {
        Ok(access) => access,
        Err(refused) => return text(StatusCode::FORBIDDEN, format!("ERROR : {refused}")),
    };
    let known = ["isAlive", "getJob", "updateJob", "getStatus", "updateWorkerPilotStatus"];
    if !known.contains(&method.as_str()) {
        return text(StatusCode::FORBIDDEN, format!("ERROR : method {method} is forbidden"));
    }
    if method == "isAlive" {
        return text(StatusCode::OK, "alive=yes");
    }
    let (content, mut held) = match read_body(content, body::BODY_MAX).await {
        Ok(read) => read,
        Err(error) => return text(error.status, format!("ERROR : {error}")),
    };
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let arguments = match body::decode(parts.uri.query(), content_type, content, &mut held).await {
        Ok(arguments) => arguments,
        Err(BadBody::NoRoom(error)) => return text(error.status, format!("ERROR : {error}")),
        Err(error) => return text(StatusCode::BAD_REQUEST, format!("ERROR : failed to {error}")),
    };
    let answer = match method.as_str() {
        "getJob" => get_job::answer(&face, &access, &arguments, &base_url(&parts, &face.state)).await,
        "updateJob" => patient_update(&face, &access, &arguments).await,
        "getStatus" => status(&face, &access, &arguments).await,
        _ => worker_status(&face, &access, &arguments).await,
    };
    respond(&method, answer, Format::wanted(&parts.headers))
}

fn respond(method: &str, answer: store::Result<Answer>, format: Format) -> Response {
    match answer {
        Ok(answer) => answer.into_response(format),
        Err(error) => {
            tracing::warn!(method, %error, "a PanDA call failed");
            // A getJob that fails is "no job" for the pilot, which asks again; a report must not look accepted.
            match method {
                "updateJob" => text(StatusCode::INTERNAL_SERVER_ERROR, format!("ERROR : failed to {method}: {error}")),
                _ => Answer::failed(error).into_response(format),
            }
        }
    }
}

/// Reports are harmless when repeated, so they are tried again while the store is only busy.
async fn patient_update(face: &Face, access: &Access, arguments: &Arguments) -> store::Result<Answer> {
    let began = tokio::time::Instant::now();
    loop {
        match update_job::answer(face, access, arguments).await {
            Err(error) if error.is_temporary() && began.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            other => return other,
        }
    }
}

/// `getStatus`: states and attempts of several jobs, joined by `+`.
async fn status(face: &Face, access: &Access, arguments: &Arguments) -> store::Result<Answer> {
    let ids = arguments.text("ids").unwrap_or_default();
    let (mut states, mut attempts) = (Vec::new(), Vec::new());
    for id in ids.split([' ', ',']).filter(|id| !id.is_empty()).take(STATUS_MAX) {
        let detail = match id.parse::<JobId>() {
            Ok(id) => face.state.store.job(id).await?,
            Err(_) => None,
        };
        let summary = detail.map(|detail| detail.summary).filter(|summary| access.covers(&summary.site));
        states.push(summary.as_ref().map_or("notfound", |summary| summary.state.as_str()));
        attempts.push(summary.map_or(0, |summary| summary.attempt).to_string());
    }
    Ok(Answer::new(Code::Ok).with("status", states.join("+")).with("attemptNr", attempts.join("+")))
}

/// `updateWorkerPilotStatus`: a worker's end closes its records.
async fn worker_status(face: &Face, access: &Access, arguments: &Arguments) -> store::Result<Answer> {
    let text = |key: &str| arguments.text(key).unwrap_or_default();
    let Some(worker) = get_job::worker(text("harvesterID"), text("workerID")) else {
        return Ok(Answer::failed("workerID is missing"));
    };
    if text("status") == "finished" {
        let queues = face.state.store.queues().await?;
        let covered = |name: &str| queues.iter().any(|queue| queue.name == name && access.covers(&queue.site));
        for pilot in face.known.of_worker(&worker, covered) {
            super::watch::close(face, pilot, "its worker has finished").await?;
        }
    }
    Ok(Answer::new(Code::Ok))
}
