//! What Slurm's job states mean for a pilot.

use crate::Flag;
use model::{ErrorClass, PilotEvent};

/// Meaning of one native state.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Meaning {
    /// `None` for a state that we do not know.
    pub event: Option<PilotEvent>,
    /// Beside the state.
    pub flag: Option<Flag>,
    /// Why it broke.
    pub error_class: Option<ErrorClass>,
}

/// Meaning of a state (long form, as `squeue -o %T`, `scontrol` and `sacct` print it) with its reason.
pub fn meaning(state: &str, reason: &str) -> Meaning {
    use PilotEvent as E;
    // sacct prints "CANCELLED by 1000".
    let word = state.split([' ', '+']).next().unwrap_or_default();
    let is = |event| Meaning { event: Some(event), ..Meaning::default() };
    let broke = |class| Meaning { error_class: Some(class), ..is(E::Break) };
    match word {
        "PENDING" if is_held(reason) => Meaning { flag: Some(Flag::Held), ..is(E::Queue) },
        "PENDING" | "REQUEUED" | "CONFIGURING" | "REQUEUE_FED" => is(E::Queue),
        "REQUEUE_HOLD" | "SPECIAL_EXIT" | "RESV_DEL_HOLD" => Meaning { flag: Some(Flag::Held), ..is(E::Queue) },
        "RUNNING" | "SIGNALING" | "RESIZING" => is(E::Run),
        "SUSPENDED" | "STOPPED" => Meaning { flag: Some(Flag::Suspended), ..is(E::Run) },
        "COMPLETING" | "STAGE_OUT" => is(E::Exit),
        "COMPLETED" => is(E::End),
        "FAILED" => broke(ErrorClass::Internal),
        "TIMEOUT" | "DEADLINE" => broke(ErrorClass::WallTime),
        "NODE_FAIL" | "BOOT_FAIL" | "LAUNCH_FAILED" => broke(ErrorClass::Node),
        "OUT_OF_MEMORY" => broke(ErrorClass::Memory),
        "PREEMPTED" => broke(ErrorClass::Evicted),
        "CANCELLED" => broke(ErrorClass::Killed),
        "REVOKED" | "RECONFIG_FAIL" => broke(ErrorClass::Batch),
        _ => Meaning::default(),
    }
}

fn is_held(reason: &str) -> bool {
    matches!(reason, "JobHeldUser" | "JobHeldAdmin" | "JobHoldMaxRequeue" | "DependencyNeverSatisfied")
        || reason.contains("requeued_held")
}

/// The same in words.
pub fn in_words(state: &str, reason: &str, exit: Option<(i32, i32)>) -> String {
    let mut text = format!("Slurm: {state}");
    if !reason.is_empty() && reason != "None" {
        text.push_str(&format!(", {reason}"));
    }
    match exit {
        Some((_, signal)) if signal > 0 => text.push_str(&format!(", signal {signal}")),
        Some((code, _)) if code > 0 => text.push_str(&format!(", exit code {code}")),
        _ => {}
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_state_is_known() {
        // The list of squeue(1) in Slurm 22.05.
        let states = "BOOT_FAIL CANCELLED COMPLETED CONFIGURING COMPLETING DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY \
                      PENDING PREEMPTED RUNNING RESV_DEL_HOLD REQUEUE_FED REQUEUE_HOLD REQUEUED RESIZING REVOKED \
                      SIGNALING SPECIAL_EXIT STAGE_OUT STOPPED SUSPENDED TIMEOUT";
        for state in states.split_whitespace() {
            assert!(meaning(state, "None").event.is_some(), "{state}");
        }
        assert_eq!(meaning("MELTING", ""), Meaning::default());
    }

    #[test]
    fn flags_and_classes() {
        assert_eq!(meaning("PENDING", "JobHeldUser").flag, Some(Flag::Held));
        assert_eq!(meaning("PENDING", "Priority").flag, None);
        assert_eq!(meaning("SUSPENDED", "").flag, Some(Flag::Suspended));
        assert_eq!(meaning("CANCELLED by 1000", "").error_class, Some(ErrorClass::Killed));
        assert_eq!(meaning("CANCELLED+", "").error_class, Some(ErrorClass::Killed));
        assert_eq!(in_words("FAILED", "NonZeroExitCode", Some((3, 0))), "Slurm: FAILED, NonZeroExitCode, exit code 3");
        assert_eq!(in_words("NODE_FAIL", "None", None), "Slurm: NODE_FAIL");
    }
}
