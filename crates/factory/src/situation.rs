//! What a chain is given: counts with their ages. Unknown and empty are different things: an unknown group is `None`,
//! an empty one is there with zeros.

mod offer;
mod ordered;

pub use ordered::Ordered;

use model::decision::Fact;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Declares a group of facts; what is missing in it has its default, what is at its default is not written.
macro_rules! facts {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
    };
}

facts!(
    /// The jobs of the label's queue, in the states of AutoPyFactory.
    Wms {
        /// Where they were counted; empty for our own server.
        #[serde(skip_serializing_if = "String::is_empty")]
        from: String,
        /// Waiting jobs that a pilot of this label can run.
        #[serde(alias = "activated")]
        ready: i64,
        /// Slots of this label's pilots that these jobs fill; `None` when each fills one.
        #[serde(skip_serializing_if = "Option::is_none")]
        ready_slots: Option<i64>,
        /// Jobs that wait for something else.
        #[serde(skip_serializing_if = "is_zero")]
        notready: i64,
        /// Jobs that pilots hold.
        running: i64,
        /// Jobs whose outputs are on their way; also counted as running.
        #[serde(skip_serializing_if = "is_zero")]
        transferring: i64,
        /// Finished jobs.
        #[serde(skip_serializing_if = "is_zero")]
        done: i64,
        /// Failed and cancelled jobs.
        #[serde(skip_serializing_if = "is_zero")]
        failed: i64,
        /// Jobs in states that we do not know.
        #[serde(skip_serializing_if = "is_zero")]
        unknown: i64,
        /// Free slots of pilots that wait for a job right now.
        #[serde(skip_serializing_if = "is_zero")]
        idle_slots: i64,
        /// Slots of pilots of the factory's other labels that are on their way to the same queue.
        #[serde(skip_serializing_if = "is_zero")]
        coming_slots: i64,
        /// Waiting jobs that no pilot of this label can run, too large or too long.
        #[serde(skip_serializing_if = "is_zero")]
        unfit: i64,
        /// All waiting jobs by what they need; `None` when only their number is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        shapes: Option<Vec<Waiting>>,
        /// Jobs of the priority that a fair share asks for; `None` when they are not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<HighPriority>,
        /// Seconds since this was read.
        age_s: f64,
    }
);
facts!(
    /// Jobs of high priority.
    HighPriority {
        /// Those that wait.
        #[serde(alias = "activated")]
        ready: i64,
        /// Those that pilots hold.
        running: i64,
    }
);
facts!(
    /// Waiting jobs with the same needs.
    Waiting {
        /// Cores of each.
        cores: u32,
        /// Memory of each in MiB; 0 means unspecified.
        memory_mib: u32,
        /// Wall time of each in seconds; 0 means unspecified.
        wall_time_s: u32,
        /// How many.
        jobs: i64,
    }
);
facts!(
    /// Equal pilots with free slots, or with slots that will soon be there.
    Room {
        /// How many pilots.
        pilots: i64,
        /// Free slots of each; 0 counts as 1.
        slots: u32,
        /// Cores that these slots have together; 0 means any number.
        cores: u32,
        /// Memory that they have together, in MiB; 0 means no limit.
        memory_mib: u32,
        /// Seconds that the pilot still takes jobs for; 0 means no end.
        wall_time_s: u32,
    }
);
facts!(
    /// The label's pilots in the batch system.
    Batch {
        /// On their way: announced, submitted, pending, or started without a hello yet.
        pending: i64,
        /// At work.
        running: i64,
        /// Told to go, or going.
        #[serde(skip_serializing_if = "is_zero")]
        retiring: i64,
        /// Of the pending ones, those that the batch system holds back.
        #[serde(skip_serializing_if = "is_zero")]
        held: i64,
        /// Of the running ones, those that the batch system stopped for a while.
        #[serde(skip_serializing_if = "is_zero")]
        suspended: i64,
        /// Gone or going, over the whole life of the label; `None` when it is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        done: Option<i64>,
        /// In states that we do not know.
        #[serde(skip_serializing_if = "is_zero")]
        unknown: i64,
        /// In error.
        #[serde(skip_serializing_if = "is_zero")]
        error: i64,
        /// Virtual machines that are about to end.
        #[serde(skip_serializing_if = "is_zero")]
        retired: i64,
        /// Seconds since this was read.
        age_s: f64,
    }
);
facts!(
    /// The queue and its site.
    Site {
        /// The site.
        #[serde(skip_serializing_if = "String::is_empty")]
        name: String,
        /// The queue's status: `online`, `offline`, `test`, `brokeroff` or another word; `None` when it has none.
        status: Option<String>,
        /// Pending and running pilots of the factory at the site.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<i64>,
        /// Seconds since this was read.
        age_s: f64,
    }
);
facts!(
    /// The group of sites that PanDA calls a cloud.
    Cloud {
        /// Its name.
        #[serde(skip_serializing_if = "String::is_empty")]
        name: String,
        /// Its status, such as `offline` or `test`.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<String>,
        /// Seconds since this was read.
        age_s: f64,
    }
);
facts!(
    /// A node on which pilots failed before their first job.
    FailingNode {
        /// Its name.
        name: String,
        /// Failures in a row, those of one cycle counted as one.
        failures: i64,
        /// Seconds since the last of them.
        last_failure_s: f64,
    }
);
facts!(
    /// The label's batch end point.
    Endpoint {
        /// Its name.
        #[serde(skip_serializing_if = "String::is_empty")]
        name: String,
        /// How many more pilots it takes; `None` when it sets no limit that we know.
        #[serde(skip_serializing_if = "Option::is_none")]
        free: Option<i64>,
        /// It has been asked and has not answered yet.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        silent: bool,
        /// Pending and running pilots of the factory on it.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<i64>,
        /// Failures in a row of submissions and of pilots before their hello, of all labels.
        #[serde(skip_serializing_if = "is_zero")]
        failures: i64,
        /// Seconds since the last of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_failure_s: Option<f64>,
        /// Nodes on which pilots failed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        nodes: Vec<FailingNode>,
        /// Its batch system cannot be told to avoid nodes.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unavoidable: bool,
    }
);
facts!(
    /// The whole factory.
    Whole {
        /// Pending and running pilots of all labels.
        #[serde(skip_serializing_if = "Option::is_none")]
        total: Option<i64>,
        /// The most of them, unless the settings say it.
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum: Option<i64>,
        /// Number of the cycle.
        #[serde(skip_serializing_if = "is_zero")]
        cycle: i64,
    }
);
facts!(
    /// What the factory remembers of the label.
    Remembered {
        /// Failures in a row of submissions and of pilots before their hello.
        #[serde(skip_serializing_if = "is_zero")]
        failures: i64,
        /// Seconds since the last of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_failure_s: Option<f64>,
        /// Seconds since a pilot was submitted.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_submit_s: Option<f64>,
        /// For how many seconds the chain has asked for a mass removal without a break.
        #[serde(skip_serializing_if = "Option::is_none")]
        removal_wanted_s: Option<f64>,
    }
);
facts!(
    /// Pilots of the label that ended lately, counted as its steps ask.
    History {
        /// Those of Throttle's interval.
        total: i64,
        /// Of these, those that ended sooner than Throttle's shortest time.
        short: i64,
        /// Those of ThrottleEmpty's interval.
        judged: i64,
        /// Of these, those that ran no job.
        empty: i64,
    }
);
facts!(
    /// What a program of the site's said when it was asked for the step Command.
    Advice {
        /// The number that it was told; those that other labels took since may have changed it.
        #[serde(skip_serializing_if = "Option::is_none")]
        input: Option<i64>,
        /// Its number; `None` when there is no answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<i64>,
        /// Its message, or why there is no answer.
        #[serde(skip_serializing_if = "String::is_empty")]
        message: String,
    }
);
facts!(
    /// What a new pilot of the label offers.
    NewPilot {
        /// Its slots; 0 counts as 1. A job takes one or several of them.
        slots: u32,
        /// Cores of all slots together; 0 means any number.
        cores: u32,
        /// Memory of all slots together in MiB; 0 means no limit.
        memory_mib: u32,
        /// Seconds that it takes jobs for; 0 means no end.
        wall_time_s: u32,
    }
);

