//! Doing what a plan says: announce, submit, record, remove.

use super::{Cycler, now};
use crate::plan::LabelPlan;
use batch::{BatchError, SubmitOutcome, crash_point};
use model::{CommandId, ErrorClass, PilotEvent, PilotId};
use wire::api::{AnnounceRequest, BatchUpdate};

impl Cycler {
    pub(super) async fn act(&mut self, plan: &mut LabelPlan) {
        if plan.submit > 0
            && let Err(error) = self.submit(plan, None).await
        {
            tracing::warn!(label = plan.decision.label, %error, "could not submit pilots");
            add_error(plan, &error);
        }
        self.dismissed.extend(&plan.remove);
        let Some(label) = self.config.label.get(&plan.decision.label) else { return };
        if let Some(batch) = self.batches.get(&label.batch).filter(|_| !plan.remove.is_empty())
            && let Err(error) = batch.remove(&plan.remove).await
        {
            add_error(plan, &format!("failed to {error}"));
        }
        if !plan.remove.is_empty() {
            crash_point("removed");
        }
        for pilot in plan.drain.clone() {
            self.tell_to_drain(pilot).await;
        }
    }

    /// Announces, submits, records; a crash between any two of them is mended by a later cycle. The id of the first
    /// pilot, or why not all were accepted.
    pub(super) async fn submit(&mut self, plan: &mut LabelPlan, test: Option<CommandId>) -> Result<PilotId, String> {
        let name = plan.decision.label.clone();
        let label = self.config.label.get(&name).map(|label| self.config.armed(label));
        let label = label.ok_or_else(|| format!("there is no label '{name}'"))?;
        let batch = self.batches.get(&label.batch).cloned();
        let batch = batch.ok_or_else(|| format!("there is no batch end point '{}'", label.batch))?;
        let request = AnnounceRequest {
            factory: self.config.factory.name.clone(),
            label: name.clone(),
            queue: label.queue.clone(),
            batch: label.batch.clone(),
            count: plan.submit,
            test,
        };
        let announced = self.server.announce(&request).await.map_err(|error| format!("failed to announce: {error}"))?;
        crash_point("announced");
        plan.decision.announced = announced.secrets.len() as u64;
        let request = self.launch.request(&self.config, &name, &label, &announced);
        let mut request = request.map_err(|error| error.to_string())?;
        request.needs.avoid.clone_from(&plan.avoid);
        let ids: Vec<PilotId> = (announced.first.0..).take(announced.secrets.len()).map(PilotId).collect();
        let at = now();
        self.world.past.submitted(&name, at);
        self.unborn.extend(ids.iter().map(|id| (*id, at)));
        let outcome = batch.submit(&request).await.unwrap_or_else(|error| outcome_of(&error, &ids));
        crash_point("submitted");
        plan.decision.accepted = outcome.accepted.len() as u64;
        // What is in doubt may come yet, as long after this moment as any command can have an effect.
        let memory = self.memories.entry(label.batch.clone()).or_default();
        memory.in_doubt(outcome.in_doubt(&ids), now());
        for pilot in &outcome.refused {
            // Not on their way: nothing hurries for them.
            self.unborn.remove(pilot);
        }
        if !outcome.full && !outcome.reason.is_empty() {
            self.learn_refusal(&name, &label.batch);
        }
        if let Some(monitors) = &self.monitors {
            monitors.submitted(&name, &outcome.accepted);
        }
        self.report(updates_of(&outcome)).await;
        crash_point("recorded");
        if outcome.accepted.len() == ids.len() { Ok(announced.first) } else { Err(refusal(&outcome)) }
    }
}

/// What a submission that failed as a whole came to.
fn outcome_of(error: &BatchError, ids: &[PilotId]) -> SubmitOutcome {
    let refused = if error.is_uncertain() { Vec::new() } else { ids.to_vec() };
    SubmitOutcome { refused, reason: format!("failed to {error}"), ..SubmitOutcome::default() }
}

fn updates_of(outcome: &SubmitOutcome) -> Vec<BatchUpdate> {
    let accepted = outcome.accepted.iter().map(|(pilot, batch_id)| BatchUpdate {
        pilot: *pilot,
        event: PilotEvent::Submit,
        batch_id: batch_id.clone(),
        native_state: String::new(),
        flag: None,
        error_class: None,
        message: String::new(),
    });
    // Full is not broken: nobody has to look after these.
    let event = if outcome.full { PilotEvent::End } else { PilotEvent::Break };
    let refused = outcome.refused.iter().map(|pilot| refused(*pilot, event, &refusal(outcome)));
    accepted.chain(refused).collect()
}

fn refused(pilot: PilotId, event: PilotEvent, message: &str) -> BatchUpdate {
    BatchUpdate {
        pilot,
        event,
        batch_id: String::new(),
        native_state: "refused".to_owned(),
        flag: None,
        error_class: (event == PilotEvent::Break).then_some(ErrorClass::Batch),
        message: message.to_owned(),
    }
}

fn refusal(outcome: &SubmitOutcome) -> String {
    let reason = &outcome.reason;
    match (outcome.full, outcome.refused.is_empty()) {
        (true, _) => format!("full: {reason}"),
        (false, false) => format!("not accepted: {reason}"),
        (false, true) => format!("in doubt: {reason}; the next status will tell"),
    }
}

fn add_error(plan: &mut LabelPlan, error: &str) {
    let held = &mut plan.decision.error;
    *held = if held.is_empty() { error.to_owned() } else { format!("{held}; {error}") };
}
