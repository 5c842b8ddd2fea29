//! What an APF monitor must be told of a pilot, in the order that it accepts: `running` only after `created`, `exiting`
//! only after `running`, `done` only after `exiting`, `fault` after any of them.

use model::{PilotId, PilotState};
use serde::{Deserialize, Serialize};
use wire::api::{BatchUpdate, PilotSummary};

/// The return code of a pilot that ran jobs.
const RAN_JOBS: i32 = 0;
/// The return code of a pilot that found no job, a *miss* on the monitor's pages.
const NO_JOB: i32 = 20;

/// A pilot's state as monitors know it, in the order of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The batch system accepted it.
    Created,
    /// It runs on a node.
    Running,
    /// It takes no more jobs.
    Exiting,
    /// Gone, as wanted.
    Done,
    /// Gone, not as wanted, or before it ran.
    Fault,
}

impl Stage {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Created => "created",
            Stage::Running => "running",
            Stage::Exiting => "exiting",
            Stage::Done => "done",
            Stage::Fault => "fault",
        }
    }

    /// Nothing follows it.
    pub fn is_final(self) -> bool {
        matches!(self, Stage::Done | Stage::Fault)
    }
}

/// One thing to tell about one pilot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The pilot.
    pub pilot: PilotId,
    /// The batch system's id of it, by which monitors know it.
    pub cid: String,
    /// Its label.
    pub label: String,
    /// What it has come to.
    pub stage: Stage,
    /// The return code, with [`Stage::Exiting`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rc: Option<i32>,
}

/// What is known of a pilot now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The pilot.
    pub pilot: PilotId,
    /// The batch system's id of it.
    pub cid: &'a str,
    /// Its label.
    pub label: &'a str,
    /// What it has come to.
    pub stage: Stage,
    /// Whether it ever ran.
    pub ran: bool,
    /// Its return code, as far as it is known.
    pub rc: i32,
}

impl<'a> Seen<'a> {
    /// What the record says, and what a batch system says beyond it. `None` for a pilot that no batch system has.
    pub fn of(record: &'a PilotSummary, update: Option<&'a BatchUpdate>) -> Option<Seen<'a>> {
        let cid = update.map(|update| update.batch_id.as_str()).filter(|id| !id.is_empty()).unwrap_or(&record.batch_id);
        let state = update.and_then(|update| record.state.next(update.event).ok()).unwrap_or(record.state);
        let ran = record.started.is_some() || record.state == PilotState::Running;
        let rc = if record.jobs_ended > 0 { RAN_JOBS } else { NO_JOB };
        let seen = Seen { pilot: record.id, cid, label: &record.label, stage: stage(record, state), ran, rc };
        (!cid.is_empty()).then_some(seen)
    }

    /// What is still to be told to a monitor that was told of `told`. The wrappers of `foreign` pilots tell of their
    /// running and exiting themselves.
    pub fn missing(self, told: Option<Stage>, foreign: bool) -> impl Iterator<Item = Event> {
        let whole: &[Stage] = match (self.stage, foreign, self.ran) {
            (Stage::Created, ..) | (Stage::Running | Stage::Exiting, true, _) => &[Stage::Created],
            (Stage::Running, false, _) => &[Stage::Created, Stage::Running],
            // Taken out of its queue, and not gone yet.
            (Stage::Exiting, false, false) => &[Stage::Created],
            (Stage::Exiting, false, true) => &[Stage::Created, Stage::Running, Stage::Exiting],
            (Stage::Done, true, _) => &[Stage::Created, Stage::Done],
            (Stage::Done, false, true) => &[Stage::Created, Stage::Running, Stage::Exiting, Stage::Done],
            (Stage::Fault, false, true) => &[Stage::Created, Stage::Running, Stage::Fault],
            // AutoPyFactory tells the same of what was removed before it ran.
            (Stage::Done, false, false) | (Stage::Fault, ..) => &[Stage::Created, Stage::Fault],
        };
        let is_over = told.is_some_and(Stage::is_final);
        let missing = whole.iter().filter(move |stage| !is_over && told.is_none_or(|told| **stage > told));
        missing.map(move |stage| Event {
            pilot: self.pilot,
            cid: self.cid.to_owned(),
            label: self.label.to_owned(),
            stage: *stage,
            rc: (*stage == Stage::Exiting).then_some(self.rc),
        })
    }
}

