//! `/search`: anything by what somebody has in hand.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::{self, Link};
use super::reading::Reader;
use super::{assets, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use model::IdSet;
use serde::Deserialize;
use wire::api::Hit;

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchView {
    #[serde(default)]
    q: String,
}

/// One thing that was found.
struct Row {
    kind: &'static str,
    name: String,
    href: String,
    note: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    q: String,
    rows: Vec<Row>,
}

fn row(hit: Hit) -> Row {
    let row = |kind, name: String, href: String, note: String| Row { kind, name, href, note };
    match hit {
        Hit::Job { id, name } => row("Job", id.to_string(), format!("/jobs/{id}"), name),
        Hit::JobsNamed { name } => {
            let href = Link::to("/jobs").with("name", &name).url();
            row("Jobs", name, href, "all that have this name".to_owned())
        }
        Hit::Pilot { id, factory, label, batch_id } => {
            let batch = if batch_id.is_empty() { String::new() } else { format!(", batch id {batch_id}") };
            row("Pilot", id.to_string(), format!("/pilots/{id}"), format!("{factory}, {label}{batch}"))
        }
        Hit::Queue { name } => row("Queue", name.clone(), link::queue(&name), String::new()),
        Hit::Site { name } => row("Site", name.clone(), link::site(&name), String::new()),
        Hit::Region { name } => row("Region", name.clone(), link::region(&name), String::new()),
        Hit::Factory { name } => row("Factory", name.clone(), link::factory(&name), String::new()),
        Hit::Label { factory, name } => row("Label", name.clone(), link::label(&factory, &name), factory),
        Hit::Node { name } => row("Node", name.clone(), link::node(&name), String::new()),
    }
}

/// Several jobs, as `17-40`.
fn jobs(q: &str) -> Option<String> {
    let ids: IdSet = q.parse().ok()?;
    (ids.len() > 1).then(|| Link::to("/jobs").with("ids", q).url())
}

/// `GET /search?q=`. A single hit is shown at once.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let SearchView { q } = asked.query()?;
    let q = q.trim().to_owned();
    if let Some(href) = jobs(&q) {
        return Ok(Redirect::to(&href).into_response());
    }
    let read = Reader::new(&state, &asked);
    let hits = if q.is_empty() { Vec::new() } else { read.find(q.clone()).await? };
    if asked.json {
        return frame::data(&hits);
    }
    let rows: Vec<Row> = hits.into_iter().map(row).collect();
    if let [only] = rows.as_slice() {
        return Ok(Redirect::to(&only.href).into_response());
    }
    let frame = Frame::new(Section::None, "Search", &asked);
    frame::shown(&Search { frame, q, rows })
}
