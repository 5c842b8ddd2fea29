//! `/alarms/count`: the count in the navigation of every page, for pages that are open while it changes.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::problem::PageError;
use crate::AppState;
use askama::Template;
use axum::extract::State;

/// The count.
#[derive(Template)]
#[template(path = "open_alarms.html")]
struct OpenAlarms {
    frame: Frame,
}

/// `GET /alarms/count`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let alarms = state.attention.count(&state).await.map_err(PageError::from)?;
    frame::shown(&OpenAlarms { frame: Frame { alarms, ..Frame::new(Section::None, "Open alarms", &asked) } })
}
