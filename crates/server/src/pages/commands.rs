//! `/commands`: what people told factories, pilots and jobs, and what became of it.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::jobs::{Field, text};
use super::link::Link;
use super::reading::{ROWS, Reader};
use super::{assets, commands, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::{Command, CommandState, Target, Verb};
use wire::api::CommandQuery;

/// The page.
#[derive(Template)]
#[template(path = "commands.html")]
pub struct Commands {
    frame: Frame,
    fields: Vec<Field>,
    filtered: bool,
    rows: Vec<Row>,
    next: Option<String>,
    pager: Pager,
}

/// One command.
struct Row {
    command: Command,
    href: String,
    target: String,
}

impl Row {
    fn of(command: Command) -> Row {
        let (href, target) = named(&command.target);
        Row { command, href, target }
    }
}

impl Commands {
    /// Builds the page of rows, newest first; `factories` are the names that the filter offers.
    pub fn new(
        frame: Frame,
        query: &CommandQuery,
        factories: Vec<String>,
        rows: Vec<Command>,
        next: Option<String>,
    ) -> Commands {
        let (verb, state) = (query.verb.map(Verb::as_str), query.state.map(CommandState::as_str));
        let here = || {
            Link::to("/commands")
                .with("factory", text(&query.factory))
                .with("verb", text(&verb))
                .with("state", text(&state))
                .with("limit", text(&query.limit))
        };
        let next = next.map(|cursor| here().with("cursor", cursor).url());
        let first = query.cursor.as_ref().map(|_| here().url());
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        let (verbs, states) = (Verb::ALL.map(Verb::as_str), CommandState::ALL.map(CommandState::as_str));
        let field = |name, label, value, choices| Field { name, label, value, hint: "", choices };
        Commands {
            frame,
            fields: vec![
                field("factory", "Factory", text(&query.factory), factories),
                field("verb", "Command", text(&verb), words(&verbs)),
                field("state", "State", text(&state), words(&states)),
            ],
            filtered: query.factory.is_some() || verb.is_some() || state.is_some(),
            rows: rows.into_iter().map(Row::of).collect(),
            pager: Pager { first, next: next.clone() },
            next,
        }
    }
}

/// What a command is for: its page and its name.
fn named(target: &Target) -> (String, String) {
    match target {
        Target::Factory(name) => (link::factory(name), format!("factory {name}")),
        Target::Pilot(pilot) => (format!("/pilots/{pilot}"), format!("pilot {pilot}")),
        Target::Job(job) => (format!("/jobs/{job}"), format!("job {job}")),
    }
}

/// The class of the tag that a state is shown with.
pub fn tag(state: &CommandState) -> &'static str {
    match state {
        CommandState::Done => "tag-done",
        CommandState::Refused | CommandState::Failed => "tag-fault",
        CommandState::Queued | CommandState::Delivered | CommandState::Accepted => "tag-created",
    }
}

/// `GET /commands`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: CommandQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let page = read.commands(CommandQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    if asked.json {
        return frame::data(&page);
    }
    let factories = read.factories().await?.iter().map(|factory| factory.name.clone()).collect();
    let frame = Frame::new(Section::Factories, "Commands", &asked).live(&["factories"]);
    frame::shown(&Commands::new(frame, &query, factories, page.commands, page.next))
}
