//! What rules are told: read from counters and rollups, never from pilots.

use crate::pilot_log::status;
use crate::{ApiError, AppState};
use model::alarm::{BlackHole, DAYS_BEFORE, Facts, LabelFacts, QueueFacts, Situation, black_holes, stuck_since};
use model::{Durations, EndedPilots, PilotFlow, PilotId, PilotState, Span, Time, node_health};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::{HistoryOf, LabelCount, LastDecision, MessageCount};

/// Factory, label and queue.
type Key = (String, String, String);

/// How many turns what changes slowly is used for.
const SLOW_TURNS: u32 = 10;
/// The most labels with held pilots of which some are named.
const HELD_LABELS_MAX: usize = 200;
const HOUR: Duration = Duration::from_secs(3600);
const RECENT: Duration = Duration::from_secs(2 * 3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const STUCK_MAX: Duration = Duration::from_secs(48 * 3600);

/// Reads what rules are told, and remembers what changes slowly.
#[derive(Default)]
pub(super) struct Gatherer {
    slow: Slow,
    turns: u32,
}

/// Pilots that wait, by label.
struct Waiting {
    pending: BTreeMap<Key, u64>,
    held: BTreeMap<Key, u64>,
    /// Some of those that are held.
    held_pilots: BTreeMap<Key, Vec<PilotId>>,
}

impl Waiting {
    async fn read(state: &AppState, counts: &[LabelCount]) -> Result<Waiting, ApiError> {
        let held = waiting(counts, |count| count.held);
        let held_pilots = state.store.held_pilots(most_held(&held)).await?;
        Ok(Waiting { pending: waiting(counts, |count| count.pilots), held, held_pilots })
    }
}

/// What is told by spans of ten minutes or more.
#[derive(Default)]
struct Slow {
    starts_3h: BTreeMap<Key, u64>,
    starts_before: BTreeMap<Key, [u64; DAYS_BEFORE]>,
    ran: BTreeMap<Key, Durations>,
    stuck: BTreeMap<Key, Time>,
    black_holes: Vec<BlackHole>,
}

impl Gatherer {
    /// Everything at `now`.
    pub(super) async fn situation(&mut self, state: &AppState, now: Time) -> Result<Situation, ApiError> {
        let store = &state.store;
        let factories = store.factories().await?;
        let counts = store.pilot_counts().await?;
        let recent = flows(state, Span::TenMinutes, now - RECENT).await?;
        if self.turns == 0 {
            self.slow = Slow::read(state, &counts, &recent, now).await?;
        }
        self.turns = (self.turns + 1) % SLOW_TURNS;
        let mut keys: BTreeSet<Key> = recent.keys().cloned().collect();
        keys.extend(counts.iter().filter(|count| !count.state.is_final()).map(key));
        for factory in &factories {
            let of = |label: &model::LabelInfo| (factory.name.clone(), label.name.clone(), label.queue.clone());
            keys.extend(factory.said.labels.iter().map(of));
        }
        let waiting = Waiting::read(state, &counts).await?;
        let names: BTreeSet<(String, String)> =
            keys.iter().map(|(factory, label, _)| (factory.clone(), label.clone())).collect();
        let decisions = store.last_decisions(names.into_iter().collect()).await?;
        let decisions: BTreeMap<(&str, &str), &LastDecision> =
            decisions.iter().map(|last| ((last.factory.as_str(), last.label.as_str()), last)).collect();
        let labels = keys.into_iter().map(|key| {
            let last = decisions.get(&(key.0.as_str(), key.1.as_str())).copied();
            self.slow.label(key, &recent, &waiting, last)
        });
        let ends = store.pilot_ends(now - RECENT).await?;
        Ok(Situation {
            now,
            listening_since: state.started,
            labels: labels.collect(),
            factories,
            queues: store.queues().await?.into_iter().map(|queue| (queue.name.clone(), queue)).collect(),
            slots: slots(state, &counts).await?,
            black_holes: self.slow.black_holes.clone(),
            texts: texts(state, &ends, now).await?,
            ends,
            disk_percent: status::read(store).await?.and_then(|status| status.used_percent),
        })
    }
}

impl Slow {
    async fn read(
        state: &AppState,
        counts: &[LabelCount],
        recent: &BTreeMap<Key, PilotFlow>,
        now: Time,
    ) -> Result<Slow, ApiError> {
        let starts =
            |flows: BTreeMap<Key, PilotFlow>| flows.into_iter().map(|(key, flow)| (key, flow.started)).collect();
        let mut stuck = BTreeMap::new();
        for key in waiting(counts, |count| count.pilots).into_keys() {
            if recent.get(&key).is_some_and(|flow| flow.started > 0) {
                continue;
            }
            let of = HistoryOf::Label { factory: key.0.clone(), label: key.1.clone() };
            let since = now - STUCK_MAX;
            let (flows, levels) = state.store.pilot_flow_and_levels(of, Span::TenMinutes, since, None).await?;
            if let Some(since) = stuck_since(&flows, levels, now) {
                stuck.insert(key, since);
            }
        }
        let since = now - HOUR * node_health::HOURS as u32;
        let nodes = state.store.node_flows(since).await?.into_iter().map(|flow| BlackHole {
            queue: flow.queue,
            node: flow.node,
            counts: flow.counts,
            last: flow.last_bad,
        });
        Ok(Slow {
            starts_3h: starts(flows(state, Span::TenMinutes, now - HOUR * 3).await?),
            starts_before: starts_before(state, now).await?,
            ran: state.store.runs_by_label(now - RECENT).await?,
            stuck,
            black_holes: black_holes(nodes.collect()),
        })
    }

    fn label(
        &self,
        key: Key,
        recent: &BTreeMap<Key, PilotFlow>,
        waiting: &Waiting,
        last: Option<&LastDecision>,
    ) -> LabelFacts {
        let recent = recent.get(&key).copied().unwrap_or_default();
        let facts = Facts {
            pending: waiting.pending.get(&key).copied().unwrap_or_default(),
            held: waiting.held.get(&key).copied().unwrap_or_default(),
            held_pilots: waiting.held_pilots.get(&key).cloned().unwrap_or_default(),
            recent,
            starts_3h: self.starts_3h.get(&key).copied().unwrap_or_default(),
            starts_before: self.starts_before.get(&key).copied().unwrap_or_default(),
            ran: self.ran.get(&key).cloned().unwrap_or_default(),
            // One that started since then is known before the rest is read again.
            stuck_since: self.stuck.get(&key).copied().filter(|_| recent.started == 0),
        };
        let (factory, label, queue) = key;
        let submit_error = last.map(|last| last.error.clone()).unwrap_or_default();
        LabelFacts { factory, label, queue, facts, decided: last.map(|last| last.time), submit_error }
    }
}

fn key(count: &LabelCount) -> Key {
    (count.factory.clone(), count.label.clone(), count.queue.clone())
}

/// Something that is counted of waiting pilots, by label.
fn waiting(counts: &[LabelCount], of: impl Fn(&LabelCount) -> u64) -> BTreeMap<Key, u64> {
    let mut sums = BTreeMap::new();
    for count in counts.iter().filter(|count| count.state.is_pending()) {
        *sums.entry(key(count)).or_default() += of(count);
    }
    sums
}

/// The labels with most held pilots.
fn most_held(held: &BTreeMap<Key, u64>) -> Vec<Key> {
    let mut with: Vec<(&Key, u64)> =
        held.iter().map(|(key, held)| (key, *held)).filter(|(_, held)| *held > 0).collect();
    with.sort_by_key(|(_, held)| std::cmp::Reverse(*held));
    with.into_iter().take(HELD_LABELS_MAX).map(|(key, _)| key.clone()).collect()
}

/// How pilots that broke put it; nothing is read when none broke.
async fn texts(state: &AppState, ends: &[EndedPilots], now: Time) -> Result<Vec<EndedPilots>, ApiError> {
    if !ends.iter().any(|end| end.state == PilotState::Fault) {
        return Ok(Vec::new());
    }
    let counted = state.store.pilot_messages(now - RECENT).await?.into_iter().filter(|count| !count.is_of_others());
    let of = |MessageCount { factory, label, queue, error_class, template, pilots, last }| EndedPilots {
        factory,
        label,
        queue,
        state: PilotState::Fault,
        error_class,
        pilots,
        last,
        message: template,
    };
    Ok(counted.map(of).collect())
}

/// Starts in the same three hours of each of the days before.
async fn starts_before(state: &AppState, now: Time) -> Result<BTreeMap<Key, [u64; DAYS_BEFORE]>, ApiError> {
    let mut starts: BTreeMap<Key, [u64; DAYS_BEFORE]> = BTreeMap::new();
    for day in 0..DAYS_BEFORE {
        let until = now - DAY * (day as u32 + 1);
        for (key, started) in state.store.starts_by_label(until - HOUR * 3, until).await? {
            starts.entry(key).or_default()[day] = started;
        }
    }
    Ok(starts)
}

async fn flows(state: &AppState, span: Span, since: Time) -> Result<BTreeMap<Key, PilotFlow>, ApiError> {
    let flows = state.store.pilot_flow_by_label(span, since).await?;
    Ok(flows.into_iter().map(|of| ((of.factory, of.label, of.queue), of.flow)).collect())
}

/// Slots of running pilots by queue, with a core for a slot.
async fn slots(state: &AppState, counts: &[LabelCount]) -> Result<Vec<QueueFacts>, ApiError> {
    let mut slots: BTreeMap<&str, u64> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.state == PilotState::Running) {
        *slots.entry(&count.queue).or_default() += count.slots;
    }
    let filled = state.store.cores_in_use().await?;
    let of = |(queue, slots): (&str, u64)| {
        let filled = filled.get(queue).copied().unwrap_or_default();
        QueueFacts { queue: queue.to_owned(), slots, filled }
    };
    Ok(slots.into_iter().map(of).collect())
}
