//! `/factories`: all factories.

use super::frame::Frame;
use super::label_pilots::LabelPilots;
use super::overview::{FactoryRow, factory_row};
use super::{assets, frame, link, moment, number};
use askama::Template;
use model::FactorySummary;

/// The page.
#[derive(Template)]
#[template(path = "factories.html")]
pub struct Factories {
    frame: Frame,
    factories: Vec<FactoryRow>,
}

impl Factories {
    /// Builds the page.
    pub fn new(frame: Frame, factories: &[FactorySummary], pilots: &LabelPilots) -> Factories {
        let rows = factories.iter().map(|factory| factory_row(factory, frame.now, pilots));
        Factories { factories: rows.collect(), frame }
    }
}
