//! How labels and their pilots are doing: counts, the longest wait, the longest run.

use crate::{FactorySummary, Order, PilotFlag, PilotId, PilotState, PilotSummary, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LabelStatus {
    /// Its factory.
    pub factory: String,
    /// The label.
    pub label: String,
    /// The queue it serves.
    pub queue: String,
    /// Name of its batch end point; empty when it is not configured any more.
    pub batch: String,
    /// Pilots by state; states without any are left out. Ended ones as long as they are kept.
    pub pilots: BTreeMap<PilotState, u64>,
    /// Waiting ones that the batch system holds back.
    pub held: u64,
    /// The pilot that has waited longest for its start.
    pub waits: Option<Since>,
    /// The pilot that has run longest.
    pub runs: Option<Since>,
    /// Orders that hold it now, the strictest first.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// What is wrong with it at present; empty when nothing is.
    pub trouble: String,
}

/// A pilot, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Since {
    /// Since when.
    pub since: Time,
    /// The pilot.
    pub pilot: PilotId,
}

impl LabelStatus {
    /// How many pilots are in these states.
    pub fn count(&self, states: &[PilotState]) -> u64 {
        states.iter().filter_map(|state| self.pilots.get(state)).sum()
    }

    fn note(&mut self, pilot: &PilotSummary) {
        let since = Since { since: pilot.since(), pilot: pilot.id };
        let oldest = match pilot.state {
            PilotState::Running => &mut self.runs,
            state if state.is_pending() => &mut self.waits,
            _ => return,
        };
        *oldest = Some(oldest.map_or(since, |oldest| oldest.min(since)));
        self.held += u64::from(pilot.flag == Some(PilotFlag::Held));
    }
}

/// All labels of what factories say of themselves, of counters (factory, label, queue, state, pilots) and of the live
/// pilots, by factory and name.
pub fn label_statuses(
    factories: &[FactorySummary],
    counts: impl IntoIterator<Item = (String, String, String, PilotState, u64)>,
    live: &[PilotSummary],
) -> Vec<LabelStatus> {
    let mut all: BTreeMap<(String, String, String), LabelStatus> = BTreeMap::new();
    let mut of = |factory: &str, label: &str, queue: &str, change: &mut dyn FnMut(&mut LabelStatus)| {
        let key = (factory.to_owned(), label.to_owned(), queue.to_owned());
        change(all.entry(key).or_insert_with(|| LabelStatus {
            factory: factory.to_owned(),
            label: label.to_owned(),
            queue: queue.to_owned(),
            ..LabelStatus::default()
        }));
    };
    for factory in factories {
        for info in &factory.said.labels {
            of(&factory.name, &info.name, &info.queue, &mut |status| {
                (status.batch, status.trouble) = (info.batch.clone(), info.trouble.clone());
            });
        }
    }
    for (factory, label, queue, state, pilots) in counts {
        of(&factory, &label, &queue, &mut |status| *status.pilots.entry(state).or_default() += pilots);
    }
    for pilot in live {
        of(&pilot.factory, &pilot.label, &pilot.queue, &mut |status| status.note(pilot));
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pilot(
        id: i64,
        state: PilotState,
        announced: i64,
        started: Option<i64>,
        flag: Option<PilotFlag>,
    ) -> PilotSummary {
        PilotSummary {
            id: PilotId(id),
            factory: "f".into(),
            label: "l".into(),
            queue: "q".into(),
            site: "q".into(),
            batch: "b".into(),
            batch_id: id.to_string(),
            native_state: String::new(),
            state,
            flag,
            incarnation: 1,
            node: String::new(),
            slots: 1,
            jobs_now: 0,
            jobs_ended: 0,
            announced: Time(announced),
            started: started.map(Time),
            first_job: None,
            last_heard: None,
            ended: None,
            error_class: None,
            message: String::new(),
            test: None,
            reported: false,
        }
    }

    #[test]
    fn the_longest_wait_and_run_are_of_the_oldest_live_pilots() {
        use PilotState::{Done, Exiting, Pending, Running};
        let live = [
            pilot(3, Pending, 30, None, Some(PilotFlag::Held)),
            pilot(4, Pending, 40, None, None),
            pilot(1, Running, 10, Some(25), None),
            pilot(2, Running, 20, Some(21), None),
            pilot(5, Exiting, 1, Some(2), None),
        ];
        let counts = [(Pending, 2), (Running, 2), (Done, 7)];
        let counts = counts.map(|(state, pilots)| ("f".to_owned(), "l".to_owned(), "q".to_owned(), state, pilots));
        let [label] = label_statuses(&[], counts, &live).try_into().unwrap();
        assert_eq!(label.waits, Some(Since { since: Time(30), pilot: PilotId(3) }));
        assert_eq!(label.runs, Some(Since { since: Time(21), pilot: PilotId(2) }));
        assert_eq!((label.held, label.count(&[Running, Done]), label.batch.as_str()), (1, 9, ""));
    }
}
