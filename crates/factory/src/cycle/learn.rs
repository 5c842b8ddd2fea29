//! What a cycle learns from what happened to pilots: failures, ends, starts, and what the server remembers for us.

use super::Cycler;
use crate::chain::StepName;
use crate::past::{EndedPilot, is_unfit, node_of};
use crate::reconcile::Gap;
use model::{PilotEvent, PilotId, Time};
use std::collections::{BTreeMap, BTreeSet};
use wire::api::{BatchUpdate, PilotSummary};

/// The most labels that the server is asked about in one cycle, so that the first one does not wait long for them.
const RECALLS_MAX: usize = 50;

/// One pilot that a report closes.
pub(super) struct End {
    label: String,
    /// It said hello, or is of those who never do and ended well.
    came_up: bool,
    /// It broke before its hello, and not because nobody ever submitted it.
    failed: bool,
    ran: Option<EndedPilot>,
    /// The node that it failed on before its first job, and what it said.
    bad_node: Option<(String, String)>,
}

/// What this process knows of pilots beside their records.
struct Watched<'a> {
    unborn: &'a BTreeMap<PilotId, Time>,
    dismissed: &'a BTreeSet<PilotId>,
    foreign: BTreeSet<&'a str>,
}

impl Watched<'_> {
    fn end(&self, record: &PilotSummary, update: &BatchUpdate, now: Time) -> End {
        let silent = record.started.is_none() || is_unfit(record);
        let own_will = !self.dismissed.contains(&record.id);
        let broke = update.event == PilotEvent::Break && update.native_state != "absent";
        let ended_well = own_will && update.event == PilotEvent::End && self.foreign.contains(&*record.label);
        End {
            label: record.label.clone(),
            came_up: (!silent || ended_well) && self.unborn.contains_key(&record.id),
            failed: silent && broke && own_will,
            ran: EndedPilot::closed(record, update, now).filter(|_| own_will),
            bad_node: node_of(record, update).filter(|_| own_will),
        }
    }
}

impl Cycler {
    /// The pilots that a gap closes, while they are still known.
    pub(super) fn ends_of(&self, gap: &Gap) -> Vec<End> {
        let is_end = |update: &&BatchUpdate| matches!(update.event, PilotEvent::End | PilotEvent::Break);
        let updates: BTreeMap<PilotId, &BatchUpdate> =
            gap.updates.iter().filter(is_end).map(|update| (update.pilot, update)).collect();
        let foreign = self.config.foreign_labels();
        let watched = Watched { unborn: &self.unborn, dismissed: &self.dismissed, foreign };
        let pilots = self.world.pilots.iter().flat_map(|read| &read.value);
        pilots.filter_map(|record| Some(watched.end(record, updates.get(&record.id)?, self.world.now))).collect()
    }

    /// Takes note of pilots that an end point closed. However many failed together count as one failure; when others
    /// came up at the same time, as none.
    pub(super) fn learn_ends(&mut self, batch: &str, ends: Vec<End>) {
        let failed: BTreeSet<&str> = ends.iter().filter(|end| end.failed).map(|end| end.label.as_str()).collect();
        for label in &failed {
            self.world.past.label_failed(label, self.world.now);
        }
        if !failed.is_empty() {
            self.world.past.endpoint_failed(batch, self.world.now);
        }
        let bad: BTreeMap<&String, &String> =
            ends.iter().filter_map(|end| end.bad_node.as_ref()).map(|(node, why)| (node, why)).collect();
        for (node, why) in bad {
            tracing::warn!(batch, node, why, "pilots failed on a node");
            self.world.past.nodes.failed(batch, node, why, self.world.now);
        }
        for end in &ends {
            if end.came_up {
                self.world.past.started(&end.label, batch);
            }
            if let Some(pilot) = end.ran {
                self.world.past.ended(&end.label, pilot);
            }
        }
    }

    /// A submission failed: its label and its end point wait, all others go on.
    pub(super) fn learn_refusal(&mut self, label: &str, batch: &str) {
        self.world.past.label_failed(label, self.world.now);
        self.world.past.endpoint_failed(batch, self.world.now);
    }

