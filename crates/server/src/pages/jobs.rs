//! `/jobs`: the listing, with filters, counts by state and cursors.

use super::cells::{Pager, Tab};
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::reading::{ROWS, Reader};
use super::{assets, link, moment, number, result, tone};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use model::job::{JobCounts, JobSummary};
use model::{ErrorClass, JobId, JobState};
use serde_json::json;
use wire::api::JobQuery;

/// One field of the filter form.
pub struct Field {
    /// Name of the parameter.
    pub name: &'static str,
    /// Shown above it.
    pub label: &'static str,
    /// Present value.
    pub value: String,
    /// What may be written, when it is free text.
    pub hint: &'static str,
    /// The values to choose from; empty for free text.
    pub choices: Vec<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "jobs.html")]
pub struct Jobs {
    frame: Frame,
    about: Option<String>,
    tabs: Vec<Tab>,
    query: JobQuery,
    fields: Vec<Field>,
    filtered: bool,
    rows: Vec<JobSummary>,
    next: Option<String>,
    pager: Pager,
}

impl Jobs {
    /// Builds the page. `counts` are given when the filter is one that counters are kept for; `queues` are all names.
    pub fn new(
        frame: Frame,
        query: JobQuery,
        counts: Option<JobCounts>,
        queues: Vec<String>,
        rows: Vec<JobSummary>,
        next: Option<String>,
    ) -> Jobs {
        let here = || listing(&query).with("state", text(&query.state)).with("with_pilot", text(&query.with_pilot));
        let next = next.map(|cursor| here().with("cursor", cursor).url());
        let first = query.cursor.as_ref().map(|_| here().url());
        Jobs {
            frame,
            about: query.ids.as_ref().map(|ids| format!("Jobs {}", number::capped(ids, 100))),
            tabs: tabs(&query, counts.as_ref()),
            fields: fields(&query, queues),
            filtered: is_filtered(&query),
            rows,
            pager: Pager { first, next: next.clone() },
            next,
            query,
        }
    }
}

/// Whether anything but state and cursor narrows the listing.
pub fn is_filtered(query: &JobQuery) -> bool {
    let rest = JobQuery { state: None, with_pilot: None, cursor: None, limit: None, ..query.clone() };
    rest != JobQuery::default()
}

/// The listing with everything but states and cursor.
fn listing(query: &JobQuery) -> Link {
    Link::to("/jobs")
        .with("ids", text(&query.ids))
        .with("queue", text(&query.queue))
        .with("site", text(&query.site))
        .with("user", text(&query.user))
        .with("group", text(&query.group))
        .with("name", text(&query.name))
        .with("error_class", text(&query.error_class))
        .with("pilot", text(&query.pilot))
        .with("task", text(&query.task))
        .with("limit", text(&query.limit))
}

fn tabs(query: &JobQuery, counts: Option<&JobCounts>) -> Vec<Tab> {
    let held = query.with_pilot == Some(true);
    let any = query.state.is_none();
    let word = |word, number, href, current| Tab { badge: None, word, number, href, current };
    let all = word("all", counts.map(JobCounts::total), listing(query).url(), any && !held);
    let with_pilots =
        counts.map(|counts| JobState::ALL.iter().filter(|s| s.is_with_pilot()).map(|s| counts.of(*s)).sum());
    let with_pilots = word("with pilots", with_pilots, listing(query).with("with_pilot", true).url(), any && held);
    let tab = |state: &JobState| Tab {
        badge: Some(tone::job(state)),
        word: "",
        number: counts.map(|counts| counts.of(*state)),
        href: listing(query).with("state", state).url(),
        current: query.state == Some(*state),
    };
    [all, with_pilots].into_iter().chain(JobState::ALL.iter().map(tab)).collect()
}

fn fields(query: &JobQuery, queues: Vec<String>) -> Vec<Field> {
    let free = |name, label, value: String, hint| Field { name, label, value, hint, choices: Vec::new() };
    let classes = ErrorClass::ALL.iter().map(ToString::to_string).collect();
    vec![
        free("ids", "Ids", text(&query.ids), "17-40,99"),
        free("name", "Name, exactly", text(&query.name), ""),
        Field { name: "queue", label: "Queue", value: text(&query.queue), hint: "", choices: queues },
        free("site", "Site", text(&query.site), ""),
        free("user", "User", text(&query.user), ""),
        free("group", "Group", text(&query.group), ""),
        Field {
            name: "error_class",
            label: "Error class",
            value: text(&query.error_class),
            hint: "",
            choices: classes,
        },
        free("pilot", "Pilot", text(&query.pilot), "id"),
        free("task", "Task", text(&query.task), "id"),
    ]
}

/// The text of an optional parameter; empty when absent.
pub fn text<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// `GET /jobs`. A single id, as from the find box, leads to the job itself.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: JobQuery = asked.query()?;
    if let Some(id) = single_id(&query) {
        return Ok(Redirect::to(&format!("/jobs/{id}")).into_response());
    }
    let read = Reader::new(&state, &asked);
    let everywhere = JobQuery { state: None, with_pilot: None, cursor: None, limit: None, ..query.clone() };
    let counts = read.counts(everywhere).await?;
    let page = read.jobs(JobQuery { limit: query.limit.or(Some(ROWS)), ..query.clone() }).await?;
    if asked.json {
        return frame::data(&json!({ "counts": counts, "jobs": page.jobs, "next": page.next }));
    }
    let queues = read.queue_names().await?;
    let frame = Frame::new(Section::Jobs, "Jobs", &asked).live(&["jobs"]);
    frame::shown(&Jobs::new(frame, query, counts, queues, page.jobs, page.next))
}

fn single_id(query: &JobQuery) -> Option<JobId> {
    let ids = query.ids.as_ref()?;
    let only = JobQuery { ids: Some(ids.clone()), ..JobQuery::default() } == *query;
    ids.trim().parse().ok().filter(|_| only)
}
