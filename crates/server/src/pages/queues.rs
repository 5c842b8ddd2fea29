//! `/queues`: all queues.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::queue_row::{self, QueueRow, QueueSituation};
use super::reading::{ROWS, Reader};
use super::{assets, link, moment, number, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::JobState;
use serde::Deserialize;
use serde_json::json;
use wire::api::JobQuery;

/// The page.
#[derive(Template)]
#[template(path = "queues.html")]
pub struct Queues {
    frame: Frame,
    unplaced: u64,
    queues: Vec<QueueRow>,
    total: u64,
    pager: Pager,
}

/// Which of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuesView {
    /// Only those with names after this one.
    after: Option<String>,
}

impl Queues {
    /// Builds the page of some of `total` queues; `unplaced` jobs fit no queue, `next` is the last name when there are more.
    pub fn new(
        frame: Frame,
        unplaced: u64,
        queues: Vec<QueueRow>,
        total: u64,
        view: &QueuesView,
        next: Option<String>,
    ) -> Queues {
        let pager = Pager {
            first: view.after.as_ref().map(|_| "/queues".to_owned()),
            next: next.map(|after| Link::to("/queues").with("after", after).url()),
        };
        Queues { frame, unplaced, queues, total, pager }
    }
}

/// `GET /queues`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let unplaced = read.counts(JobQuery::default()).await?.unwrap_or_default().of(JobState::Defined);
    let view: QueuesView = asked.query()?;
    let all = read.queues().await?;
    let total = all.len() as u64;
    let after = |queue: &QueueSituation| view.after.as_ref().is_none_or(|after| queue.queue.name > *after);
    let mut queues: Vec<QueueSituation> = all.into_iter().filter(after).take(ROWS as usize + 1).collect();
    let next = (queues.len() > ROWS as usize).then(|| queues[ROWS as usize - 1].queue.name.clone());
    queues.truncate(ROWS as usize);
    read.decided(&mut queues).await?;
    if asked.json {
        return frame::data(&json!({ "unplaced": unplaced, "total": total, "queues": queues, "next": next }));
    }
    let frame =
        Frame::new(Section::Queues, "Queues", &asked).live(&["queues", "jobs", "pilots", "factories", "alarms"]);
    let queues = queue_row::rows(queues, &read.open_alarms().await?);
    frame::shown(&Queues::new(frame, unplaced, queues, total, &view, next))
}
