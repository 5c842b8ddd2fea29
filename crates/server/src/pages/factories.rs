//! `/factories`: all factories.

use super::frame::Frame;
use super::overview::{FactoryRow, factory_row};
use super::queue::LabelCounts;
use super::{assets, frame, link, moment, number};
use askama::Template;
use model::{FactorySummary, PilotState};
use std::collections::BTreeMap;

/// The page.
#[derive(Template)]
#[template(path = "factories.html")]
pub struct Factories {
    frame: Frame,
    factories: Vec<FactoryRow>,
}

impl Factories {
    /// Builds the page.
    pub fn new(frame: Frame, factories: &[FactorySummary], counts: &LabelCounts) -> Factories {
        let rows = factories.iter().map(|factory| factory_row(factory, frame.now, &of_factory(counts, &factory.name)));
        Factories { factories: rows.collect(), frame }
    }
}

/// Pilots by state of one factory.
pub fn of_factory(counts: &LabelCounts, factory: &str) -> BTreeMap<PilotState, u64> {
    let mut sum = BTreeMap::new();
    for (state, pilots) in counts.iter().filter(|((name, _), _)| name == factory).flat_map(|(_, counts)| counts) {
        *sum.entry(*state).or_default() += pilots;
    }
    sum
}
