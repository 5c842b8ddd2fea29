//! The table of all steps: name, what it may do to the number, settings, function.

use super::settings::Settings;
use super::*;
use model::spelling::hint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What a step may do to the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Can ask for pilots where no step before it did.
    Source,
    /// Only changes a number that is there.
    Limit,
    /// Limits, and is put behind every chain that does not have it: nobody should have to think of it.
    Guard,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident $kind:ident $([$section:ident: $settings:ty])? $function:path;)*) => {
        /// A step of a scheduler chain.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum StepName {
            $($(#[$doc])* $name,)*
        }

        impl StepName {
            /// All steps.
            pub const ALL: &[StepName] = &[$(StepName::$name),*];

            /// The name as written everywhere.
            pub fn as_str(self) -> &'static str {
                match self { $(StepName::$name => stringify!($name),)* }
            }

            /// What it may do to the number.
            pub fn kind(self) -> Kind {
                match self { $(StepName::$name => Kind::$kind,)* }
            }

            /// Its section of [`Sched`], if it has settings.
            pub fn section(self) -> Option<&'static str> {
                match self { $(StepName::$name => [$(Some(stringify!($section)),)? None][0],)* }
            }
        }

        /// `sched.*`: what is not set is `None`, and each step says what it does then.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct Sched {
            $($(#[doc = concat!(stringify!($name), ".")] pub $section: $settings,)?)*
        }

        impl Sched {
            /// These settings, and those of `other` where nothing is set.
            #[must_use]
            pub fn or(&self, other: &Sched) -> Sched {
                Sched { $($($section: self.$section.or(&other.$section),)?)* }
            }

            /// Every setting there is, as section and name.
            pub fn keys() -> Vec<(&'static str, &'static str)> {
                let mut keys = Vec::new();
                $($(keys.extend(<$settings>::keys().into_iter().map(|key| (stringify!($section), key)));)?)*
                keys
            }

            /// Reads the text of a setting that [`Sched::keys`] names; others are left alone.
            pub(crate) fn read(&mut self, section: &str, key: &str, text: &str) -> Result<(), String> {
                match section {
                    $($(stringify!($section) => self.$section.read(key, text),)?)*
                    _ => Ok(()),
                }
            }

            /// What is set, as section, name and value.
            pub fn values(&self) -> Vec<(&'static str, &'static str, Value)> {
                let mut all = Vec::new();
                $($(
                    let set = self.$section.values();
                    all.extend(set.into_iter().map(|(key, value)| (stringify!($section), key, value)));
                )?)*
                all
            }
        }

        /// Runs one step.
        pub(super) fn run(name: StepName, n: i64, sched: &Sched, situation: &Situation) -> Outcome {
            match name { $(StepName::$name => $function(n, $(&sched.$section,)? situation),)* }
        }
    };
}

steps! {
    /// Pilots for waiting jobs that nobody serves.
    Ready Source [ready: Ready] demand::ready;
    /// The same, job by job: cores, memory and the time that pilots still live are respected.
    ReadyFit Source [readyfit: ReadyFit] fit::ready_fit;
    /// Pilots for waiting jobs, and a number of its own without information.
    Fillactivated Source [fillactivated: Fillactivated] demand::fill_activated;
    /// Pilots for weighted numbers of waiting jobs and pending pilots.
    WeightedActivated Source [weightedactivated: WeightedActivated] demand::weighted_activated;
    /// The whole algorithm of AutoPyFactory 1.
    Classic Source [classic: Classic] classic::classic;
    /// At least one pilot where none is.
    StartFromZero Source [startfromzero: StartFromZero] start::start_from_zero;
    /// A fixed number each cycle.
    Fixed Source [fixed: Fixed] simple::fixed;
    /// What a program of the site's says.
    Command Source [command: Command] command::command;
    /// None.
    Null Source simple::null;
    /// Multiplies by a factor.
    Scale Limit [scale: Scale] simple::scale;
    /// At least so many.
    MinPerCycle Source [minpercycle: Minimum] per_cycle::min_per_cycle;
    /// At most so many.
    MaxPerCycle Limit [maxpercycle: Maximum] per_cycle::max_per_cycle;
    /// At least so many pending pilots.
    MinPending Source [minpending: Minimum] pending::min_pending;
    /// At most so many pending pilots.
    MaxPending Limit [maxpending: MaxPending] pending::max_pending;
    /// Keeps so many pilots.
    KeepNRunning Source [keepnrunning: KeepNRunning] total::keep_n_running;
    /// At most so many pending and running pilots.
    MaxToRun Limit [maxtorun: Maximum] total::max_to_run;
    /// At most so many pilots of the whole factory; `factory.max_pilots` when not set.
    MaxPerFactory Limit [maxperfactory: Maximum] total::max_per_factory;
    /// At most so many pilots of the factory at the queue's site.
    MaxPerSite Limit [maxpersite: Maximum] total::max_per_site;
    /// At most so many pilots of the factory on the batch end point.
    MaxPerEndpoint Limit [maxperendpoint: Maximum] total::max_per_endpoint;
    /// So many pilots over the whole life of the label.
    KeepNQueueLife Source [keepnqueuelife: KeepNQueueLife] life::keep_n_queue_life;
    /// At least so many pilots over the whole life of the label.
    MinToSubmit Source [mintosubmit: Minimum] life::min_to_submit;
    /// At most so many pilots over the whole life of the label.
    MaxToSubmit Limit [maxtosubmit: Maximum] life::max_to_submit;
    /// A fixed number while the queue is in test.
    StatusTest Source [statustest: StatusTest] status::status_test;
    /// A fixed number while the queue is offline.
    StatusOffline Source [statusoffline: StatusOffline] status::status_offline;
    /// A fixed number while too many pilots end at once.
    Throttle Limit [throttle: Throttle] throttle::throttle;
    /// Few while too many pilots end without having run a job.
    ThrottleEmpty Limit [throttleempty: ThrottleEmpty] throttle::throttle_empty;
    /// Says which facts are old; changes nothing.
    Stale Guard [stale: Stale] view::stale;
    /// None for a while after failures, then few.
    BackOff Guard [backoff: BackOff] back_off::back_off;
    /// No mass removal before it was wanted for a while.
    SafetyStop Guard [safetystop: SafetyStop] safety::safety_stop;
    /// No more than the batch end point takes.
    Capacity Guard view::capacity;
    /// Says which nodes new pilots avoid, as pilots failed on them; changes nothing.
    AvoidNodes Guard [avoidnodes: AvoidNodes] nodes::avoid_nodes;
    /// None while the label's credential cannot be used; its pilots stay.
    Credential Guard credential::credential;
    /// What people hold the label to: paused, draining, capped.
    Orders Guard orders::orders;
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for StepName {
    type Err = String;

    fn from_str(text: &str) -> Result<StepName, String> {
        StepName::ALL.iter().copied().find(|name| name.as_str() == text).ok_or_else(|| {
            let all = StepName::ALL.iter().map(|name| name.as_str());
            format!("there is no step '{text}'{}", hint(text, all))
        })
    }
}
