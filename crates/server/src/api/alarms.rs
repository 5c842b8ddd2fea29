//! Alarms: what is broken, and who looks after it.

use super::{committed, cursor, page_size};
use crate::auth::Identity;
use crate::extract::{Body, Params, Segments};
use crate::{ApiError, AppState, now};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use model::alarm::{Acknowledgement, Alarm, AlarmEvent, Silence, inhibitor};
use model::{AlarmId, Permission, Time};
use std::cmp::Reverse;
use wire::api::{ALARM_TEXT_MAX, AlarmDetail, AlarmPage, AlarmQuery, AlarmState, AlarmText, AlarmView};

/// Alarms that are open, the worst first; or those that are over, the newest first.
#[utoipa::path(get, path = "/pilotage/v1/alarms", tag = "alarms", params(AlarmQuery),
    responses((status = 200, body = AlarmPage), (status = "4XX", body = wire::api::Problem)))]
pub async fn list(
    State(state): State<AppState>,
    who: Identity,
    Params(query): Params<AlarmQuery>,
) -> Result<Json<AlarmPage>, ApiError> {
    who.require(Permission::Read)?;
    match query.state.unwrap_or(AlarmState::Open) {
        AlarmState::Open => Ok(Json(AlarmPage { alarms: open(&state).await?, next: None })),
        AlarmState::Past => {
            let (cursor, rows) = (cursor(query.cursor.as_deref())?, page_size(query.limit)?);
            let page = state.store.past_alarms(cursor, rows).await?;
            let alarms = page.rows.into_iter().map(|alarm| view(alarm, &[], &[], now()));
            Ok(Json(AlarmPage { alarms: alarms.collect(), next: page.next.map(|next| next.to_string()) }))
        }
    }
}

/// All open alarms, the worst and then the newest first.
pub(crate) async fn open(state: &AppState) -> Result<Vec<AlarmView>, ApiError> {
    let now = now();
    let mut open = state.store.open_alarms().await?;
    open.retain(Alarm::is_open);
    open.sort_by_key(|alarm| (Reverse(alarm.severity), Reverse(alarm.opened), alarm.id));
    let silences = state.store.silences(now).await?;
    Ok(open.iter().map(|alarm| view(alarm.clone(), &open, &silences, now)).collect())
}

/// One alarm with what happened to it.
#[utoipa::path(get, path = "/pilotage/v1/alarms/{id}", tag = "alarms", params(("id" = i64, Path)),
    responses((status = 200, body = AlarmDetail), (status = "4XX", body = wire::api::Problem)))]
pub async fn show(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<AlarmId>,
) -> Result<Json<AlarmDetail>, ApiError> {
    who.require(Permission::Read)?;
    let (alarm, events) = found(&state, id).await?;
    let open = if alarm.is_open() { state.store.open_alarms().await? } else { Vec::new() };
    let now = now();
    let silences = state.store.silences(now).await?;
    Ok(Json(AlarmDetail { view: view(alarm, &open, &silences, now), events }))
}

/// Says that the caller looks after an alarm: nobody is told of it again, unless it becomes worse.
#[utoipa::path(post, path = "/pilotage/v1/alarms/{id}/acknowledge", tag = "alarms", params(("id" = i64, Path)),
    request_body = AlarmText,
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn acknowledge(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<AlarmId>,
    Body(AlarmText { text }): Body<AlarmText>,
) -> Result<StatusCode, ApiError> {
    may_manage(&state, &who, id).await?;
    check_text("text", &text)?;
    let by = Acknowledgement { by: who.user.clone(), at: now(), why: text };
    let done = committed(&state, state.store.acknowledge_alarm(id, by)).await;
    done.map_err(
        |error| if error.code == "conflict" { ApiError::conflict("alarm-over", error.detail) } else { error },
    )?;
    tracing::info!(alarm = %id, by = who.user, "alarm acknowledged");
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a comment to an alarm's history.
#[utoipa::path(post, path = "/pilotage/v1/alarms/{id}/comment", tag = "alarms", params(("id" = i64, Path)),
    request_body = AlarmText,
    responses((status = 204), (status = "4XX", body = wire::api::Problem)))]
pub async fn comment(
    State(state): State<AppState>,
    who: Identity,
    Segments(id): Segments<AlarmId>,
    Body(AlarmText { text }): Body<AlarmText>,
) -> Result<StatusCode, ApiError> {
    may_manage(&state, &who, id).await?;
    check_text("text", &text)?;
    if text.trim().is_empty() {
        return Err(ApiError::invalid("missing-field", "text", "the comment is empty"));
    }
    committed(&state, state.store.comment_alarm(id, who.user.clone(), text, now())).await?;
    tracing::info!(alarm = %id, by = who.user, "alarm commented");
    Ok(StatusCode::NO_CONTENT)
}

/// A text that somebody wrote, within its bound.
pub(super) fn check_text(field: &str, text: &str) -> Result<(), ApiError> {
    let is_strange = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() <= ALARM_TEXT_MAX && !text.contains(is_strange) {
        return Ok(());
    }
    let detail = format!("'{field}' has control characters or more than {ALARM_TEXT_MAX} characters");
    Err(ApiError::invalid("bad-value", field, detail))
}

pub(super) async fn found(state: &AppState, id: AlarmId) -> Result<(Alarm, Vec<AlarmEvent>), ApiError> {
    let found = state.store.alarm(id).await?;
    found.ok_or_else(|| ApiError::missing("unknown-alarm", format!("there is no alarm {id}")))
}

/// The alarm, when the caller may look after it.
pub(super) async fn may_manage(state: &AppState, who: &Identity, id: AlarmId) -> Result<Alarm, ApiError> {
    who.require(Permission::ManageAlarms)?;
    let (alarm, _) = found(state, id).await?;
    who.require_site(&alarm.subject.site)?;
    Ok(alarm)
}

fn view(alarm: Alarm, open: &[Alarm], silences: &[Silence], now: Time) -> AlarmView {
    let silence = silences.iter().find(|silence| alarm.is_open() && silence.covers(&alarm, now)).cloned();
    let explained_by = inhibitor(&alarm, open).map(|other| other.id);
    AlarmView { silence, explained_by, action: alarm.rule.action().to_owned(), alarm }
}
