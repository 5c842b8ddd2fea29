//! Silences: nobody is told of the alarms that they match, for a time.

use super::alarms::{check_text, may_manage};
use super::committed;
use crate::auth::Identity;
use crate::extract::{Body, Segments};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::alarm::{Matcher, Silence};
use model::{Permission, SilenceId};
use std::time::Duration;
use wire::api::{SILENCE_MAX_S, SilenceList, SilenceRequest};

/// Silences in force.
#[utoipa::path(get, path = "/pilotage/v1/silences", tag = "alarms",
    responses((status = 200, body = SilenceList), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(State(state): State<AppState>, who: Identity) -> Result<Json<SilenceList>, ApiError> {
    who.require(Permission::Read)?;
    Ok(Json(SilenceList { silences: state.store.silences(now()).await? }))
}

/// Silences one alarm, or all that match patterns.
#[utoipa::path(post, path = "/pilotage/v1/silences", tag = "alarms", request_body = SilenceRequest,
    responses((status = 200, body = Silence), (status = "4XX", body = wire::api::Problem)))]
pub async fn create(
    State(state): State<AppState>,
    who: Identity,
    Body(request): Body<SilenceRequest>,
) -> Result<Json<Silence>, ApiError> {
    who.require(Permission::ManageAlarms)?;
    check(&request)?;
    let of = matcher(&state, &who, &request).await?;
    who.require_site(&of.site)?;
    let made = now();
    let until = made + Duration::from_secs(request.for_s);
    let (owner, reason) = (who.user.clone(), request.reason);
    let silence = Silence { id: SilenceId(0), of, owner, reason, made, until };
    let silence = committed(&state, state.store.silence(silence, request.alarm)).await?;
    tracing::info!(silence = %silence.id, of = %silence.of, until = %until, by = who.user, "alarms silenced");
    Ok(Json(silence))
}

/// Ends a silence now.
#[utoipa::path(delete, path = "/pilotage/v1/silences/{id}", tag = "alarms", params(("id" = i64, Path)),
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn end(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<SilenceId>,
) -> Result<StatusCode, ApiError> {
    who.require(Permission::ManageAlarms)?;
    let unknown = || ApiError::missing("unknown-silence", format!("there is no silence {id} in force"));
    let silence = state.store.one_silence(id).await?.ok_or_else(unknown)?;
    who.require_site(&silence.of.site)?;
    if !committed(&state, state.store.end_silence(id, now())).await? {
        return Err(unknown());
    }
    tracing::info!(silence = %id, by = who.user, "silence ended");
    Ok(StatusCode::NO_CONTENT)
}

fn check(request: &SilenceRequest) -> Result<(), ApiError> {
    check_text("reason", &request.reason)?;
    if request.reason.trim().is_empty() {
        return Err(ApiError::invalid("missing-field", "reason", "a silence needs a reason, which others read"));
    }
    if !(1..=SILENCE_MAX_S).contains(&request.for_s) {
        let detail = format!("'for_s' is {}; it must be between 1 and {SILENCE_MAX_S}", request.for_s);
        return Err(ApiError::invalid("bad-value", "for_s", detail));
    }
    match request.of.as_ref().and_then(Matcher::problem) {
        Some((field, what)) => Err(ApiError::invalid("bad-value", format!("of.{field}"), what)),
        None => Ok(()),
    }
}

async fn matcher(state: &AppState, who: &Identity, request: &SilenceRequest) -> Result<Matcher, ApiError> {
    match (&request.of, request.alarm) {
        (Some(of), None) if of.parts().next().is_some() => Ok(of.clone()),
        (None, Some(id)) => {
            let alarm = may_manage(state, who, id).await?;
            Ok(Matcher::exactly(alarm.rule, &alarm.subject))
        }
        _ => {
            let detail = "a silence is either of one alarm ('alarm') or of what matches at least one pattern ('of')";
            Err(ApiError::invalid("bad-value", "of", detail))
        }
    }
}