/// A pilot that leaves with an error is in fault for monitors, as AutoPyFactory's wrappers tell it.
fn stage(record: &PilotSummary, state: PilotState) -> Stage {
    match state {
        PilotState::Announced | PilotState::Submitted | PilotState::Pending => Stage::Created,
        PilotState::Running => Stage::Running,
        PilotState::Exiting if record.error_class.is_none() => Stage::Exiting,
        PilotState::Done => Stage::Done,
        PilotState::Exiting | PilotState::Fault => Stage::Fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::pilot_for_tests;
    use Stage::{Created, Done, Exiting, Fault, Running};
    use model::{ErrorClass, PilotEvent, Time};

    fn record(state: PilotState, ran: bool) -> PilotSummary {
        let started = ran.then_some(Time(1));
        PilotSummary { batch_id: "1.0".into(), started, ..pilot_for_tests(1, "l", state) }
    }

    fn missing(record: &PilotSummary, told: Option<Stage>, foreign: bool) -> Vec<Stage> {
        Seen::of(record, None).unwrap().missing(told, foreign).map(|event| event.stage).collect()
    }

    #[test]
    fn whatever_was_missed_is_told_in_the_order_that_monitors_accept() {
        let done = record(PilotState::Done, true);
        assert_eq!(missing(&done, None, false), [Created, Running, Exiting, Done]);
        assert_eq!(missing(&done, Some(Running), false), [Exiting, Done]);
        assert_eq!(missing(&record(PilotState::Running, true), Some(Created), false), [Running]);
        assert_eq!(missing(&record(PilotState::Pending, false), None, false), [Created]);
        assert_eq!(missing(&record(PilotState::Fault, true), Some(Created), false), [Running, Fault]);
        assert_eq!(missing(&record(PilotState::Fault, false), Some(Created), false), [Fault]);
    }

    #[test]
    fn nothing_is_told_twice_and_no_life_goes_back() {
        assert_eq!(missing(&record(PilotState::Running, true), Some(Running), false), []);
        assert_eq!(missing(&record(PilotState::Pending, true), Some(Running), false), [], "requeued");
        assert_eq!(missing(&record(PilotState::Fault, true), Some(Done), false), []);
        assert_eq!(missing(&record(PilotState::Done, true), Some(Fault), false), []);
    }

    #[test]
    fn wrappers_of_others_speak_for_themselves() {
        assert_eq!(missing(&record(PilotState::Running, false), None, true), [Created]);
        assert_eq!(missing(&record(PilotState::Exiting, false), Some(Created), true), []);
        assert_eq!(missing(&record(PilotState::Done, false), Some(Created), true), [Done]);
    }

    #[test]
    fn a_pilot_that_was_removed_before_it_ran_is_in_fault_as_with_autopyfactory() {
        assert_eq!(missing(&record(PilotState::Done, false), Some(Created), false), [Fault]);
        assert_eq!(missing(&record(PilotState::Exiting, false), None, false), [Created], "not gone yet");
        let leaving = PilotSummary { error_class: Some(ErrorClass::Node), ..record(PilotState::Exiting, true) };
        assert_eq!(missing(&leaving, Some(Running), false), [Fault]);
    }

    #[test]
    fn the_return_code_tells_whether_it_found_a_job() {
        let rc = |jobs_ended| {
            let leaving = PilotSummary { jobs_ended, ..record(PilotState::Exiting, true) };
            Seen::of(&leaving, None).unwrap().missing(Some(Running), false).map(|event| event.rc).collect::<Vec<_>>()
        };
        assert_eq!((rc(3), rc(0)), (vec![Some(0)], vec![Some(20)]));
    }

    #[test]
    fn what_the_batch_system_says_counts_beyond_the_record() {
        let update = |event, batch_id: &str| BatchUpdate {
            pilot: PilotId(1),
            event,
            batch_id: batch_id.into(),
            native_state: String::new(),
            flag: None,
            error_class: None,
            message: String::new(),
        };
        let announced = pilot_for_tests(1, "l", PilotState::Announced);
        assert_eq!(Seen::of(&announced, None), None, "no batch system has it");
        let accepted = update(PilotEvent::Submit, "7.0");
        let seen = Seen::of(&announced, Some(&accepted)).unwrap();
        assert_eq!((seen.cid, seen.stage), ("7.0", Created));
        let running = record(PilotState::Running, true);
        assert_eq!(Seen::of(&running, Some(&update(PilotEvent::Break, ""))).unwrap().stage, Fault);
    }
}
