//! Typed identifiers. All are positive integers that the store hands out; none is ever reused.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = i64)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// One job (PanDA's `PandaID`).
    JobId
);
id!(
    /// One pilot, made when it is announced; the only key of a pilot everywhere.
    PilotId
);
id!(
    /// One accepted submission: a single job or an array that shares one [`crate::JobSpec`].
    SubmissionId
);
id!(
    /// A set of jobs submitted as one (an array, or a PanDA task); 0 means none.
    TaskId
);
id!(
    /// One stored scheduling decision.
    DecisionId
);
id!(
    /// One command to a factory, pilot or job.
    CommandId
);
id!(
    /// One order to a factory.
    OrderId
);
id!(
    /// One alarm, from its onset to its end.
    AlarmId
);
id!(
    /// One silence of alarms.
    SilenceId
);
