//! Pilots of labels: how many there are, and how they ended in the last hour.

use super::cells::{self, Cell};
use super::link::{self, Link};
use model::{PilotFlow, PilotState};
use serde::Serialize;
use std::collections::BTreeMap;

/// Pilots by state of each (factory, label).
pub type LabelCounts = BTreeMap<(String, String), BTreeMap<PilotState, u64>>;

/// Pilots of all labels.
#[derive(Clone, Debug, Default)]
pub struct LabelPilots {
    /// How many there are, by factory and label.
    pub counts: LabelCounts,
    /// What happened to them in the last hour, by factory and label.
    pub last_hour: BTreeMap<(String, String), PilotFlow>,
}

/// Pilots of one label, for programs.
#[derive(Debug, Serialize)]
pub struct LabelRow<'a> {
    /// The factory.
    pub factory: &'a str,
    /// The label.
    pub label: &'a str,
    /// How many there are, by state.
    pub pilots: &'a BTreeMap<PilotState, u64>,
    /// What happened to them in the last hour.
    pub last_hour: PilotFlow,
}

impl LabelPilots {
    /// All labels.
    pub fn rows(&self) -> impl Iterator<Item = LabelRow<'_>> {
        self.counts.iter().map(|(key, pilots)| LabelRow {
            factory: &key.0,
            label: &key.1,
            pilots,
            last_hour: self.last_hour.get(key).copied().unwrap_or_default(),
        })
    }

    /// Created, running, exiting; done and fault in the last hour, of one label.
    pub fn of_label(&self, factory: &str, label: &str) -> Vec<Cell> {
        let key = (factory.to_owned(), label.to_owned());
        let listing = Link::to("/pilots").with("factory", factory).with("label", label);
        let counts = self.counts.get(&key).cloned().unwrap_or_default();
        let flow = self.last_hour.get(&key).copied().unwrap_or_default();
        cells::monitor(&counts, &flow, &listing, &link::label(factory, label))
    }

    /// The same of all labels of one factory.
    pub fn of_factory(&self, factory: &str) -> Vec<Cell> {
        let mut counts = BTreeMap::new();
        for (state, pilots) in of(&self.counts, factory).flatten() {
            *counts.entry(*state).or_default() += pilots;
        }
        let mut flow = PilotFlow::default();
        of(&self.last_hour, factory).for_each(|one| flow += *one);
        let listing = Link::to("/pilots").with("factory", factory);
        cells::monitor(&counts, &flow, &listing, &link::factory(factory))
    }
}

fn of<'a, T>(all: &'a BTreeMap<(String, String), T>, factory: &'a str) -> impl Iterator<Item = &'a T> {
    all.iter().filter(move |((name, _), _)| name == factory).map(|(_, one)| one)
}
