//! `/decisions`: what factories decided, newest first.

use super::cells::Pager;
use super::frame::Frame;
use super::jobs::text;
use super::link::Link;
use super::{assets, frame, link, moment, number, result, words};
use askama::Template;
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
