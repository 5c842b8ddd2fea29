//! `/decisions`: what factories decided, newest first.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::jobs::text;
use super::link::Link;
use super::reading::{ROWS, Reader};
use super::{assets, link, moment, number, result, words};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::Decision;
use wire::api::DecisionQuery;

/// The page.
#[derive(Template)]
#[template(path = "decisions.html")]
pub struct Decisions {
    frame: Frame,
    query: DecisionQuery,
    rows: Vec<Decision>,
    next: Option<String>,
    pager: Pager,
}

impl Decisions {
    /// Builds the page.
    pub fn new(frame: Frame, query: DecisionQuery, rows: Vec<Decision>, next: Option<String>) -> Decisions {
        let here = || {
            Link::to("/decisions")
                .with("factory", text(&query.factory))
                .with("label", text(&query.label))
                .with("queue", text(&query.queue))
                .with("limit", text(&query.limit))
        };
        let next = next.map(|cursor| here().with("cursor", cursor).url());
        let first = query.cursor.as_ref().map(|_| here().url());
        Decisions { frame, rows, pager: Pager { first, next: next.clone() }, next, query }
    }
}

/// `GET /decisions`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: DecisionQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let page = read.decisions(DecisionQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    if asked.json {
        return frame::data(&page);
    }
    let frame = Frame::new(Section::Factories, "Decisions", &asked).live(&["factories"]);
    frame::shown(&Decisions::new(frame, query, page.decisions, page.next))
}
