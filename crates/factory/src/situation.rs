//! What a label's chain is given: values with their ages. Unknown and empty are different things.

use model::QueueStatus;
use model::decision::Fact;
use std::time::Duration;

/// A value and how old it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged<T> {
    /// The value.
    pub value: T,
    /// Time since it was read.
    pub age: Duration,
}

/// The jobs of the label's queue, in slots of the label's pilots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// Waiting jobs that a pilot of this label can run, as slots they need.
    pub activated: i64,
    /// Free slots of pilots that wait for a job right now.
    pub idle_slots: i64,
    /// Slots of pilots of the factory's other labels that are on their way to the same queue.
    pub coming_slots: i64,
    /// Waiting jobs that no pilot of this label can run, too large or too long.
    pub unfit: i64,
    /// Jobs that pilots hold.
    pub running: i64,
}

/// The label's pilots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pilots {
    /// On their way: announced, submitted, pending, or started without a hello yet.
    pub pending: i64,
    /// At work.
    pub running: i64,
    /// Told to go, or going.
    pub retiring: i64,
}

/// Everything a chain may look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Situation {
    /// The queue's jobs; `None` when they are not known.
    pub jobs: Option<Aged<Jobs>>,
    /// The label's pilots; `None` when they are not known.
    pub pilots: Option<Aged<Pilots>>,
    /// The queue's status; `None` when it is not known.
    pub status: Option<Aged<QueueStatus>>,
    /// Pending and running pilots of all labels; `None` when they are not known.
    pub total: Option<i64>,
    /// Jobs at once in each pilot of this label.
    pub slots: i64,
}

impl Jobs {
    /// Slots that waiting jobs need and nobody offers.
    pub fn unserved(&self) -> i64 {
        (self.activated - self.idle_slots - self.coming_slots).max(0)
    }
}

impl Situation {
    /// The same without values older than `limit`: what is too old is unknown.
    pub fn within(mut self, limit: Duration) -> Situation {
        self.jobs = self.jobs.filter(|jobs| jobs.age <= limit);
        self.pilots = self.pilots.filter(|pilots| pilots.age <= limit);
        self.status = self.status.filter(|status| status.age <= limit);
        if self.pilots.is_none() {
            self.total = None;
        }
        self
    }

    /// What of it is older than `usual`, for the message: `wmsage=120,batchage=90`; ages in whole minutes, so that equal
    /// decisions stay equal.
    pub fn staleness(&self, usual: Duration) -> Option<String> {
        let ages = [
            ("wmsage", self.jobs.map(|jobs| jobs.age)),
            ("batchage", self.pilots.map(|pilots| pilots.age)),
            ("siteage", self.status.map(|status| status.age)),
        ];
        let old = ages.iter().filter_map(|(name, age)| {
            let age = age.filter(|age| *age > usual)?;
            Some(format!("{name}={}", age.as_secs().div_ceil(60) * 60))
        });
        let words = old.collect::<Vec<_>>().join(",");
        (!words.is_empty()).then_some(words)
    }

    /// Every value by name, for the decision.
    pub fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut say = |name: &str, value: String, age: Duration| {
            facts.push(Fact { name: name.to_owned(), value, age_s: age.as_millis() as f64 / 1000.0 });
        };
        if let Some(Aged { value, age }) = self.jobs {
            say("wms.activated", value.activated.to_string(), age);
            say("wms.idle_slots", value.idle_slots.to_string(), age);
            say("wms.coming_slots", value.coming_slots.to_string(), age);
            say("wms.unserved", value.unserved().to_string(), age);
            say("wms.unfit", value.unfit.to_string(), age);
            say("wms.running", value.running.to_string(), age);
        }
        if let Some(Aged { value, age }) = self.pilots {
            say("batch.pending", value.pending.to_string(), age);
            say("batch.running", value.running.to_string(), age);
            say("batch.retiring", value.retiring.to_string(), age);
        }
        if let Some(Aged { value, age }) = self.status {
            say("site.status", value.to_string(), age);
        }
        if let Some(total) = self.total {
            say("factory.pilots", total.to_string(), Duration::ZERO);
        }
        say("pilot.slots", self.slots.to_string(), Duration::ZERO);
        facts
    }
}