    /// Forgets dismissed pilots that are gone.
    pub(super) fn forget_dismissed(&mut self) {
        let live: BTreeSet<PilotId> =
            self.world.pilots.iter().flat_map(|read| &read.value).map(|pilot| pilot.id).collect();
        self.dismissed.retain(|pilot| live.contains(pilot));
    }

    /// Which pilots said hello since the last cycle: their label and end point are well.
    pub(super) fn learn_starts(&mut self) {
        let mut unborn = BTreeMap::new();
        let live = self.world.pilots.iter().flat_map(|read| &read.value);
        for pilot in live.filter(|pilot| self.batches.contains_key(&pilot.batch)) {
            if pilot.started.is_none() || is_unfit(pilot) {
                unborn.insert(pilot.id, pilot.announced);
            } else if self.unborn.contains_key(&pilot.id) {
                self.world.past.started(&pilot.label, &pilot.batch);
                self.world.past.nodes.well(&pilot.batch, &pilot.node);
            }
        }
        self.unborn = unborn;
    }

    /// Asks the server for what steps want to know of pilots that are gone.
    pub(crate) async fn recall(&mut self) {
        self.recall_lives().await;
        let wanted = self.labels_with(&[StepName::Throttle, StepName::ThrottleEmpty]);
        let unknown = wanted.into_iter().filter(|label| !self.world.past.is_recalled(label));
        for label in unknown.take(RECALLS_MAX).collect::<Vec<_>>() {
            match self.server.ended_pilots(&self.config.factory.name, &label).await {
                Ok(records) => self.world.past.recall(&label, &records),
                Err(error) => {
                    tracing::warn!(%label, %error, "could not get the ended pilots of a label from the server");
                    return;
                }
            }
        }
    }

    async fn recall_lives(&mut self) {
        let steps = [StepName::KeepNQueueLife, StepName::MinToSubmit, StepName::MaxToSubmit];
        if self.labels_with(&steps).is_empty() {
            return;
        }
        match self.server.ended_counts(&self.config.factory.name).await {
            Ok(ended) => self.world.ended = Some(ended),
            Err(error) => tracing::warn!(%error, "could not get the number of ended pilots from the server"),
        }
    }

    /// Enabled labels with any of these steps in their chain.
    fn labels_with(&self, steps: &[StepName]) -> Vec<String> {
        let enabled = self.config.label.iter().filter(|(_, label)| label.enabled);
        let chains = enabled.map(|(name, label)| (name, label.chain(&self.config.factory)));
        chains
            .filter(|(_, chain)| chain.iter().any(|step| steps.contains(step)))
            .map(|(name, _)| name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::pilot_for_tests as pilot;
    use model::PilotState;

    fn end_of(event: PilotEvent, dismissed: &[PilotId], foreign: &[&str]) -> End {
        let record = PilotSummary { started: None, last_heard: None, ..pilot(1, "l", PilotState::Pending) };
        let update = BatchUpdate {
            pilot: PilotId(1),
            event,
            batch_id: String::new(),
            native_state: "exited".into(),
            flag: None,
            error_class: None,
            message: String::new(),
        };
        let (unborn, dismissed) = ([(record.id, Time(0))].into(), dismissed.iter().copied().collect());
        let foreign = foreign.iter().copied().collect();
        Watched { unborn: &unborn, dismissed: &dismissed, foreign }.end(&record, &update, Time(0))
    }

    #[test]
    fn a_pilot_that_was_taken_out_of_the_queue_says_nothing() {
        let end = |event, dismissed: &[PilotId]| {
            let end = end_of(event, dismissed, &[]);
            (end.failed, end.ran.is_some())
        };
        assert_eq!(end(PilotEvent::Break, &[]), (true, false));
        assert_eq!(end(PilotEvent::End, &[]), (false, true));
        assert_eq!(end(PilotEvent::Break, &[PilotId(1)]), (false, false));
        assert_eq!(end(PilotEvent::End, &[PilotId(1)]), (false, false));
    }

    #[test]
    fn a_pilot_of_others_came_up_when_it_ended_well() {
        assert!(end_of(PilotEvent::End, &[], &["l"]).came_up);
        assert!(!end_of(PilotEvent::End, &[], &[]).came_up);
        assert!(!end_of(PilotEvent::End, &[PilotId(1)], &["l"]).came_up);
        assert!(!end_of(PilotEvent::Break, &[], &["l"]).came_up);
    }
}
