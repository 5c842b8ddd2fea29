//! What a cycle saw of the world, with the age of each thing.

mod counts;
mod idle;
mod jobs;

use crate::chain::{Sched, StepName};
use crate::config::{Config, LabelSection};
use crate::credential::View;
use crate::past::Past;
use crate::situation::{Advice, Batch, Credential, Endpoint, NewPilot, Ordered, Room, Site, Situation, Whole};
use crate::wms::WmsView;
use counts::Counts;
use model::{Demand, Offer, Order, QueueRecord, Time, orders_on};
use std::collections::BTreeMap;
use wire::api::{PilotFlag, PilotSummary, QueueSummary};

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// When the cycle began.
    pub now: Time,
    /// Live pilots of this factory as the server has them; `None` before the first good answer.
    pub pilots: Option<Read<Vec<PilotSummary>>>,
    /// Pilots that are gone, by label, over the whole life of each; `None` when they are not known.
    pub ended: Option<BTreeMap<String, u64>>,
    /// Demand by queue.
    pub demand: Option<Read<BTreeMap<String, Demand>>>,
    /// Queues by name.
    pub queues: Option<Read<BTreeMap<String, QueueSummary>>>,
    /// What people hold labels to; `None` before the server has said it, and then nothing may be decided.
    pub orders: Option<Read<Vec<Order>>>,
    /// Other places where jobs are counted, by name.
    pub wms: BTreeMap<String, WmsView>,
    /// Batch end points by name.
    pub batches: BTreeMap<String, BatchView>,
    /// What programs said for labels with the step Command.
    pub advice: BTreeMap<String, Advice>,
    /// Credentials by name.
    pub credentials: BTreeMap<String, View>,
    /// What earlier cycles left.
    pub past: Past,
    counts: Counts,
}

/// Something read at a time.
#[derive(Clone, Debug)]
pub struct Read<T> {
    /// What.
    pub value: T,
    /// When.
    pub at: Time,
}

/// One batch end point.
#[derive(Clone, Debug, Default)]
pub struct BatchView {
    /// When its last good status was taken.
    pub at: Option<Time>,
    /// How many more it takes; `None` when it sets no limit that we know.
    pub free: Option<u64>,
    /// What went wrong with it last; empty when nothing did.
    pub trouble: String,
    /// It has been asked and has not answered yet.
    pub silent: bool,
}

impl World {
    /// Counts the pilots; to be called after they were read and before anything is decided.
    pub fn count(&mut self, config: &Config) {
        let pilots = self.pilots.as_ref().map(|read| read.value.as_slice()).unwrap_or_default();
        self.counts = Counts::of(config, pilots, self.now);
    }

    /// What the chain of a label is given.
    pub fn situation(&self, config: &Config, name: &str, chain: &[StepName], sched: &Sched) -> Situation {
        let Some(label) = config.label.get(name) else { return Situation::default() };
        let asks = |steps: &[StepName]| chain.iter().any(|step| steps.contains(step));
        let mut batch = self.batch(label, name);
        if asks(&[StepName::KeepNQueueLife, StepName::MinToSubmit, StepName::MaxToSubmit])
            && let (Some(batch), Some(ended)) = (&mut batch, &self.ended)
        {
            // Those that are going are neither pending nor running any more.
            batch.done = Some(ended.get(name).copied().unwrap_or(0) as i64 + batch.retiring);
        }
        let by_job = asks(&[StepName::ReadyFit]);
        let by_history = asks(&[StepName::Throttle, StepName::ThrottleEmpty]);
        let (failures, last_failure_s) = self.past.of_endpoint(&label.batch, self.now);
        let Offer { slots, whole } = label.offer();
        let view = self.batches.get(&label.batch);
        Situation {
            wms: self.jobs(config, label, name, by_job),
            batch,
            site: self.site(label),
            cloud: None,
            endpoint: Some(Endpoint {
                name: label.batch.clone(),
                free: view.and_then(|view| view.free).map(|free| i64::try_from(free).unwrap_or(i64::MAX)),
                silent: view.is_some_and(|view| view.silent),
                total: self.known(self.counts.of_batch(&label.batch)),
                failures,
                last_failure_s,
                nodes: self.past.nodes.of_endpoint(&label.batch, self.now),
                unavoidable: !config.can_avoid_nodes(label),
            }),
            factory: Some(Whole { total: self.known(self.counts.total()), maximum: None, cycle: self.past.cycle }),
            label: Some(self.past.of_label(name, self.now)),
            command: asks(&[StepName::Command]).then(|| self.advice.get(name).cloned()).flatten(),
            history: by_history.then(|| self.past.history(name, sched, self.now)).flatten(),
            credential: self.credential(label),
            orders: self.ordered(config, label, name),
            pilot: Some(NewPilot {
                slots,
                cores: whole.cores,
                memory_mib: whole.memory_mib,
                wall_time_s: whole.wall_time_s,
            }),
            offers: by_job.then(|| self.offers(label, name)),
        }
    }

