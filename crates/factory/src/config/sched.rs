//! Settings of the scheduler steps as labels have them: from TOML, or from the text of AutoPyFactory's options.

pub use crate::chain::{Sched, StepName};

use crate::chain::{Kind, MaxPending, Maximum, Minimum};
use model::spelling::nearest;

/// The chain of labels that name none: as many pilots as waiting jobs need, bounded per cycle, waiting at once, and in
/// all; none for a queue that is offline.
pub const DEFAULT_CHAIN: [StepName; 7] = [
    StepName::ReadyFit,
    StepName::MaxPerCycle,
    StepName::StatusOffline,
    StepName::MaxPending,
    StepName::MaxToRun,
    StepName::MaxPerFactory,
    StepName::MinPerCycle,
];

/// What the option of `[Factory]` is called in AutoPyFactory; all others begin with `sched.`.
const OF_FACTORY: &str = "maxperfactory.maximum";

impl Sched {
    /// Bounds of the default chain: they suit a laptop (where the slots of the machine bound it anyway) and a small
    /// cluster.
    pub fn of_default_chain() -> Sched {
        Sched {
            maxpercycle: Maximum { maximum: Some(100) },
            maxpending: MaxPending { maximum: Some(100), allow_negative: Some(false), no_limit_when_empty: None },
            maxtorun: Maximum { maximum: Some(1000) },
            minpercycle: Minimum { minimum: Some(0) },
            ..Sched::default()
        }
    }

    /// Reads an option of AutoPyFactory, such as `sched.scale.factor`, from its text. The error says what is wrong with
    /// it, without its name.
    pub fn set_option(&mut self, option: &str, text: &str) -> Result<(), String> {
        let keys = Sched::keys();
        let dotted = if option == OF_FACTORY { format!("sched.{option}") } else { option.to_owned() };
        let known = keys.iter().find(|(section, key)| dotted == format!("sched.{section}.{key}"));
        if let Some((section, key)) = known {
            return self.read(section, key, text);
        }
        let all: Vec<String> = keys.iter().map(|(section, key)| format!("sched.{section}.{key}")).collect();
        // Too many to list.
        let near = nearest(option, all.iter().map(String::as_str));
        let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        Err(format!("is no option of a step{hint}"))
    }
}

/// The chain as it runs: with the guards that it does not name behind it.
pub fn guarded(chain: &[StepName]) -> Vec<StepName> {
    let missing = StepName::ALL.iter().filter(|step| step.kind() == Kind::Guard && !chain.contains(step));
    chain.iter().chain(missing).copied().collect()
}
