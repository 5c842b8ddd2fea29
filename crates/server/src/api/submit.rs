//! Submitting jobs.

use super::committed;
use crate::auth::Identity;
use crate::brokerage::broker;
use crate::events::JobsSubmitted;
use crate::extract::{BULK_BODY_MAX, SUBMIT_BODY_MAX, bad_value, from_json, read_body};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::{Request, State};
use http::{HeaderMap, StatusCode};
use model::job::ARRAY_MAX;
use model::{JobSpec, Permission, Role, Submitted};
use serde_json::Value;
use store::{Accepted, NewJobs, SubmitCall};
use wire::api::{BULK_MAX, BulkSubmitRequest, BulkSubmitted, IDEMPOTENCY_KEY, SubmitRequest};

/// The longest idempotency key, in bytes.
const KEY_MAX: usize = 128;
/// The longest name of a user or group, in bytes.
const OWNER_MAX: usize = 128;

/// Submits one job or an array.
#[utoipa::path(post, path = "/pilotage/v1/jobs", tag = "jobs", request_body = SubmitRequest,
    params(("idempotency-key" = Option<String>, Header, description = "the same key again gets the first answer again; with another request it is refused")),
    responses((status = 200, body = Submitted), (status = "4XX", body = wire::api::Problem)))]
pub async fn submit(
    State(state): State<AppState>,
    who: Identity,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<Submitted>, ApiError> {
    who.require(Permission::Submit)?;
    let key = idempotency_key(&headers)?;
    let (body, _held) = read_body(request.into_body(), SUBMIT_BODY_MAX).await?;
    let request: SubmitRequest = from_json(&body).map_err(|error| locate(error, &body))?;
    let mut submitted = accept(&state, &who, vec![request], key).await.map_err(without_index)?;
    submitted.pop().map(Json).ok_or_else(|| ApiError::internal("the store accepted nothing"))
}

/// Submits many in one commit; all are accepted or none.
#[utoipa::path(post, path = "/pilotage/v1/jobs/bulk", tag = "jobs", request_body = BulkSubmitRequest,
    params(("idempotency-key" = Option<String>, Header, description = "the same key again gets the first answer again; with another request it is refused")),
    responses((status = 200, body = BulkSubmitted), (status = "4XX", body = wire::api::Problem)))]
