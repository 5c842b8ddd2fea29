//! Sums over all labels that many pages show: read from the store, and remembered while reading them is dear.

use crate::ApiError;
use crate::remembered::Remembered;
use model::{EndedPilots, FactorySummary, Span, Time};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{FactoryFlow, FaultsAt, LabelCoreTime, LabelCount, LabelFlow, MessageCount, NodeFlow, Store};
use wire::api::{HistoryQuery, PilotHistory};

type Read<T> = store::Result<Arc<T>>;

/// The most of one kind that are remembered; then all are forgotten.
const KEYS_MAX: usize = 256;

/// Since when, in parts of how many hours, of which factory and of which label.
type FaultsKey = (i64, u32, Option<String>, Option<String>);

/// What is remembered.
#[derive(Default)]
pub struct Aggregates {
    factories: Remembered<Vec<Arc<FactorySummary>>>,
    counts: Remembered<Vec<LabelCount>>,
    /// These by the time that somebody looks back to, such as the beginning of an hour.
    flows: ByKey<i64, Vec<LabelFlow>>,
    activity: ByKey<i64, Vec<FactoryFlow>>,
    ends: ByKey<i64, Vec<EndedPilots>>,
    faults: ByKey<FaultsKey, Vec<FaultsAt>>,
    messages: ByKey<i64, Vec<MessageCount>>,
    core_time: ByKey<i64, Vec<LabelCoreTime>>,
    nodes: ByKey<i64, Vec<NodeFlow>>,
    histories: ByKey<HistoryQuery, PilotHistory>,
}

/// One value for each that is asked for.
struct ByKey<K, T>(Mutex<HashMap<K, Remembered<T>>>);

impl<K, T> Default for ByKey<K, T> {
    fn default() -> ByKey<K, T> {
        ByKey(Mutex::new(HashMap::new()))
    }
}

impl<K: Eq + Hash, T> ByKey<K, T> {
    fn of(&self, key: K) -> Remembered<T> {
        let Ok(mut values) = self.0.lock() else { return Remembered::default() };
        if values.len() >= KEYS_MAX && !values.contains_key(&key) {
            values.clear();
        }
        values.entry(key).or_default().clone()
    }
}

impl Aggregates {
    /// All factories by name.
    pub async fn factories(&self, store: &Store) -> Read<Vec<Arc<FactorySummary>>> {
        let store = store.clone();
        self.factories.get(async move { Ok(store.factories().await?.into_iter().map(Arc::new).collect()) }).await
    }

    /// Pilots by label and state, in order of factories and labels.
    pub async fn pilot_counts(&self, store: &Store) -> Read<Vec<LabelCount>> {
        let store = store.clone();
        let read = async move {
            let mut counts = store.pilot_counts().await?;
            counts.sort_by(|a, b| (&a.factory, &a.label).cmp(&(&b.factory, &b.label)));
            Ok(counts)
        };
        self.counts.get(read).await
    }

    /// What happened to the pilots of each label in the last hours, to ten minutes, in order of factories and labels.
    pub async fn flows(&self, store: &Store, hours: u64, now: Time) -> Read<Vec<LabelFlow>> {
        let since = now - Duration::from_secs(hours * 3600);
        let store = store.clone();
        let read = async move {
            let mut flows = store.pilot_flow_by_label(Span::TenMinutes, since).await?;
            flows.sort_by(|a, b| (&a.factory, &a.label).cmp(&(&b.factory, &b.label)));
            Ok(flows)
        };
        self.flows.of(Span::TenMinutes.start(since)).get(read).await
    }

    /// What happened to the pilots of each factory by the hour, in the last hours, in order of factories.
    pub async fn activity(&self, store: &Store, hours: u64, now: Time) -> Read<Vec<FactoryFlow>> {
        let since = now - Duration::from_secs((hours - 1) * 3600);
        let store = store.clone();
        let read = async move { store.pilot_flow_by_factory(since).await };
        self.activity.of(since.as_secs().div_euclid(3600)).get(read).await
    }

    /// How pilots ended since the beginning of an hour.
    pub async fn ends(&self, store: &Store, since: Time) -> Read<Vec<EndedPilots>> {
        let store = store.clone();
        self.ends.of(since.0).get(async move { store.pilot_ends(since).await }).await
    }

    /// When pilots ended in fault since the beginning of an hour, in parts of `hours` each.
    pub async fn faults(
        &self,
        store: &Store,
        since: Time,
        hours: u32,
        (factory, label): (Option<String>, Option<String>),
    ) -> Read<Vec<FaultsAt>> {
        let store = store.clone();
        let remembered = self.faults.of((since.0, hours, factory.clone(), label.clone()));
        remembered.get(async move { store.pilot_faults(since, hours, factory, label).await }).await
    }

    /// What their messages have in common.
    pub async fn messages(&self, store: &Store, since: Time) -> Read<Vec<MessageCount>> {
        let store = store.clone();
        self.messages.of(since.0).get(async move { store.pilot_messages(since).await }).await
    }

    /// What their cores were used for.
    pub async fn core_time(&self, store: &Store, since: Time) -> Read<Vec<LabelCoreTime>> {
        let store = store.clone();
        self.core_time.of(since.0).get(async move { store.core_time(since).await }).await
    }

    /// What happened on each node since the beginning of an hour.
    pub async fn nodes(&self, store: &Store, since: Time) -> Read<Vec<NodeFlow>> {
        let store = store.clone();
        self.nodes.of(since.0).get(async move { store.node_flows(since).await }).await
    }

    /// The history that is asked for, as `read` finds it.
    pub async fn history(
        &self,
        asked: HistoryQuery,
        read: impl Future<Output = Result<PilotHistory, ApiError>> + Send + 'static,
    ) -> Result<Arc<PilotHistory>, ApiError> {
        self.histories.of(asked).get(read).await
    }
}
