//! `/efficiency`: what the cores of ended pilots were used for, and where they were wasted.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::plots::Choice;
use super::reading::Reader;
use super::times::{Axis, Kind, Times};
use super::trouble_tabs::{self, Tab};
use super::use_of_cores::{PARTS, UseOfCores, core_hours};
use super::{assets, ended, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::{CoreTime, Time};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::api::{CoreTimeHistory, EndsQuery, LabelCoreTime};

/// The most rows; those where least was wasted are left out.
const ROWS_MAX: usize = 200;

/// What the rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    Region,
    #[default]
    Site,
    Queue,
    Factory,
    Label,
}

impl By {
    const ALL: [By; 5] = [By::Region, By::Site, By::Queue, By::Factory, By::Label];

    fn word(self) -> &'static str {
        match self {
            By::Region => "region",
            By::Site => "site",
            By::Queue => "queue",
            By::Factory => "factory",
            By::Label => "label",
        }
    }

    /// In which row a label is: its name, and the page.
    fn row_of(self, of: &LabelCoreTime) -> (String, String) {
        match self {
            By::Region if of.region.is_empty() => ("no region".to_owned(), "/sites".to_owned()),
            By::Region => (of.region.clone(), link::region(&of.region)),
            By::Site => (of.site.clone(), link::site(&of.site)),
            By::Queue => (of.queue.clone(), link::queue(&of.queue)),
            By::Factory => (of.factory.clone(), link::factory(&of.factory)),
            By::Label => (format!("{} {}", of.factory, of.label), link::label(&of.factory, &of.label)),
        }
    }
}

/// What the page may be asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EfficiencyView {
    #[serde(default)]
    by: By,
    hours: Option<u32>,
    factory: Option<String>,
    label: Option<String>,
    queue: Option<String>,
    site: Option<String>,
    region: Option<String>,
}

impl EfficiencyView {
    /// The time and the place.
    fn query(&self) -> EndsQuery {
        let EfficiencyView { hours, factory, label, queue, site, region, .. } = self.clone();
        EndsQuery { hours, factory, label, queue, site, region }
    }
}

/// The page as JSON.
#[derive(Serialize)]
struct WithHistory {
    labels: Vec<LabelCoreTime>,
    history: CoreTimeHistory,
}

struct Row {
    name: String,
    href: String,
    cores: UseOfCores,
}

/// The page.
#[derive(Template)]
#[template(path = "efficiency.html")]
pub struct Efficiency {
    frame: Frame,
    tabs: Vec<Tab>,
    by: By,
    ranges: Vec<Choice>,
    bys: Vec<Choice>,
    /// What the page is narrowed to: in words, and the page without it.
    narrowed: Vec<(String, String)>,
    all: UseOfCores,
    times: Option<Times>,
    rows: Vec<Row>,
    /// Rows that are not shown.
    left: u64,
}

impl Efficiency {
    /// Builds the page.
    pub fn new(frame: Frame, view: &EfficiencyView, labels: &[LabelCoreTime], history: &CoreTimeHistory) -> Efficiency {
        let mut all = CoreTime::default();
        let mut sums: BTreeMap<(String, String), CoreTime> = BTreeMap::new();
        for of in labels {
            all += of.time;
            *sums.entry(view.by.row_of(of)).or_default() += of.time;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        let left = sums.len().saturating_sub(ROWS_MAX) as u64;
        sums.sort_by_key(|(_, time)| Reverse(time.total_ms() - time.good_ms));
        let row = |((name, href), time)| Row { name, href, cores: UseOfCores::new(time) };
        let query = view.query();
        let by =
            |by: &By| Choice { name: by.word(), href: ended::address(&base(*by), &query), current: *by == view.by };
        Efficiency {
            times: chart(history, frame.now),
            frame,
            tabs: trouble_tabs::tabs("/efficiency"),
            by: view.by,
            ranges: ended::ranges(&base(view.by), &query),
            bys: By::ALL.iter().map(by).collect(),
            narrowed: ended::narrowed(&base(view.by), &query),
            all: UseOfCores::new(all),
            rows: sums.into_iter().take(ROWS_MAX).map(row).collect(),
            left,
        }
    }
}

/// The page with these rows.
fn base(by: By) -> Link {
    Link::to("/efficiency").with("by", if by == By::default() { "" } else { by.word() })
}

/// What cores were used for by when their pilots ended; none when none did.
fn chart(history: &CoreTimeHistory, now: Time) -> Option<Times> {
    let axis = Axis { since: history.since, hours: history.hours, now };
    let parts: BTreeMap<i64, CoreTime> = history.parts.iter().map(|part| (axis.part(part.at), part.time)).collect();
    let wasted = |time: &CoreTime| time.total_ms() - time.good_ms;
    let (worst, time) = parts.iter().max_by_key(|(at, time)| (wasted(time), Reverse(**at)))?;
    let words = match wasted(time) {
        0 => "Nothing was wasted.".to_owned(),
        waste => format!(
            "Most was wasted in the {} from {}: {} of {} core-hours.",
            axis.length(),
            axis.began(*worst),
            core_hours(waste),
            core_hours(time.total_ms())
        ),
    };
    let kind = |(tone, word): (&str, &str)| Kind { tone: tone.to_owned(), words: word.to_owned() };
    // Waste stands on the floor, where hours are seen beside each other; what was good is on top of it.
    let mut kinds: Vec<Kind> = PARTS.map(kind).into();
    kinds.rotate_left(1);
    let used = |time: &CoreTime| {
        let mut parts = time.parts();
        parts.rotate_left(1);
        parts.into()
    };
    let drawn = parts.iter().map(|(at, time)| (*at, used(time))).collect();
    let told = |from: &str, at: i64| format!("from {from}, {}", UseOfCores::new(parts[&at]).words());
    Some(Times::drawn(&axis, "Core-hours by use", kinds, &drawn, told, words))
}

/// `GET /efficiency`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let view: EfficiencyView = asked.query()?;
    let read = Reader::new(&state, &asked);
    let (labels, history) = tokio::try_join!(read.core_time(view.query()), read.core_time_history(view.query()))?;
    if asked.json {
        return frame::data(&WithHistory { labels, history });
    }
    let frame = Frame::new(Section::Errors, "Efficiency", &asked).live(&["pilots"]);
    frame::shown(&Efficiency::new(frame, &view, &labels, &history))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::api::CoreTimeAt;

    #[test]
    fn the_part_is_told_in_which_most_was_wasted() {
        let hour_ms = 3_600_000;
        let at = |hour: i64, good: u64, idle: u64| CoreTimeAt {
            at: Time(hour * hour_ms),
            time: CoreTime { good_ms: good * 3_600_000, idle_ms: idle * 3_600_000, ..CoreTime::default() },
        };
        let drawn = |parts| chart(&CoreTimeHistory { since: Time(0), hours: 1, parts }, Time(4 * hour_ms));
        let times = drawn(vec![at(1, 90, 10), at(3, 5, 15)]).unwrap();
        assert_eq!(times.words, "Most was wasted in the hour from 03:00: 15 of 20 core-hours.");
        assert_eq!(times.told[0].words, "from 01:00, 100 core-hours: 90\u{a0}% good, 10\u{a0}% idle");
        assert_eq!(times.layers[2].path, "M1.05 60.0v-6.0h.9v6.0zM3.05 60.0v-9.0h.9v9.0z", "idle is on the floor");
        assert_eq!(drawn(vec![at(1, 1, 0)]).unwrap().words, "Nothing was wasted.");
        assert!(drawn(Vec::new()).is_none());
    }
}
