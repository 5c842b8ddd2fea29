//! Output files that the server keeps.

use super::log_write::check_job_token;
use crate::auth::Identity;
use crate::extract::Segments;
use crate::{ApiError, AppState, now, objects};
use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use model::{JobId, Permission};
use serde::Serialize;
use store::JobOutput;
use wire::api::OUTPUT_MAX;

/// One output file.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OutputFile {
    /// Its name.
    name: String,
    /// The attempt that made it.
    attempt: u32,
    /// Its size.
    bytes: u64,
}

/// The output files of a job.
#[derive(Serialize, utoipa::ToSchema)]
pub struct OutputList {
    /// By name.
    outputs: Vec<OutputFile>,
}

/// Stores an output file of an attempt that is not over; the spec must name it. The token is the one of the lease.
#[utoipa::path(put, path = "/pilotage/v1/jobs/{id}/attempts/{attempt}/outputs/{name}", tag = "jobs",
    params(("id" = i64, Path), ("attempt" = u32, Path), ("name" = String, Path),
        ("pilotage-job-token" = String, Header)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn write(
    State(state): State<AppState>,
    Segments((job, attempt, name)): Segments<(JobId, u32, String)>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    check_job_token(&state, request.headers(), job, attempt)?;
    state.store.takes_output(job, attempt).await?;
    let detail = state.store.job(job).await?.ok_or_else(|| super::jobs::unknown_job(job))?;
    if !detail.spec.outputs.iter().any(|output| output.name == name && output.url.is_empty()) {
        let detail = format!("job {job} has no output '{name}' that the server keeps");
        return Err(ApiError::invalid("unknown-output", "name", detail));
    }
    let path = objects::new_job_file(job, attempt, "outputs", &name)?;
    objects::expect(&state, &path).await?;
    let bytes = objects::store_body(&*state.objects, &path, request.into_body(), OUTPUT_MAX).await?;
    let output = JobOutput { job, attempt, name, location: path.to_string(), bytes };
    state.store.add_output(output, now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Names and sizes.
#[utoipa::path(get, path = "/pilotage/v1/jobs/{id}/outputs", tag = "jobs", params(("id" = i64, Path)),
    responses((status = 200, body = OutputList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Segments(job): Segments<JobId>,
) -> Result<Json<OutputList>, ApiError> {
    who.require(Permission::Read)?;
    state.store.last_attempt(job).await?.ok_or_else(|| super::jobs::unknown_job(job))?;
    let kept = state.store.outputs(job).await?.into_iter();
    let outputs = kept.map(|file| OutputFile { name: file.name, attempt: file.attempt, bytes: file.bytes }).collect();
    Ok(Json(OutputList { outputs }))
}

/// The content of an output file.
#[utoipa::path(get, path = "/pilotage/v1/jobs/{id}/outputs/{name}", tag = "jobs",
    params(("id" = i64, Path), ("name" = String, Path)),
    responses((status = 200, description = "bytes", content_type = "application/octet-stream"),
        (status = "4XX", body = wire::api::Problem)))]
pub async fn read(
    State(state): State<AppState>,
    who: Identity,
    Segments((job, name)): Segments<(JobId, String)>,
) -> Result<Response, ApiError> {
    who.require(Permission::Read)?;
    let outputs = state.store.outputs(job).await?;
    let Some(file) = outputs.into_iter().find(|file| file.name == name) else {
        return Err(ApiError::missing("unknown-output", format!("job {job} has left no output '{name}'")));
    };
    let body = objects::body_from(&*state.objects, &objects::stored(&file.location), 0).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
        (header::CONTENT_LENGTH, HeaderValue::from(file.bytes)),
    ];
    Ok((headers, body).into_response())
}
