//! `/pilots`: the listing, with filters, counts by state and cursors.

use super::cells::{self, Pager, Tab};
use super::frame::{self, Answer, Asked, Frame, Section};
use super::jobs::{Field, text};
use super::link::Link;
use super::reading::{ROWS, Reader};
use super::{assets, link, moment, number, result, tone};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::PilotState;
use model::pilot::PilotSummary;
use serde_json::json;
use std::collections::BTreeMap;
use wire::api::PilotQuery;

/// The names that the filters offer.
#[derive(Default)]
pub struct Choices {
    /// All queues.
    pub queues: Vec<String>,
    /// All factories.
    pub factories: Vec<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "pilots.html")]
pub struct Pilots {
    frame: Frame,
    tabs: Vec<Tab>,
    query: PilotQuery,
    fields: Vec<Field>,
    filtered: bool,
    rows: Vec<PilotSummary>,
    next: Option<String>,
    pager: Pager,
}

impl Pilots {
    /// Builds the page; `counts` are of the pilots that the filters leave, whatever their state.
    pub fn new(
        frame: Frame,
        query: PilotQuery,
        counts: &BTreeMap<PilotState, u64>,
        choices: Choices,
        rows: Vec<PilotSummary>,
        next: Option<String>,
    ) -> Pilots {
        let here = || listing(&query).with("state", text(&query.state)).with("live", text(&query.live));
        let next = next.map(|cursor| here().with("cursor", cursor).url());
        let first = query.cursor.as_ref().map(|_| here().url());
        Pilots {
            frame,
            tabs: tabs(&query, counts),
            fields: fields(&query, choices),
            filtered: query.queue.is_some() || query.factory.is_some() || query.label.is_some(),
            rows,
            pager: Pager { first, next: next.clone() },
            next,
            query,
        }
    }
}

fn listing(query: &PilotQuery) -> Link {
    Link::to("/pilots")
        .with("queue", text(&query.queue))
        .with("factory", text(&query.factory))
        .with("label", text(&query.label))
        .with("limit", text(&query.limit))
}

fn tabs(query: &PilotQuery, counts: &BTreeMap<PilotState, u64>) -> Vec<Tab> {
    let live = query.live == Some(true);
    let any = query.state.is_none();
    let word = |word, number, href, current| Tab { badge: None, word, number: Some(number), href, current };
    let all = word("all", counts.values().sum(), listing(query).url(), any && !live);
    let living = cells::sum(counts, |state| !state.is_final());
    let living = word("live", living, listing(query).with("live", true).url(), any && live);
    let tab = |state: &PilotState| Tab {
        badge: Some(tone::pilot(state)),
        word: "",
        number: Some(counts.get(state).copied().unwrap_or_default()),
        href: listing(query).with("state", state).url(),
        current: query.state == Some(*state),
    };
    [all, living].into_iter().chain(PilotState::ALL.iter().map(tab)).collect()
}

fn fields(query: &PilotQuery, choices: Choices) -> Vec<Field> {
    let Choices { queues, factories } = choices;
    vec![
        Field { name: "queue", label: "Queue", value: text(&query.queue), hint: "", choices: queues },
        Field { name: "factory", label: "Factory", value: text(&query.factory), hint: "", choices: factories },
        Field { name: "label", label: "Label", value: text(&query.label), hint: "", choices: Vec::new() },
    ]
}

/// `GET /pilots`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: PilotQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let counts = read.pilot_counts(&query).await?;
    let page = read.pilots(PilotQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    if asked.json {
        return frame::data(&json!({ "counts": counts, "pilots": page.pilots, "next": page.next }));
    }
    let factories = read.factories().await?.into_iter().map(|factory| factory.name).collect();
    let choices = Choices { queues: read.queue_names().await?, factories };
    let frame = Frame::new(Section::Pilots, "Pilots", &asked).live(&["pilots"]);
    frame::shown(&Pilots::new(frame, query, &counts, choices, page.pilots, page.next))
}