pub async fn submit_bulk(
    State(state): State<AppState>,
    who: Identity,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<BulkSubmitted>, ApiError> {
    who.require(Permission::Submit)?;
    let key = idempotency_key(&headers)?;
    let (body, _held) = read_body(request.into_body(), BULK_BODY_MAX).await?;
    let request: BulkSubmitRequest = from_json(&body).map_err(|error| locate_bulk(error, &body))?;
    if request.jobs.len() > BULK_MAX {
        let detail = format!("{} submissions in one call, at most {BULK_MAX} are accepted", request.jobs.len());
        return Err(ApiError::invalid("too-many", "jobs", detail));
    }
    let submitted = accept(&state, &who, request.jobs, key).await?;
    Ok(Json(BulkSubmitted { submitted }))
}

/// Checks, brokers and stores submissions. Errors name the submission as `jobs[i].field`.
pub async fn accept(
    state: &AppState,
    who: &Identity,
    requests: Vec<SubmitRequest>,
    idempotency_key: Option<String>,
) -> Result<Vec<Submitted>, ApiError> {
    let mut jobs = Vec::with_capacity(requests.len());
    for (i, request) in requests.into_iter().enumerate() {
        jobs.push(one(state, who, request).await.map_err(|error| with_index(error, i))?);
    }
    let call = SubmitCall { user: who.user.clone(), idempotency_key, jobs, now: now() };
    let Accepted { submitted, repeated } = committed(state, state.store.submit(call)).await?;
    if !repeated {
        for one in &submitted {
            state.candidates.placed(&one.queue, one.count).await;
        }
        JobsSubmitted { user: &who.user, submitted: &submitted }.emit(&state.metrics);
    }
    Ok(submitted)
}

async fn one(state: &AppState, who: &Identity, request: SubmitRequest) -> Result<NewJobs, ApiError> {
    let SubmitRequest { spec, array } = request;
    if let Some(count) = array.filter(|count| !(1..=ARRAY_MAX).contains(count)) {
        let detail = format!("an array of {count} jobs; it must have between 1 and {ARRAY_MAX}");
        return Err(ApiError::invalid("bad-value", "array", detail));
    }
    let spec = owned(who, spec)?.checked()?;
    let (queue, reason) = broker(&spec, state).await?;
    Ok(NewJobs { spec, array, queue, reason })
}

/// Fills in user and group from the credential; only an operator may submit for others.
fn owned(who: &Identity, mut spec: JobSpec) -> Result<JobSpec, ApiError> {
    let own = |field: &'static str, given: &str, held: &str| {
        let held = if held.is_empty() { "none".to_owned() } else { format!("'{held}'") };
        let detail = format!("the {field} is '{given}', that of the credential is {held}; only an operator may differ");
        ApiError::new(StatusCode::FORBIDDEN, "not-you", detail).at(field)
    };
    if spec.user.is_empty() {
        spec.user.clone_from(&who.user);
    } else if spec.user != who.user && who.role != Role::Operator {
        return Err(own("user", &spec.user, &who.user));
    }
    if spec.group.is_empty() {
        spec.group.clone_from(&who.group);
    } else if spec.group != who.group && who.role != Role::Operator {
        return Err(own("group", &spec.group, &who.group));
    }
    for (field, name) in [("user", &spec.user), ("group", &spec.group)] {
        check_owner(field, name)?;
    }
    Ok(spec)
}

fn check_owner(field: &str, name: &str) -> Result<(), ApiError> {
    if name.len() <= OWNER_MAX && !name.contains(char::is_control) {
        return Ok(());
    }
    let detail = format!("the {field} has control characters or more than {OWNER_MAX} bytes");
    Err(ApiError::invalid("bad-value", field, detail))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=KEY_MAX).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => {
            let detail = format!("the header {IDEMPOTENCY_KEY} must have 1 to {KEY_MAX} printable ASCII characters");
            Err(ApiError::new(StatusCode::BAD_REQUEST, "bad-header", detail).at(IDEMPOTENCY_KEY))
        }
    }
}

fn with_index(mut error: ApiError, index: usize) -> ApiError {
    error.field = error.field.map(|field| format!("jobs[{index}].{field}"));
    error
}

fn without_index(mut error: ApiError) -> ApiError {
    error.field = error.field.map(|field| field.trim_start_matches("jobs[0].").to_owned());
    error
}

/// A submission is the spec and `array` in one object, where serde loses the path of an error: the spec is read again
/// by itself to find it.
fn locate(error: ApiError, body: &[u8]) -> ApiError {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => locate_in(&value, "").unwrap_or(error),
        Err(_) => error,
    }
}

fn locate_bulk(error: ApiError, body: &[u8]) -> ApiError {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return error };
    let jobs = value.get("jobs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let found = jobs.iter().enumerate().find_map(|(i, job)| locate_in(job, &format!("jobs[{i}]")));
    found.unwrap_or(error)
}

fn locate_in(job: &Value, place: &str) -> Option<ApiError> {
    let mut fields = job.as_object()?.clone();
    let dot = if place.is_empty() { "" } else { "." };
    if let Some(array) = fields.remove("array")
        && !(array.is_null() || array.is_u64())
    {
        return Some(bad_value(&format!("{place}{dot}array"), "expected a number of jobs"));
    }
    let located = serde_path_to_error::deserialize::<_, JobSpec>(Value::Object(fields)).err()?;
    let path = located.path().to_string();
    let whole = if path == "." { place.to_owned() } else { format!("{place}{dot}{path}") };
    Some(bad_value(&whole, &located.inner().to_string()))
}
