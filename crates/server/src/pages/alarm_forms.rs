//! What people do about alarms on their pages: acknowledge, comment, silence, end a silence.

use super::frame::{Answer, Asked, id_of};
use super::problem::PageError;
use super::reading::Reader;
use crate::extract::read_body;
use crate::{ApiError, AppState};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use model::{AlarmId, SilenceId};
use wire::api::SilenceRequest;

/// The most bytes of a form: each character of a text may take nine.
const FORM_MAX: usize = 32 << 10;

/// The fields of the forms; those that a form does not have stay empty.
#[derive(Debug, Default)]
struct Form {
    text: String,
    for_s: String,
}

impl Form {
    async fn read(body: Body, asked: &Asked) -> Result<Form, PageError> {
        let (bytes, _held) = read_body(body, FORM_MAX).await.map_err(|error| PageError::for_asked(error, asked))?;
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(&bytes) {
            match name.as_ref() {
                "text" => form.text = value.replace("\r\n", "\n").trim().to_owned(),
                "for_s" => form.for_s = value.into_owned(),
                _ => {}
            }
        }
        Ok(form)
    }
}

/// `POST /alarms/{id}/acknowledge`.
pub async fn acknowledge(State(state): State<AppState>, asked: Asked, Path(id): Path<String>, body: Body) -> Answer {
    let id: AlarmId = id_of("alarm", &id, &asked)?;
    let form = Form::read(body, &asked).await?;
    Reader::new(&state, &asked).acknowledge_alarm(id, form.text).await?;
    back_to(id)
}

/// `POST /alarms/{id}/comment`.
pub async fn comment(State(state): State<AppState>, asked: Asked, Path(id): Path<String>, body: Body) -> Answer {
    let id: AlarmId = id_of("alarm", &id, &asked)?;
    let form = Form::read(body, &asked).await?;
    Reader::new(&state, &asked).comment_alarm(id, form.text).await?;
    back_to(id)
}

/// `POST /alarms/{id}/silence`.
pub async fn silence(State(state): State<AppState>, asked: Asked, Path(id): Path<String>, body: Body) -> Answer {
    let id: AlarmId = id_of("alarm", &id, &asked)?;
    let form = Form::read(body, &asked).await?;
    let for_s = form.for_s.parse().map_err(|_| {
        let error = ApiError::invalid("bad-value", "for_s", "'for_s' is no number of seconds");
        PageError::for_asked(error, &asked)
    })?;
    let request = SilenceRequest { of: None, alarm: Some(id), reason: form.text, for_s };
    Reader::new(&state, &asked).silence(request).await?;
    back_to(id)
}

/// `POST /silences/{id}/end`.
pub async fn end_silence(State(state): State<AppState>, asked: Asked, Path(id): Path<String>) -> Answer {
    let id: SilenceId = id_of("silence", &id, &asked)?;
    Reader::new(&state, &asked).end_silence(id).await?;
    Ok(Redirect::to("/alarms").into_response())
}

fn back_to(id: AlarmId) -> Answer {
    Ok(Redirect::to(&format!("/alarms/{id}")).into_response())
}
