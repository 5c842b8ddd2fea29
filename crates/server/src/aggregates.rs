//! Sums over all labels that many pages show: read from the store, and remembered while reading them is dear.

use crate::remembered::Remembered;
use crate::{ApiError, now};
use model::{EndedPilots, FactorySummary, Span, Time};
use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{
    CoreTimeOfPart, FactoryFlow, FaultsAt, LabelCoreTime, LabelCount, LabelFlow, MessageCount, NodeFlow, Store,
};
use wire::api::{HistoryQuery, PilotHistory};

type Read<T> = store::Result<Arc<T>>;

/// The most of one kind that are remembered; then all are forgotten.
const KEYS_MAX: usize = 256;

/// Since when, in parts of how many hours, of which factory and of which label.
type PartsKey = (i64, u32, Option<String>, Option<String>);

/// What is remembered.
#[derive(Default)]
pub struct Aggregates {
    factories: Remembered<Vec<Arc<FactorySummary>>>,
    counts: Remembered<Vec<LabelCount>>,
    /// These by the time that somebody looks back to, such as the beginning of an hour.
    flows: ByKey<i64, Vec<LabelFlow>>,
    activity: ByKey<i64, Vec<FactoryFlow>>,
    ends: ByKey<i64, Vec<EndedPilots>>,
    faults: ByKey<PartsKey, Vec<FaultsAt>>,
    messages: ByKey<i64, Vec<MessageCount>>,
    core_time: ByKey<i64, Vec<LabelCoreTime>>,
    core_time_parts: ByKey<PartsKey, Vec<CoreTimeOfPart>>,
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
    /// The one of this key, shown for so long or a little longer.
    fn of(&self, key: K, shown: Duration) -> Remembered<T> {
        let Ok(mut values) = self.0.lock() else { return Remembered::default() };
        if let Some(value) = values.get(&key) {
            return value.clone();
        }
        values.retain(|_, value| !value.is_over());
        if values.len() >= KEYS_MAX {
            values.clear();
        }
        values.entry(key).or_insert_with(|| Remembered::shown_for(shown)).clone()
    }
}

/// A sum that is asked for: when it is awaited, what is remembered of it or else what is read.
pub struct Sum<T> {
    remembered: Remembered<T>,
    read: Pin<Box<dyn Future<Output = store::Result<T>> + Send>>,
}

impl<T: Send + Sync + 'static> Sum<T> {
    fn new(remembered: Remembered<T>, read: impl Future<Output = store::Result<T>> + Send + 'static) -> Sum<T> {
        Sum { remembered, read: Box::pin(read) }
    }

    /// Reads it when it is about to be too old to be shown.
    pub async fn kept_warm(self) -> store::Result<()> {
        self.remembered.keep_warm(self.read).await
    }
}

impl<T: Send + Sync + 'static> IntoFuture for Sum<T> {
    type Output = Read<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Read<T>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.remembered.get(self.read).await })
    }
}

/// How long a sum since `since` may be shown: until a thousandth of its time is missing from it.
fn shown(since: Time) -> Duration {
    now().since(since) / 1000
}

impl Aggregates {
    /// All factories by name.
    pub fn factories(&self, store: &Store) -> Sum<Vec<Arc<FactorySummary>>> {
        let store = store.clone();
        let read = async move { Ok(store.factories().await?.into_iter().map(Arc::new).collect()) };
        Sum::new(self.factories.clone(), read)
    }

    /// Pilots by label and state, in order of factories and labels.
    pub fn pilot_counts(&self, store: &Store) -> Sum<Vec<LabelCount>> {
        let store = store.clone();
        Sum::new(self.counts.clone(), async move {
            let mut counts = store.pilot_counts().await?;
            counts.sort_by(|a, b| (&a.factory, &a.label).cmp(&(&b.factory, &b.label)));
            Ok(counts)
        })
    }

