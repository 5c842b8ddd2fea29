//! Settings of the scheduler steps, spelled as AutoPyFactory spelled them (`sched.ready.offset`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A step of a scheduler chain. The names are AutoPyFactory's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum StepName {
    /// Pilots for jobs that wait and that nobody serves.
    Ready,
    /// Multiplies by a factor.
    Scale,
    /// At least so many.
    MinPerCycle,
    /// At most so many.
    MaxPerCycle,
    /// At most so many pending pilots.
    MaxPending,
    /// At least so many pending pilots.
    MinPending,
    /// At most so many pending and running pilots.
    MaxToRun,
    /// At most so many pilots of the whole factory.
    MaxPerFactory,
    /// A fixed number while the queue is in test.
    StatusTest,
    /// A fixed number while the queue is offline.
    StatusOffline,
    /// Keeps so many pilots.
    KeepNRunning,
    /// A fixed number each cycle.
    Fixed,
    /// None.
    Null,
}

macro_rules! settings {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl $name {
            fn or(&self, other: &$name) -> $name {
                $name { $($field: self.$field.clone().or_else(|| other.$field.clone()),)* }
            }
        }
    };
}

macro_rules! sections {
    ($($(#[$doc:meta])* $field:ident: $type:ident,)*) => {
        /// `sched.*`: what is not set is `None`, and each step says what it does then.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Sched {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Sched {
            /// These settings, and those of `other` where nothing is set.
            pub fn or(&self, other: &Sched) -> Sched {
                Sched { $($field: self.$field.or(&other.$field),)* }
            }
        }
    };
}

settings!(
    /// `sched.ready`.
    Ready {
        /// Waiting jobs to leave alone; 0 when not set.
        offset: i64,
    }
);
settings!(
    /// `sched.scale`.
    Scale {
        /// Factor; 1.0 when not set.
        factor: f64,
    }
);
settings!(
    /// `sched.minpercycle`, `sched.minpending`.
    Minimum {
        /// The least.
        minimum: i64,
    }
);
settings!(
    /// `sched.maxpercycle`, `sched.maxtorun`, `sched.maxperfactory`.
    Maximum {
        /// The most.
        maximum: i64,
    }
);
settings!(
    /// `sched.maxpending`.
    MaxPending {
        /// The most pending pilots.
        maximum: i64,
        /// Whether too many pending pilots make the number negative; true when not set.
        allow_negative: bool,
    }
);
settings!(
    /// `sched.statustest`, `sched.statusoffline`.
    Pilots {
        /// The number while the queue has this status; 0 when not set.
        pilots: i64,
    }
);
settings!(
    /// `sched.keepnrunning`.
    KeepNRunning {
        /// How many to keep; when not set the number that comes in is the target.
        keep_running: i64,
    }
);
settings!(
    /// `sched.fixed`.
    Fixed {
        /// Pilots each cycle.
        pilotspercycle: i64,
    }
);

sections! {
    /// Ready.
    ready: Ready,
    /// Scale.
    scale: Scale,
    /// MinPerCycle.
    minpercycle: Minimum,
    /// MaxPerCycle.
    maxpercycle: Maximum,
    /// MaxPending.
    maxpending: MaxPending,
    /// MinPending.
    minpending: Minimum,
    /// MaxToRun.
    maxtorun: Maximum,
    /// MaxPerFactory; `factory.max_pilots` when not set.
    maxperfactory: Maximum,
    /// StatusTest.
    statustest: Pilots,
    /// StatusOffline.
    statusoffline: Pilots,
    /// KeepNRunning.
    keepnrunning: KeepNRunning,
    /// Fixed.
    fixed: Fixed,
}

impl Sched {
    /// Bounds of the default chain: they suit a laptop (where the slots of the machine bound it anyway) and a small
    /// cluster.
    pub fn of_default_chain() -> Sched {
        Sched {
            maxpercycle: Maximum { maximum: Some(100) },
            maxpending: MaxPending { maximum: Some(100), allow_negative: Some(false) },
            maxtorun: Maximum { maximum: Some(1000) },
            minpercycle: Minimum { minimum: Some(0) },
            ..Sched::default()
        }
    }
}

impl StepName {
    /// All steps.
    pub const ALL: [StepName; 13] = [
        StepName::Ready,
        StepName::Scale,
        StepName::MinPerCycle,
        StepName::MaxPerCycle,
        StepName::MaxPending,
        StepName::MinPending,
        StepName::MaxToRun,
        StepName::MaxPerFactory,
        StepName::StatusTest,
        StepName::StatusOffline,
        StepName::KeepNRunning,
        StepName::Fixed,
        StepName::Null,
    ];

    /// The name as written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            StepName::Ready => "Ready",
            StepName::Scale => "Scale",
            StepName::MinPerCycle => "MinPerCycle",
            StepName::MaxPerCycle => "MaxPerCycle",
            StepName::MaxPending => "MaxPending",
            StepName::MinPending => "MinPending",
            StepName::MaxToRun => "MaxToRun",
            StepName::MaxPerFactory => "MaxPerFactory",
            StepName::StatusTest => "StatusTest",
            StepName::StatusOffline => "StatusOffline",
            StepName::KeepNRunning => "KeepNRunning",
            StepName::Fixed => "Fixed",
            StepName::Null => "Null",
        }
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
