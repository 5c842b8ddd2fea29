//! `/queues`: all queues.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::overview::{QueueRow, QueueSituation, queue_row};
use super::reading::Reader;
use super::{assets, link, moment, number, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::JobState;
use serde_json::json;
use wire::api::JobQuery;

/// The page.
#[derive(Template)]
#[template(path = "queues.html")]
pub struct Queues {
    frame: Frame,
    unplaced: u64,
    queues: Vec<QueueRow>,
}

impl Queues {
    /// Builds the page; `unplaced` jobs fit no queue.
    pub fn new(frame: Frame, unplaced: u64, queues: Vec<QueueSituation>) -> Queues {
        Queues { frame, unplaced, queues: queues.into_iter().map(queue_row).collect() }
    }
}

/// `GET /queues`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let unplaced = read.counts(JobQuery::default()).await?.unwrap_or_default().of(JobState::Defined);
    let queues = read.queues().await?;
    if asked.json {
        return frame::data(&json!({ "unplaced": unplaced, "queues": queues }));
    }
    let frame = Frame::new(Section::Queues, "Queues", &asked).live(&["queues", "jobs", "pilots", "factories"]);
    frame::shown(&Queues::new(frame, unplaced, queues))
}
