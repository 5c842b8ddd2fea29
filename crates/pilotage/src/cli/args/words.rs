//! Value parsers that know their words, so that a typo gets the nearest one; and times.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use model::{ErrorClass, JobState, PilotState, QueueStatus, Role, Time};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $type:ty) => {
        $(#[$doc])*
        pub fn $name() -> impl TypedValueParser<Value = $type> {
            PossibleValuesParser::new(<$type>::ALL.map(<$type>::as_str)).try_map(|word| word.parse::<$type>())
        }
    };
}

words!(
    /// States of a job.
    states,
    JobState
);
words!(
    /// States of a pilot.
    pilot_states,
    PilotState
);
words!(
    /// Classes of error.
    error_classes,
    ErrorClass
);
words!(
    /// Statuses of a queue.
    queue_statuses,
    QueueStatus
);
words!(
    /// Roles of a token.
    roles,
    Role
);

/// A time as people write it.
pub fn parse_time(text: &str) -> Result<Time, String> {
    let parsed = text.parse::<jiff::Timestamp>();
    parsed.map(Time::from).map_err(|_| format!("'{text}' is no time; write it as 2026-11-22T14:00:00Z"))
}