facts!(
    /// The label's credential; of several the one that it waits for.
    Credential {
        /// Its name.
        name: String,
        /// Why it cannot be used; empty when it can.
        #[serde(skip_serializing_if = "String::is_empty")]
        trouble: String,
        /// Seconds that it is still good for; `None` when it has no end, or when it is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        left_s: Option<i64>,
    }
);

/// Everything a chain may look at.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Situation {
    /// The queue's jobs; `None` when they are not known.
    pub wms: Option<Wms>,
    /// The label's pilots; `None` when they are not known.
    pub batch: Option<Batch>,
    /// The queue and its site; `None` when they are not known.
    pub site: Option<Site>,
    /// The cloud; `None` when there is none, or when it is not known.
    pub cloud: Option<Cloud>,
    /// The batch end point.
    pub endpoint: Option<Endpoint>,
    /// The factory.
    pub factory: Option<Whole>,
    /// The label.
    pub label: Option<Remembered>,
    /// Ended pilots; `None` when they are not known.
    pub history: Option<History>,
    /// What a program said; `None` when none was asked.
    pub command: Option<Advice>,
    /// The credential; `None` when the label has none.
    pub credential: Option<Credential>,
    /// What people hold the label to; `None` when they hold it to nothing.
    pub orders: Option<Ordered>,
    /// What a new pilot offers.
    pub pilot: Option<NewPilot>,
    /// Room in live pilots of the queue; the label's own pending pilots are not among them.
    pub offers: Option<Vec<Room>>,
}

