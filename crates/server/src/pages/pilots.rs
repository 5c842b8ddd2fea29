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
use model::pilot::PilotSummary;
use model::{ErrorClass, PilotState};
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
    /// Builds the page; `counts` are of the pilots that the filters leave, whatever their state, where counters know them.
    pub fn new(
        frame: Frame,
        query: PilotQuery,
        counts: Option<&BTreeMap<PilotState, u64>>,
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
            filtered: listing(&PilotQuery { limit: None, ..query.clone() }).url() != "/pilots",
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
        .with("error_class", text(&query.error_class))
        .with("node", text(&query.node))
        .with("limit", text(&query.limit))
}

fn tabs(query: &PilotQuery, counts: Option<&BTreeMap<PilotState, u64>>) -> Vec<Tab> {
    let live = query.live == Some(true);
    let any = query.state.is_none();
    let word = |word, number, href, current| Tab { badge: None, word, number, href, current };
    let all = word("all", counts.map(|counts| counts.values().sum()), listing(query).url(), any && !live);
    let living = counts.map(|counts| cells::sum(counts, |state| !state.is_final()));
    let living = word("live", living, listing(query).with("live", true).url(), any && live);
    let tab = |state: &PilotState| Tab {
        badge: Some(tone::pilot(state)),
        word: "",
        number: counts.map(|counts| counts.get(state).copied().unwrap_or_default()),
        href: listing(query).with("state", state).url(),
        current: query.state == Some(*state),
    };
    [all, living].into_iter().chain(PilotState::ALL.iter().map(tab)).collect()
}

fn fields(query: &PilotQuery, choices: Choices) -> Vec<Field> {
    let Choices { queues, factories } = choices;
    let classes = ErrorClass::ALL.map(|class| class.to_string()).to_vec();
    vec![
        Field { name: "queue", label: "Queue", value: text(&query.queue), hint: "", choices: queues },
        Field { name: "factory", label: "Factory", value: text(&query.factory), hint: "", choices: factories },
        Field { name: "label", label: "Label", value: text(&query.label), hint: "", choices: Vec::new() },
        Field { name: "node", label: "Node", value: text(&query.node), hint: "", choices: Vec::new() },
        Field {
            name: "error_class",
            label: "Error class",
            value: text(&query.error_class),
            hint: "",
            choices: classes,
        },
    ]
}

/// `GET /pilots`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: PilotQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let is_counted = query.error_class.is_none() && query.node.is_none();
    let counts = if is_counted { Some(read.pilot_counts(&query).await?) } else { None };
    let page = read.pilots(PilotQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    if asked.json {
        return frame::data(&json!({ "counts": counts, "pilots": page.pilots, "next": page.next }));
    }
    let factories = read.factories().await?.iter().map(|factory| factory.name.clone()).collect();
    let choices = Choices { queues: read.queue_names().await?, factories };
    let frame = Frame::new(Section::Pilots, "Pilots", &asked).live(&["pilots"]);
    frame::shown(&Pilots::new(frame, query, counts.as_ref(), choices, page.pilots, page.next))
}