    /// The label's live pilots.
    pub fn pilots_of(&self, name: &str) -> Vec<&PilotSummary> {
        let all = self.pilots.iter().flat_map(|read| &read.value);
        all.filter(|pilot| pilot.label == name).collect()
    }

    /// What is wrong for a label, in words.
    pub fn trouble_of(&self, config: &Config, name: &str) -> String {
        let Some(label) = config.label.get(name) else { return format!("there is no label '{name}'") };
        let mut words = Vec::new();
        if self.queues.as_ref().is_some_and(|read| !read.value.contains_key(&label.queue)) {
            words.push(format!("the server has no queue '{}'", label.queue));
        }
        if let Some(view) = self.batches.get(&label.batch).filter(|view| !view.trouble.is_empty()) {
            words.push(format!("batch end point '{}': failed to {}", label.batch, view.trouble));
        }
        words.extend(self.trouble_of_jobs(config, label));
        let of_credentials = self.views(label).filter(|view| !view.refusal.is_empty());
        words.extend(of_credentials.map(|view| format!("credential '{}': {}", view.info.name, view.refusal)));
        words.join("; ")
    }

    fn views(&self, label: &LabelSection) -> impl Iterator<Item = &View> {
        label.credential.0.iter().filter_map(|name| self.credentials.get(name))
    }

    /// The first one that cannot be used, else the one that ends first.
    fn credential(&self, label: &LabelSection) -> Option<Credential> {
        let by_end = |view: &&View| (view.refusal.is_empty(), view.info.end().unwrap_or(Time(i64::MAX)));
        let View { info, refusal } = self.views(label).min_by_key(by_end)?;
        let left_s = info.end().map(|end| end.since(self.now).as_secs() as i64);
        Some(Credential { name: info.name.clone(), trouble: refusal.clone(), left_s })
    }

    fn ordered(&self, config: &Config, label: &LabelSection, name: &str) -> Option<Ordered> {
        let read = self.orders.as_ref()?;
        let holding = orders_on(&read.value, &config.factory.name, name, &label.queue, self.now);
        Ordered::of(&holding, self.now.since(read.at).as_secs_f64())
    }

    /// Takes note of pilots that a label will submit, so that the next label sees them.
    pub fn take(&mut self, config: &Config, name: &str, count: u32) {
        let Some(label) = config.label.get(name) else { return };
        let site = self.queue(label).map(|queue| queue.site.clone()).unwrap_or_default();
        self.counts.take(name, label, &site, count.into());
        if let Some(free) = self.batches.get_mut(&label.batch).and_then(|view| view.free.as_mut()) {
            *free = free.saturating_sub(count.into());
        }
    }

    /// A count of pilots, unless pilots are not known.
    fn known(&self, count: i64) -> Option<i64> {
        self.pilots.is_some().then_some(count)
    }

    fn queue(&self, label: &LabelSection) -> Option<&QueueRecord> {
        Some(&self.queues.as_ref()?.value.get(&label.queue)?.queue)
    }

    /// Both the server's list and the batch system's answer must be there; the older of the two gives the age.
    fn batch(&self, label: &LabelSection, name: &str) -> Option<Batch> {
        let at = self.batches.get(&label.batch)?.at?.min(self.pilots.as_ref()?.at);
        Some(Batch { age_s: self.now.since(at).as_secs_f64(), ..self.counts.of_label(name) })
    }

    /// Its status is that of the place that counts its jobs, where that has one.
    fn site(&self, label: &LabelSection) -> Option<Site> {
        let queue = self.queue(label)?;
        let (status, at) = self.told_status(label).unwrap_or((queue.status.to_string(), self.queues.as_ref()?.at));
        Some(Site {
            name: queue.site.clone(),
            status: Some(status),
            total: self.known(self.counts.of_site(&queue.site)),
            age_s: self.now.since(at).as_secs_f64(),
        })
    }

    /// Free slots of the queue's pilots, and pilots of other labels that are on their way to it.
    fn offers(&self, label: &LabelSection, name: &str) -> Vec<Room> {
        let nothing = Demand::default();
        let told = self.demand.as_ref().and_then(|read| read.value.get(&label.queue)).unwrap_or(&nothing);
        let mut offers = self.counts.coming(label, name);
        idle::add(&mut offers, self.counts.idle(&label.queue), told, label.offer());
        offers.into_iter().filter(|(_, pilots)| *pilots > 0).map(|(offer, pilots)| Room::of(offer, pilots)).collect()
    }
}

fn is_retiring(pilot: &PilotSummary) -> bool {
    pilot.state == model::PilotState::Exiting || pilot.flag == Some(PilotFlag::Retiring)
}
