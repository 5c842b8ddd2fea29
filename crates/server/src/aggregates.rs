//! Sums over all labels that many pages show: read from the store, and remembered while reading them is dear.

use crate::remembered::Remembered;
use model::{EndedPilots, FactorySummary, Span, Time};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{LabelCoreTime, LabelCount, LabelFlow, MessageCount, NodeFlow, Result, Store};

/// The most times back that are remembered of one kind; then all are forgotten.
const RANGES_MAX: usize = 32;

/// What is remembered.
#[derive(Default)]
pub struct Aggregates {
    factories: Remembered<Vec<FactorySummary>>,
    counts: Remembered<Vec<LabelCount>>,
    flows: ByRange<Vec<LabelFlow>>,
    ends: ByRange<Vec<EndedPilots>>,
    messages: ByRange<Vec<MessageCount>>,
    core_time: ByRange<Vec<LabelCoreTime>>,
    nodes: ByRange<Vec<NodeFlow>>,
}

/// One value for each time that somebody looks back to, such as the beginning of an hour.
struct ByRange<T>(Mutex<BTreeMap<i64, Arc<Remembered<T>>>>);

impl<T> Default for ByRange<T> {
    fn default() -> ByRange<T> {
        ByRange(Mutex::new(BTreeMap::new()))
    }
}

impl<T> ByRange<T> {
    fn of(&self, since: i64) -> Arc<Remembered<T>> {
        let Ok(mut ranges) = self.0.lock() else { return Arc::default() };
        if ranges.len() >= RANGES_MAX && !ranges.contains_key(&since) {
            ranges.clear();
        }
        ranges.entry(since).or_default().clone()
    }
}

impl Aggregates {
    /// All factories by name.
    pub async fn factories(&self, store: &Store) -> Result<Arc<Vec<FactorySummary>>> {
        self.factories.get(async || store.factories().await).await
    }

    /// Pilots by label and state.
    pub async fn pilot_counts(&self, store: &Store) -> Result<Arc<Vec<LabelCount>>> {
        self.counts.get(async || store.pilot_counts().await).await
    }

    /// What happened to the pilots of each label in the last hours, to ten minutes.
    pub async fn flows(&self, store: &Store, hours: u64, now: Time) -> Result<Arc<Vec<LabelFlow>>> {
        let since = now - Duration::from_secs(hours * 3600);
        let key = Span::TenMinutes.start(since);
        self.flows.of(key).get(async || store.pilot_flow_by_label(Span::TenMinutes, since).await).await
    }

    /// How pilots ended since the beginning of an hour.
    pub async fn ends(&self, store: &Store, since: Time) -> Result<Arc<Vec<EndedPilots>>> {
        self.ends.of(since.0).get(async || store.pilot_ends(since).await).await
    }

    /// What their messages have in common.
    pub async fn messages(&self, store: &Store, since: Time) -> Result<Arc<Vec<MessageCount>>> {
        self.messages.of(since.0).get(async || store.pilot_messages(since).await).await
    }

    /// What their cores were used for.
    pub async fn core_time(&self, store: &Store, since: Time) -> Result<Arc<Vec<LabelCoreTime>>> {
        self.core_time.of(since.0).get(async || store.core_time(since).await).await
    }

    /// What happened on each node since the beginning of an hour.
    pub async fn nodes(&self, store: &Store, since: Time) -> Result<Arc<Vec<NodeFlow>>> {
        self.nodes.of(since.0).get(async || store.node_flows(since).await).await
    }
}
