//! `/factories`: all factories.

use super::factory_row::{FactoryRow, SORTABLE, factory_row};
use super::frame::{self, Answer, Asked, Frame, Section};
use super::label_pilots::LabelPilots;
use super::reading::Reader;
use super::sorting::{self, Column, Sorting};
use super::{assets, link, moment, number};
use crate::AppState;
use askama::Template;
use axum::extract::State;
use model::FactorySummary;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use store::FactoryFlow;

/// Where the page is.
pub const PATH: &str = "/factories";

/// How the rows are sorted; by their name when nobody says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactoriesView {
    sort: Option<String>,
}

/// The page.
#[derive(Template)]
#[template(path = "factories.html")]
pub struct Factories {
    frame: Frame,
    columns: Vec<Column>,
    factories: Vec<FactoryRow>,
    /// One of them is of other software.
    any_reported: bool,
}

impl Factories {
    /// Builds the page.
    pub fn new(
        frame: Frame,
        factories: &[Arc<FactorySummary>],
        pilots: &LabelPilots,
        flows: &[FactoryFlow],
        sorting: Option<Sorting>,
    ) -> Factories {
        let rows = factories.iter().map(|factory| factory_row(factory, frame.now, pilots, flows));
        let any_reported = factories.iter().any(|factory| factory.reported.is_some());
        let mut rows: Vec<FactoryRow> = rows.collect();
        if let Some(sorting) = sorting {
            sorting.sort(&mut rows, FactoryRow::value);
        }
        Factories { columns: sorting::columns(PATH, &SORTABLE, sorting), factories: rows, any_reported, frame }
    }
}

/// `GET /factories`.
pub async fn show(State(state): State<AppState>, asked: Asked) -> Answer {
    let read = Reader::new(&state, &asked);
    let FactoriesView { sort } = asked.query()?;
    let sorting = Sorting::read(sort.as_deref(), &SORTABLE).map_err(|error| read.fail(error))?;
    let (factories, pilots) = (read.factories().await?, read.label_pilots().await?);
    let activity = read.activity().await?;
    if asked.json {
        let factories: Vec<&FactorySummary> = factories.iter().map(Arc::as_ref).collect();
        let labels: Vec<_> = pilots.rows(None).collect();
        return frame::data(&json!({ "factories": factories, "labels": labels, "activity": *activity }));
    }
    let frame = Frame::new(Section::Factories, "Factories", &asked).live(&["factories", "pilots"]);
    frame::shown(&Factories::new(frame, &factories, &pilots, &activity, sorting))
}