    /// What happened to the pilots of each label in the last hours, to ten minutes, in order of factories and labels.
    pub fn flows(&self, store: &Store, hours: u64, now: Time) -> Sum<Vec<LabelFlow>> {
        let since = now - Duration::from_secs(hours * 3600);
        let store = store.clone();
        Sum::new(self.flows.of(Span::TenMinutes.start(since), shown(since)), async move {
            let mut flows = store.pilot_flow_by_label(Span::TenMinutes, since).await?;
            flows.sort_by(|a, b| (&a.factory, &a.label).cmp(&(&b.factory, &b.label)));
            Ok(flows)
        })
    }

    /// What happened to the pilots of each factory by the hour, in the last hours, in order of factories.
    pub fn activity(&self, store: &Store, hours: u64, now: Time) -> Sum<Vec<FactoryFlow>> {
        let since = now - Duration::from_secs((hours - 1) * 3600);
        let store = store.clone();
        let remembered = self.activity.of(since.as_secs().div_euclid(3600), shown(since));
        Sum::new(remembered, async move { store.pilot_flow_by_factory(since).await })
    }

    /// How pilots ended since the beginning of an hour.
    pub fn ends(&self, store: &Store, since: Time) -> Sum<Vec<EndedPilots>> {
        let store = store.clone();
        Sum::new(self.ends.of(since.0, shown(since)), async move { store.pilot_ends(since).await })
    }

    /// When pilots ended in fault since the beginning of an hour, in parts of `hours` each.
    pub fn faults(
        &self,
        store: &Store,
        since: Time,
        hours: u32,
        (factory, label): (Option<String>, Option<String>),
    ) -> Sum<Vec<FaultsAt>> {
        let store = store.clone();
        let remembered = self.faults.of((since.0, hours, factory.clone(), label.clone()), shown(since));
        Sum::new(remembered, async move { store.pilot_faults(since, hours, factory, label).await })
    }

    /// What their messages have in common.
    pub fn messages(&self, store: &Store, since: Time) -> Sum<Vec<MessageCount>> {
        let store = store.clone();
        Sum::new(self.messages.of(since.0, shown(since)), async move { store.pilot_messages(since).await })
    }

    /// What their cores were used for.
    pub fn core_time(&self, store: &Store, since: Time) -> Sum<Vec<LabelCoreTime>> {
        let store = store.clone();
        Sum::new(self.core_time.of(since.0, shown(since)), async move { store.core_time(since).await })
    }

    /// The same since the beginning of an hour, in parts of `hours` each.
    pub fn core_time_by_parts(
        &self,
        store: &Store,
        since: Time,
        hours: u32,
        (factory, label): (Option<String>, Option<String>),
    ) -> Sum<Vec<CoreTimeOfPart>> {
        let store = store.clone();
        let remembered = self.core_time_parts.of((since.0, hours, factory.clone(), label.clone()), shown(since));
        Sum::new(remembered, async move { store.core_time_by_parts(since, hours, factory, label).await })
    }

    /// What happened on each node since the beginning of an hour.
    pub fn nodes(&self, store: &Store, since: Time) -> Sum<Vec<NodeFlow>> {
        let store = store.clone();
        Sum::new(self.nodes.of(since.0, shown(since)), async move { store.node_flows(since).await })
    }

    /// The history that is asked for, as `read` finds it.
    pub async fn history(
        &self,
        asked: HistoryQuery,
        read: impl Future<Output = Result<PilotHistory, ApiError>> + Send + 'static,
    ) -> Result<Arc<PilotHistory>, ApiError> {
        self.histories.of(asked, Duration::ZERO).get(read).await
    }

    /// Reads the history before somebody asks for it.
    pub async fn keep_history_warm(
        &self,
        asked: HistoryQuery,
        read: impl Future<Output = Result<PilotHistory, ApiError>>,
    ) -> Result<(), ApiError> {
        self.histories.of(asked, Duration::ZERO).keep_warm(read).await
    }
}
