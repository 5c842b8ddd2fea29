//! Factories in tables.

use super::activity::Activity;
use super::cells::Cell;
use super::label_pilots::LabelPilots;
use super::sorting::Value;
use model::{FactorySummary, Time};
use store::FactoryFlow;

/// Pilots in the row of a factory or label.
pub const COLUMNS: [&str; 5] = ["Created", "Running", "Exiting", "Done 1 h", "Fault 1 h"];

/// What rows of factories can be sorted by.
pub const SORTABLE: [&str; 8] =
    ["Factory", "Labels", "In trouble", COLUMNS[0], COLUMNS[1], COLUMNS[2], COLUMNS[3], COLUMNS[4]];

/// A factory with everything its row shows.
pub struct FactoryRow {
    /// Its name.
    pub name: String,
    /// Its host.
    pub host: String,
    /// Its version.
    pub version: String,
    /// How many labels it has.
    pub labels: usize,
    /// How many of them are in trouble.
    pub troubled: usize,
    /// Seconds between two cycles.
    pub cycle_s: u32,
    /// When it started.
    pub started: Time,
    /// When it was heard last.
    pub heard: Time,
    /// It has not been heard for several cycles.
    pub silent: bool,
    /// It takes no new work.
    pub draining: bool,
    /// It is one of other software.
    pub reported: bool,
    /// Created, running, exiting; done and fault in the last hour.
    pub cells: Vec<Cell>,
    /// Ends of its pilots in the last day.
    pub activity: Activity,
}

/// The row of one factory.
pub fn factory_row(factory: &FactorySummary, now: Time, pilots: &LabelPilots, flows: &[FactoryFlow]) -> FactoryRow {
    let said = &factory.said;
    FactoryRow {
        name: factory.name.clone(),
        host: said.host.clone(),
        version: said.version.clone(),
        labels: said.labels.len(),
        troubled: said.labels.iter().filter(|label| !label.trouble.is_empty()).count(),
        cycle_s: said.cycle_s,
        started: said.started,
        heard: factory.last_heard,
        silent: factory.is_silent(now),
        draining: said.draining,
        reported: factory.reported.is_some(),
        cells: pilots.of_factory(&factory.name),
        activity: Activity::of(&factory.name, flows, now),
    }
}

impl FactoryRow {
    /// What it has in one of the columns of [`SORTABLE`].
    pub fn value(&self, column: usize) -> Value<'_> {
        match column {
            0 => Value::Text(&self.name),
            1 => Value::Number(self.labels as f64),
            2 => Value::Number(self.troubled as f64),
            nth => Value::Number(self.cells.get(nth - 3).map_or(0.0, |cell| cell.number as f64)),
        }
    }
}