impl Wms {
    /// Waiting jobs, counted by the slots that they fill, that no slot is free for or on its way to.
    pub fn unserved(&self) -> i64 {
        let ready = self.ready_slots.unwrap_or(self.ready);
        ready - (self.idle_slots + self.coming_slots).clamp(0, ready.max(0))
    }
}

impl Batch {
    /// Pending and running pilots.
    pub fn live(&self) -> i64 {
        self.pending.saturating_add(self.running)
    }
}

impl Situation {
    /// The same without values older than `limit`: what is too old is unknown.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Situation {
        let limit_s = limit.as_secs_f64();
        self.wms = self.wms.filter(|wms| wms.age_s <= limit_s);
        self.batch = self.batch.filter(|batch| batch.age_s <= limit_s);
        self.site = self.site.filter(|site| site.age_s <= limit_s);
        if self.batch.is_none() {
            let totals = [
                self.factory.as_mut().map(|factory| &mut factory.total),
                self.endpoint.as_mut().map(|endpoint| &mut endpoint.total),
                self.site.as_mut().map(|site| &mut site.total),
            ];
            totals.into_iter().flatten().for_each(|total| *total = None);
        }
        self
    }

    /// Slots of a new pilot, at least 1.
    pub fn slots(&self) -> i64 {
        self.pilot.as_ref().map_or(1, |pilot| pilot.slots.max(1).into())
    }

    /// Every value by name, for the decision: `wms.ready`, `batch.pending`, ... What is read back from them by
    /// [`crate::facts`] is equal.
    pub fn facts(&self) -> Vec<Fact> {
        let Ok(Value::Object(groups)) = serde_json::to_value(self) else { return Vec::new() };
        let mut facts = Vec::new();
        for (group, value) in groups {
            match value {
                Value::Null => {}
                Value::Object(mut values) => {
                    let age_s = values.remove("age_s").and_then(|age| age.as_f64()).unwrap_or_default();
                    let fact = |(name, value)| Fact { name: format!("{group}.{name}"), value: text(value), age_s };
                    facts.extend(values.into_iter().map(fact));
                }
                list => facts.push(Fact { name: group, value: text(list), age_s: 0.0 }),
            }
        }
        facts
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn is_zero(count: &i64) -> bool {
    *count == 0
}
