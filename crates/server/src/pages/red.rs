//! `/red`: one light for a wall: green when nothing needs anybody, else what does.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::reading::Reader;
use super::{assets, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::alarm::Severity;
use serde_json::json;
use wire::api::{AlarmQuery, AlarmView};

/// Alarms that fit a wall; further ones are counted.
const SHOWN_MAX: usize = 6;

/// The page.
#[derive(Template)]
#[template(path = "red.html")]
pub struct Red {
    frame: Frame,
    light: &'static str,
    word: String,
    shown: Vec<AlarmView>,
    more: usize,
}

impl Red {
    /// Builds the page of the alarms that are open.
    pub fn new(frame: Frame, open: Vec<AlarmView>) -> Red {
        let mut loud: Vec<AlarmView> = open.into_iter().filter(AlarmView::needs_attention).collect();
        let light = light(&loud);
        let word = match loud.len() {
            0 => "All is well".to_owned(),
            count => number::capitalised(number::counted(count as u64, "alarm")),
        };
        let more = loud.len().saturating_sub(SHOWN_MAX);
        loud.truncate(SHOWN_MAX);
        Red { frame, light, word, shown: loud, more }
    }
}

/// The colour by the worst.
fn light(loud: &[AlarmView]) -> &'static str {
    match loud.iter().map(|view| view.alarm.severity).max() {
        None => "green",
        Some(Severity::Critical) => "red",
        Some(_) => "amber",
    }
}

/// `GET /red`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let open = Reader::new(&state, &asked).alarms(AlarmQuery::default()).await?.alarms;
    if asked.json {
        let loud: Vec<&AlarmView> = open.iter().filter(|view| view.needs_attention()).collect();
        let worst = loud.iter().map(|view| view.alarm.severity).max();
        return frame::data(&json!({ "worst": worst, "alarms": loud }));
    }
    let frame = Frame::new(Section::None, "Red light", &asked).live(&["alarms"]);
    frame::shown(&Red::new(frame, open))
}
