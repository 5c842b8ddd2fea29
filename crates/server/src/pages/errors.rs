//! `/errors`: why pilots break, by site and class, and what their last words have in common.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::messages::{self, MessageRow};
use super::plots::Choice;
use super::reading::Reader;
use super::times::Times;
use super::trouble_tabs::{self, Tab};
use super::{assets, ended, error_times, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::ErrorClass;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::api::{EndsQuery, ErrorHistory, PilotErrors};

/// The most messages that are listed.
const MESSAGES_SHOWN: usize = 100;
/// The most sites; those with fewest faults are left out.
const SITES_SHOWN: usize = 50;
/// The page as JSON.
#[derive(Serialize)]
struct WithHistory {
    #[serde(flatten)]
    errors: PilotErrors,
    history: ErrorHistory,
}

/// One count of the matrix.
struct Cell {
    pilots: u64,
    href: String,
    /// A third of the site's faults or more.
    is_hot: bool,
}

struct SiteRow {
    site: String,
    total: u64,
    cells: Vec<Cell>,
}

/// The page.
#[derive(Template)]
#[template(path = "errors.html")]
pub struct Errors {
    frame: Frame,
    tabs: Vec<Tab>,
    ranges: Vec<Choice>,
    range: &'static str,
    /// What the page is narrowed to: in words, and the page without it.
    narrowed: Vec<(String, String)>,
    classes: Vec<Option<ErrorClass>>,
    sites: Vec<SiteRow>,
    total: u64,
    times: Option<Times>,
    messages: Vec<MessageRow>,
    /// Sites that are not shown.
    left: u64,
}

impl Errors {
    /// Builds the page.
    pub fn new(frame: Frame, query: &EndsQuery, errors: PilotErrors, history: &ErrorHistory) -> Errors {
        let mut by_class: BTreeMap<Option<ErrorClass>, u64> = BTreeMap::new();
        let mut by_site: BTreeMap<String, BTreeMap<Option<ErrorClass>, u64>> = BTreeMap::new();
        for count in errors.classes {
            *by_class.entry(count.error_class).or_default() += count.pilots;
            *by_site.entry(count.site).or_default().entry(count.error_class).or_default() += count.pilots;
        }
        let mut classes: Vec<_> = by_class.keys().copied().collect();
        classes.sort_by_key(|class| Reverse(by_class[class]));
        let mut sites: Vec<SiteRow> =
            by_site.into_iter().map(|(site, counts)| site_row(site, &counts, &classes, query)).collect();
        sites.sort_by_key(|row| Reverse(row.total));
        let left = sites.len().saturating_sub(SITES_SHOWN) as u64;
        sites.truncate(SITES_SHOWN);
        Errors {
            times: error_times::chart(history, frame.now),
            frame,
            tabs: trouble_tabs::tabs("/errors"),
            ranges: ended::ranges(&base(), query),
            range: ended::range(query),
            narrowed: ended::narrowed(&base(), query),
            classes,
            sites,
            total: by_class.values().sum(),
            messages: messages::rows(&errors.messages, MESSAGES_SHOWN),
            left,
        }
    }
}

fn site_row(
    site: String,
    counts: &BTreeMap<Option<ErrorClass>, u64>,
    classes: &[Option<ErrorClass>],
    query: &EndsQuery,
) -> SiteRow {
    let total: u64 = counts.values().sum();
    let here = ended::address(&base(), &EndsQuery { site: Some(site.clone()), ..query.clone() });
    let cell = |class: &Option<ErrorClass>| {
        let pilots = counts.get(class).copied().unwrap_or_default();
        Cell { pilots, href: format!("{here}#h-messages"), is_hot: pilots > 0 && pilots * 3 >= total }
    };
    SiteRow { cells: classes.iter().map(cell).collect(), site, total }
}

fn base() -> Link {
    Link::to("/errors")
}

/// `GET /errors`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let query: EndsQuery = asked.query()?;
    let read = Reader::new(&state, &asked);
    let (errors, history) = tokio::try_join!(read.errors(query.clone()), read.error_history(query.clone()))?;
    if asked.json {
        return frame::data(&WithHistory { errors, history });
    }
    let frame = Frame::new(Section::Errors, "Errors", &asked).live(&["pilots"]);
    frame::shown(&Errors::new(frame, &query, errors, &history))
}
