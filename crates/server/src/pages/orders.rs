//! `/orders`: what holds labels back, and what did.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::jobs::text;
use super::link::Link;
use super::reading::{ROWS, Reader};
use super::{assets, control, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::Order;
use wire::api::OrderQuery;

/// The page.
#[derive(Template)]
#[template(path = "orders.html")]
pub struct Orders {
    frame: Frame,
    query: OrderQuery,
    rows: Vec<Order>,
    pager: Pager,
}

impl Orders {
    /// Builds the page of rows, newest first.
    pub fn new(frame: Frame, query: OrderQuery, rows: Vec<Order>, next: Option<String>) -> Orders {
        let here = || {
            Link::to("/orders")
                .with("factory", text(&query.factory))
                .with("in_force", text(&query.in_force))
                .with("limit", text(&query.limit))
        };
        let next = next.map(|cursor| here().with("cursor", cursor).url());
        let first = query.cursor.as_ref().map(|_| here().url());
        Orders { frame, rows, pager: Pager { first, next }, query }
    }

    fn holds(&self, order: &Order) -> bool {
        order.is_in_force(self.frame.now)
    }
}

/// `GET /orders`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: OrderQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let page = read.order_history(OrderQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    if asked.json {
        return frame::data(&page);
    }
    let frame = Frame::new(Section::Factories, "Orders", &asked).live(&["factories"]);
    frame::shown(&Orders::new(frame, query, page.orders, page.next))
}
