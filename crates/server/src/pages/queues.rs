//! `/queues`: all queues.

use super::cells::Pager;
use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::queue_row::{self, QueueRow, QueueSituation, SORTABLE};
use super::reading::{ROWS, Reader};
use super::sorting::{self, Column, Sorting};
use super::{assets, link, moment, number, tone, words};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::JobState;
use serde::Deserialize;
use serde_json::json;
use wire::api::JobQuery;

/// Where the page is.
pub const PATH: &str = "/queues";

/// The page.
#[derive(Template)]
#[template(path = "queues.html")]
pub struct Queues {
    frame: Frame,
    unplaced: u64,
    queue_columns: Vec<Column>,
    queues: Vec<QueueRow>,
    total: u64,
    /// They are in the order of their names.
    by_name: bool,
    pager: Pager,
}

/// Which of them, in which order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuesView {
    /// Only those with names after this one.
    after: Option<String>,
    /// How the rows are sorted; by their name when nobody says.
    sort: Option<String>,
    /// Which page of sorted ones, from 1.
    page: Option<u32>,
}

impl Queues {
    /// Builds the page of some of `total` queues; `unplaced` jobs fit no queue.
    pub fn new(
        frame: Frame,
        unplaced: u64,
        queues: Vec<QueueRow>,
        total: u64,
        sorting: Option<Sorting>,
        pager: Pager,
    ) -> Queues {
        let queue_columns = sorting::columns(PATH, &SORTABLE, sorting);
        Queues { frame, unplaced, queue_columns, queues, total, by_name: sorting.is_none(), pager }
    }
}

/// The queues of a page of all, which are in the order of their names, and where others are.
fn page_of(
    mut all: Vec<QueueSituation>,
    view: &QueuesView,
    sorting: Option<Sorting>,
) -> (Vec<QueueSituation>, Pager, Option<String>) {
    let rows = ROWS as usize;
    let Some(sorting) = sorting else {
        all.retain(|queue| view.after.as_ref().is_none_or(|after| queue.queue.name > *after));
        let next = (all.len() > rows).then(|| all[rows - 1].queue.name.clone());
        all.truncate(rows);
        let first = view.after.as_ref().map(|_| PATH.to_owned());
        let pager = Pager { first, next: next.as_ref().map(|after| Link::to(PATH).with("after", after).url()) };
        return (all, pager, next);
    };
    sorting.sort(&mut all, QueueSituation::value);
    let page = view.page.unwrap_or(1).max(1);
    let sorted = Link::to(PATH).with(sorting::KEY, sorting.asked(&SORTABLE));
    let before = (page as usize - 1).saturating_mul(rows);
    let has_more = all.len() > before.saturating_add(rows);
    let pager = Pager {
        first: (page > 1).then(|| sorted.clone().url()),
        next: has_more.then(|| sorted.with("page", page.saturating_add(1)).url()),
    };
    (all.into_iter().skip(before).take(rows).collect(), pager, None)
}

/// `GET /queues`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let view: QueuesView = asked.query()?;
    let sorting = Sorting::read(view.sort.as_deref(), &SORTABLE).map_err(|error| read.fail(error))?;
    let unplaced = read.counts(JobQuery::default()).await?.unwrap_or_default().of(JobState::Defined);
    let all = read.queues().await?;
    let total = all.len() as u64;
    let (mut queues, pager, next) = page_of(all, &view, sorting);
    read.decided(&mut queues).await?;
    if asked.json {
        return frame::data(&json!({ "unplaced": unplaced, "total": total, "queues": queues, "next": next }));
    }
    let frame =
        Frame::new(Section::Queues, "Queues", &asked).live(&["queues", "jobs", "pilots", "factories", "alarms"]);
    let queues = queue_row::rows(queues, &read.open_alarms().await?);
    frame::shown(&Queues::new(frame, unplaced, queues, total, sorting, pager))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn all() -> Vec<QueueSituation> {
        let queue = |nth: u64| {
            let mut queue = samples::queue_situation(None);
            queue.queue.name = format!("q{nth:03}");
            queue.idle_slots = nth;
            queue
        };
        (0..u64::from(ROWS) + 1).map(queue).collect()
    }

    fn shown(after: Option<&str>, sort: Option<&str>, page: Option<u32>) -> (usize, String, Pager) {
        let view = QueuesView { after: after.map(str::to_owned), sort: sort.map(str::to_owned), page };
        let (queues, pager, _) = page_of(all(), &view, Sorting::read(sort, &SORTABLE).unwrap());
        (queues.len(), queues.first().map(|queue| queue.queue.name.clone()).unwrap_or_default(), pager)
    }

    #[test]
    fn queues_come_in_pages_by_name_and_sorted() {
        let (rows, first, pager) = shown(None, None, None);
        assert_eq!((rows, first.as_str(), pager.first), (ROWS as usize, "q000", None));
        assert_eq!(pager.next, Some("/queues?after=q099".to_owned()));
        let (rows, first, pager) = shown(Some("q099"), None, None);
        assert_eq!((rows, first.as_str(), pager.first, pager.next), (1, "q100", Some("/queues".to_owned()), None));
        let (rows, first, pager) = shown(None, Some("-idle-slots"), None);
        assert_eq!((rows, first.as_str(), pager.first), (ROWS as usize, "q100", None));
        assert_eq!(pager.next, Some("/queues?sort=-idle-slots&page=2".to_owned()));
        let (rows, first, pager) = shown(None, Some("-idle-slots"), Some(2));
        assert_eq!((rows, first.as_str(), pager.next), (1, "q000", None));
        assert_eq!(pager.first, Some("/queues?sort=-idle-slots".to_owned()));
        assert_eq!(shown(None, Some("queue"), Some(u32::MAX)).0, 0, "far beyond the end");
    }
}
