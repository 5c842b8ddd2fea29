//! What HTCondor's states mean for a pilot.

use super::hold::{self, Hold};
use crate::{Flag, PilotStatus, exit_class};
use model::{ErrorClass, PilotEvent, PilotId};
use serde::Deserialize;

/// What HTCondor knows of one job; what it does not say is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Facts {
    /// `JobStatus`.
    pub job_status: i64,
    /// The state at the other end, in its words.
    pub grid_job_status: Option<String>,
    /// Why it is held.
    pub hold_reason: Option<String>,
    /// The same as a number.
    pub hold_reason_code: Option<i64>,
    /// Exit code.
    pub exit_code: Option<i64>,
    /// It ended by a signal. Also set when it was stopped for being held or evicted, so it counts for ended jobs only.
    pub exit_by_signal: Option<bool>,
    /// The signal.
    pub exit_signal: Option<i64>,
    /// Why it was removed.
    pub remove_reason: Option<String>,
    /// `JobStatus` before the present one.
    pub last_job_status: Option<i64>,
    /// Why it was held last.
    pub last_hold_reason: Option<String>,
    /// The same as a number.
    pub last_hold_reason_code: Option<i64>,
}

/// The end of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With an exit code.
    Exited(i32),
    /// By a signal.
    Signalled(i32),
    /// Taken out of the queue.
    Removed {
        /// In HTCondor's words.
        reason: String,
        /// It had run since it was submitted or held last.
        has_run: bool,
        /// Why it was held then, if it was.
        held: Option<Hold>,
    },
}

const REMOVED: i64 = 3;
const HELD: i64 = 5;

/// The pilot as `condor_q` shows it.
pub fn status(pilot: PilotId, batch_id: String, facts: &Facts) -> PilotStatus {
    use PilotEvent as E;
    let (word, event, flag) = match facts.job_status {
        0 => ("Unexpanded", E::Queue, None),
        1 => ("Idle", E::Queue, None),
        2 => ("Running", E::Run, None),
        3 => ("Removed", E::Exit, Some(Flag::Retiring)),
        4 => return ended(pilot, batch_id, &facts.end()),
        // Only until the files of a remote submission have come.
        HELD if facts.hold_reason_code == Some(hold::SPOOLING) => ("Spooling", E::Queue, None),
        HELD => ("Held", E::Queue, Some(Flag::Held)),
        6 => ("Transferring output", E::Exit, None),
        7 => ("Suspended", E::Run, Some(Flag::Suspended)),
        other => return unknown(pilot, batch_id, other),
    };
    let native_state = match facts.grid_job_status.as_deref().filter(|there| !there.is_empty()) {
        Some(there) => format!("{word} ({there})"),
        None => word.to_owned(),
    };
    let message = if flag == Some(Flag::Held) { facts.hold().in_words() } else { String::new() };
    PilotStatus { pilot, event: Some(event), batch_id, native_state, flag, error_class: None, message }
}

fn unknown(pilot: PilotId, batch_id: String, job_status: i64) -> PilotStatus {
    let (native_state, message) = (job_status.to_string(), format!("HTCondor: job status {job_status}"));
    PilotStatus { pilot, event: None, batch_id, native_state, flag: None, error_class: None, message }
}

impl Facts {
    /// How it ended; for `JobStatus` 3 and 4.
    pub fn end(&self) -> End {
        let number = |value: Option<i64>| value.and_then(|value| i32::try_from(value).ok()).unwrap_or_default();
        match self.job_status {
            REMOVED => End::Removed {
                reason: self.remove_reason.clone().unwrap_or_default(),
                has_run: matches!(self.last_job_status, Some(2 | 6 | 7)),
                held: (self.last_job_status == Some(HELD)).then(|| self.last_hold()),
            },
            _ if self.exit_by_signal == Some(true) => End::Signalled(number(self.exit_signal)),
            _ => End::Exited(number(self.exit_code)),
        }
    }

    fn hold(&self) -> Hold {
        Hold { code: self.hold_reason_code, reason: self.hold_reason.clone().unwrap_or_default() }
    }

    fn last_hold(&self) -> Hold {
        Hold { code: self.last_hold_reason_code, reason: self.last_hold_reason.clone().unwrap_or_default() }
    }
}

/// The pilot after its end.
pub fn ended(pilot: PilotId, batch_id: String, end: &End) -> PilotStatus {
    let (native_state, error_class, message) = match end {
        End::Exited(0) => ("Completed", None, String::new()),
        End::Exited(code) => ("Completed", Some(exit_class(*code)), format!("HTCondor: exit code {code}")),
        End::Signalled(signal) => ("Completed", Some(ErrorClass::Killed), format!("HTCondor: signal {signal}")),
        End::Removed { reason, has_run, held } => {
            let (class, message) = removal(reason, *has_run, held.as_ref());
            ("Removed", Some(class), message)
        }
    };
    let event = if error_class.is_some() { PilotEvent::Break } else { PilotEvent::End };
    let native_state = native_state.to_owned();
    PilotStatus { pilot, event: Some(event), batch_id, native_state, flag: None, error_class, message }
}

/// Our policy removes what was held for too long and what ran for too long; all else was somebody's wish.
fn removal(reason: &str, has_run: bool, held: Option<&Hold>) -> (ErrorClass, String) {
    let by_policy = reason.contains("PeriodicRemove");
    match held {
        Some(hold) => (hold.class(), format!("{}, then removed", hold.in_words())),
        None if by_policy && has_run => {
            (ErrorClass::WallTime, "HTCondor: removed after it ran for too long".to_owned())
        }
        None if by_policy => (ErrorClass::Batch, format!("HTCondor: removed: {reason}")),
        None => (ErrorClass::Killed, format!("HTCondor: removed: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(facts: Facts) -> PilotStatus {
        status(PilotId(1), "7.0".into(), &facts)
    }

    #[test]
    fn every_documented_state_is_known() {
        // The list of the manual of HTCondor 23; 4 is read as an end.
        for job_status in [1, 2, 3, 4, 5, 6, 7] {
            assert!(of(Facts { job_status, ..Facts::default() }).event.is_some(), "{job_status}");
        }
        let strange = of(Facts { job_status: 9, ..Facts::default() });
        assert_eq!((strange.event, strange.message.as_str()), (None, "HTCondor: job status 9"));
    }

    #[test]
    fn files_on_their_way_are_no_hold() {
        let spooling = Facts { job_status: 5, hold_reason_code: Some(16), ..Facts::default() };
        assert_eq!((of(spooling.clone()).flag, of(spooling).native_state.as_str()), (None, "Spooling"));
        let held = of(Facts { job_status: 5, hold_reason_code: Some(34), ..Facts::default() });
        assert_eq!((held.flag, held.event, held.error_class), (Some(Flag::Held), Some(PilotEvent::Queue), None));
    }

    #[test]
    fn removals_have_their_class() {
        let policy = "The job attribute PeriodicRemove expression 'x' evaluated to TRUE";
        let hold = |code| Hold { code: Some(code), reason: "why".into() };
        assert_eq!(removal(policy, true, None).0, ErrorClass::WallTime);
        assert_eq!(removal(policy, false, None).0, ErrorClass::Batch);
        assert_eq!(removal(policy, false, Some(&hold(34))).0, ErrorClass::Memory);
        assert_eq!(removal("via condor_rm (by user games)", true, None).0, ErrorClass::Killed);
        let words = removal("via condor_rm (by user games)", true, Some(&hold(1))).1;
        assert_eq!(words, "HTCondor: held: why (code 1), then removed");
    }
}
