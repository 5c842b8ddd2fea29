//! `/efficiency`: what the cores of ended pilots were used for, and where they were wasted.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::link::Link;
use super::plots::Choice;
use super::reading::Reader;
use super::trouble_tabs::{self, Tab};
use super::use_of_cores::{PARTS, UseOfCores};
use super::{assets, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::CoreTime;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use wire::api::{EndsQuery, LabelCoreTime};

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
    all: UseOfCores,
    rows: Vec<Row>,
    /// Rows that are not shown.
    left: u64,
}

impl Efficiency {
    /// Builds the page.
    pub fn new(frame: Frame, view: &EfficiencyView, labels: &[LabelCoreTime]) -> Efficiency {
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
        let hours = view.hours.unwrap_or(24);
        let range = |(one, name): &(u32, &'static str)| Choice {
            name,
            href: address(view.by, Some(*one)),
            current: *one == hours,
        };
        let by = |by: &By| Choice { name: by.word(), href: address(*by, view.hours), current: *by == view.by };
        Efficiency {
            frame,
            tabs: trouble_tabs::tabs("/efficiency"),
            by: view.by,
            ranges: super::errors::RANGES.iter().map(range).collect(),
            bys: By::ALL.iter().map(by).collect(),
            all: UseOfCores::new(all),
            rows: sums.into_iter().take(ROWS_MAX).map(row).collect(),
            left,
        }
    }
}

fn address(by: By, hours: Option<u32>) -> String {
    let by = if by == By::default() { "" } else { by.word() };
    let hours = hours.filter(|hours| *hours != 24).map(|hours| hours.to_string()).unwrap_or_default();
    Link::to("/efficiency").with("by", by).with("hours", hours).url()
}

/// `GET /efficiency`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let view: EfficiencyView = asked.query()?;
    let labels = Reader::new(&state, &asked).core_time(EndsQuery { hours: view.hours, ..EndsQuery::default() }).await?;
    if asked.json {
        return frame::data(&labels);
    }
    let frame = Frame::new(Section::Errors, "Efficiency", &asked).live(&["pilots"]);
    frame::shown(&Efficiency::new(frame, &view, &labels))
}
