//! Alarms: what is broken, since when, and who was told.
//!
//! Pure functions: [`findings`] says what is wrong with a [`Situation`], [`turn`] makes of findings and of the alarms that
//! there were the alarms that there are and the [`Notice`]s that somebody should get.

pub mod exclusion;
mod factories;
mod facts;
mod finding;
mod inhibition;
mod labels;
mod life;
mod matcher;
mod notice;
mod queues;
mod record;
mod rule;
mod settings;
mod silence;
mod words;

pub use facts::{BlackHole, DAYS_BEFORE, Facts, LabelFacts, QueueFacts, Situation, black_holes, stuck_since};
pub use finding::{Finding, Grade, findings};
pub use inhibition::inhibitor;
pub use life::{Turn, turn};
pub use matcher::Matcher;
pub use notice::{Notice, Occasion};
pub use record::{
    Acknowledgement, Alarm, AlarmEvent, AlarmEventKind, AlarmRemark, Held, Severity, Subject, SubjectKind, Told,
};
pub use rule::{Direction, Rule, Unit, reference};
pub use settings::{Adjustment, AlarmSettings, Change, ExclusionSettings, RuleSettings};
pub use silence::Silence;
pub use words::{lasting, minute};

#[cfg(test)]
mod tests;
