//! `/nodes`: worker nodes, those that swallow what is sent to them first.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::jobs::{Field, text};
use super::link::Link;
use super::reading::Reader;
use super::trouble_tabs::{self, Tab};
use super::{assets, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::node_health::{FAILED_PERCENT_MIN, FAILURES_MIN, HOURS, TIMES_OTHERS_MIN};
use wire::api::{NodeList, NodeQuery};

/// The page.
#[derive(Template)]
#[template(path = "nodes.html")]
pub struct Nodes {
    frame: Frame,
    tabs: Vec<Tab>,
    query: NodeQuery,
    fields: Vec<Field>,
    filtered: bool,
    list: NodeList,
}

impl Nodes {
    /// Builds the page.
    pub fn new(frame: Frame, query: NodeQuery, list: NodeList, queues: Vec<String>) -> Nodes {
        let field = |name, label, value: &Option<String>, hint, choices| Field {
            name,
            label,
            value: text(value),
            hint,
            choices,
        };
        let fields = vec![
            field("queue", "Queue", &query.queue, "", queues),
            field("site", "Site", &query.site, "", Vec::new()),
            field("hours", "Hours", &query.hours.map(|hours| hours.to_string()), "6", Vec::new()),
        ];
        let filtered = query.queue.is_some() || query.site.is_some();
        Nodes { frame, tabs: trouble_tabs::tabs("/nodes"), fields, filtered, list, query }
    }

    fn hours(&self) -> u64 {
        self.query.hours.map_or(HOURS, u64::from)
    }

    /// The same page with or without nodes that do well.
    fn with_bad(&self, bad: bool) -> String {
        Link::to("/nodes")
            .with("bad", if bad { "true" } else { "" })
            .with("queue", text(&self.query.queue))
            .with("site", text(&self.query.site))
            .with("hours", text(&self.query.hours))
            .url()
    }
}

/// `GET /nodes`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: NodeQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let list = read.nodes(query.clone()).await?;
    if asked.json {
        return frame::data(&list);
    }
    let frame = Frame::new(Section::Errors, "Nodes", &asked).live(&["pilots"]);
    frame::shown(&Nodes::new(frame, query, list, read.queue_names().await?))
}
