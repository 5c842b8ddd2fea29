//! Pilots of labels: how many there are, and how they ended in the last hour.

use super::cells::{self, Cell};
use super::link::{self, Link};
use model::{PilotFlow, PilotState};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{LabelCount, LabelFlow};

/// Pilots of all labels; both in order of factories and labels.
#[derive(Clone, Debug, Default)]
pub struct LabelPilots {
    /// How many there are.
    pub counts: Arc<Vec<LabelCount>>,
    /// What happened to them in the last hour.
    pub last_hour: Arc<Vec<LabelFlow>>,
}

/// Pilots of one label, for programs.
#[derive(Debug, Serialize)]
pub struct LabelRow<'a> {
    /// The factory.
    pub factory: &'a str,
    /// The label.
    pub label: &'a str,
    /// How many there are, by state.
    pub pilots: BTreeMap<PilotState, u64>,
    /// What happened to them in the last hour.
    pub last_hour: PilotFlow,
}

impl LabelPilots {
    /// All labels that have pilots, or those of one factory.
    pub fn rows(&self, factory: Option<&str>) -> impl Iterator<Item = LabelRow<'_>> {
        let counts = factory.map_or(&self.counts[..], |factory| of(&self.counts, factory, None));
        counts.chunk_by(|a, b| a.names() == b.names()).map(|of_label| {
            let (factory, label) = of_label[0].names();
            LabelRow { factory, label, pilots: by_state(of_label), last_hour: self.flow(factory, Some(label)) }
        })
    }

    /// Created, running, exiting; done and fault in the last hour, of one label.
    pub fn of_label(&self, factory: &str, label: &str) -> Vec<Cell> {
        let listing = Link::to("/pilots").with("factory", factory).with("label", label);
        let counts = by_state(of(&self.counts, factory, Some(label)));
        cells::monitor(&counts, &self.flow(factory, Some(label)), &listing, &link::label(factory, label))
    }

    /// The same of all labels of one factory.
    pub fn of_factory(&self, factory: &str) -> Vec<Cell> {
        let listing = Link::to("/pilots").with("factory", factory);
        let counts = by_state(of(&self.counts, factory, None));
        cells::monitor(&counts, &self.flow(factory, None), &listing, &link::factory(factory))
    }

    fn flow(&self, factory: &str, label: Option<&str>) -> PilotFlow {
        let mut sum = PilotFlow::default();
        of(&self.last_hour, factory, label).iter().for_each(|one| sum += one.flow);
        sum
    }
}

fn by_state(counts: &[LabelCount]) -> BTreeMap<PilotState, u64> {
    let mut pilots = BTreeMap::new();
    counts.iter().for_each(|count| *pilots.entry(count.state).or_default() += count.pilots);
    pilots
}

/// Something that is counted by label.
trait OfLabel {
    /// The factory and the label.
    fn names(&self) -> (&str, &str);
}

impl OfLabel for LabelCount {
    fn names(&self) -> (&str, &str) {
        (&self.factory, &self.label)
    }
}

impl OfLabel for LabelFlow {
    fn names(&self) -> (&str, &str) {
        (&self.factory, &self.label)
    }
}

/// What belongs to one label, or to all of a factory.
fn of<'a, T: OfLabel>(all: &'a [T], factory: &str, label: Option<&str>) -> &'a [T] {
    let mine = equal(all, |one| one.names().0.cmp(factory));
    label.map_or(mine, |label| equal(mine, |one| one.names().1.cmp(label)))
}

/// Those in a sorted list that compare as equal.
pub fn equal<T>(sorted: &[T], compare: impl Fn(&T) -> Ordering) -> &[T] {
    let begin = sorted.partition_point(|one| compare(one).is_lt());
    let length = sorted[begin..].partition_point(|one| compare(one).is_eq());
    &sorted[begin..begin + length]
}
