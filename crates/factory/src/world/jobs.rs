//! The jobs of a label, wherever they are counted.

use super::World;
use crate::config::{Config, LabelSection};
use crate::situation::{Batch, Waiting, Wms};
use crate::wms::{Jobs, Ready, asked_by};
use model::{Offer, Time, WaitingShape};

impl World {
    /// `None` also for a queue that nobody knows: unknown is not zero.
    pub(super) fn jobs(&self, config: &Config, label: &LabelSection, name: &str, by_job: bool) -> Option<Wms> {
        if !label.wms.label.is_empty() {
            return self.pilots_as_jobs(config, label);
        }
        let (jobs, from, at) = if label.wms.source.is_empty() { self.own(label) } else { self.told(label) }?;
        let coming = self.counts.coming(label, name);
        Some(Wms {
            from,
            coming_slots: coming.iter().map(|(offer, pilots)| i64::from(offer.slots) * pilots).sum(),
            age_s: self.now.since(at).as_secs_f64(),
            ..wms_of(jobs, label.offer(), by_job)
        })
    }

    /// Why the jobs of a label are not known, as far as the place is to blame that counts them.
    pub(super) fn trouble_of_jobs(&self, config: &Config, label: &LabelSection) -> Option<String> {
        let (wms, queue) = (&label.wms, label.wms.queue_of(label));
        if !wms.label.is_empty() {
            let is_there = config.label.contains_key(&wms.label);
            return (!is_there).then(|| format!("there is no label '{}', whose pilots were to be counted", wms.label));
        }
        if wms.source.is_empty() {
            let queues = self.queues.as_ref().filter(|_| !wms.queue.is_empty())?;
            return (!queues.value.contains_key(queue)).then(|| format!("the server has no queue '{queue}'"));
        }
        let view = self.wms.get(&wms.source)?;
        if !view.trouble.is_empty() {
            return Some(format!("wms '{}': failed to {}", wms.source, view.trouble));
        }
        let is_unknown = view.at.is_some() && !view.told.contains_key(&asked_by(wms, label));
        is_unknown.then(|| match wms.resource_types.as_slice() {
            [] => format!("wms '{}' knows no queue '{queue}'", wms.source),
            types => format!("wms '{}' knows no queue '{queue}' or none of {}", wms.source, types.join(", ")),
        })
    }

    /// The status that a queue has where its jobs are counted, and when it was told.
    pub(super) fn told_status(&self, label: &LabelSection) -> Option<(String, Time)> {
        let view = self.wms.get(&label.wms.source)?;
        Some((view.told.get(&asked_by(&label.wms, label))?.status.clone()?, view.at?))
    }

    fn own(&self, label: &LabelSection) -> Option<(Jobs, String, Time)> {
        let (read, queues) = (self.demand.as_ref()?, self.queues.as_ref()?);
        let queue = label.wms.queue_of(label);
        let jobs = Jobs::of_queue(queues.value.get(queue)?, read.value.get(queue));
        let from = if label.wms.queue.is_empty() { String::new() } else { format!("queue {queue}") };
        Some((jobs, from, read.at))
    }

    fn told(&self, label: &LabelSection) -> Option<(Jobs, String, Time)> {
        let view = self.wms.get(&label.wms.source)?;
        let asked = asked_by(&label.wms, label);
        let jobs = view.told.get(&asked)?.clone();
        let types = asked.resource_types.iter().map(|name| format!(" {name}")).collect::<String>();
        Some((jobs, format!("wms {}, queue {}{types}", label.wms.source, asked.queue), view.at?))
    }

    /// Pending pilots of another label wait for what this one starts. Those that are held wait for something else.
    fn pilots_as_jobs(&self, config: &Config, label: &LabelSection) -> Option<Wms> {
        let name = &label.wms.label;
        let Batch { pending, running, held, age_s, .. } = self.batch(config.label.get(name)?, name)?;
        let ready = Ready::Pilots(pending.saturating_sub(held));
        let jobs = Jobs { ready, notready: held, running, ..Jobs::default() };
        Some(Wms { from: format!("label {name}"), age_s, ..wms_of(jobs, label.offer(), false) })
    }
}

/// Jobs as the steps count them.
fn wms_of(jobs: Jobs, offer: Offer, by_job: bool) -> Wms {
    let (mut ready, mut ready_slots, mut unfit) = (0i64, 0i64, 0i64);
    let mut shapes = None;
    match jobs.ready {
        Ready::Pilots(waiting) => (ready, ready_slots) = (waiting, waiting.saturating_mul(offer.slots.into())),
        Ready::Shapes(waiting) => {
            for WaitingShape { shape, jobs } in &waiting {
                let jobs = *jobs as i64;
                match offer.weight(*shape) {
                    Some(weight) => (ready, ready_slots) = (ready + jobs, ready_slots + jobs * i64::from(weight)),
                    None => unfit += jobs,
                }
            }
            shapes = by_job.then(|| waiting.iter().map(waiting_of).collect());
        }
    }
    Wms {
        ready,
        ready_slots: (ready_slots != ready).then_some(ready_slots),
        notready: jobs.notready,
        running: jobs.running,
        transferring: jobs.transferring,
        done: jobs.done,
        failed: jobs.failed,
        unknown: jobs.unknown,
        idle_slots: jobs.idle_slots,
        unfit,
        shapes,
        ..Wms::default()
    }
}

fn waiting_of(waiting: &WaitingShape) -> Waiting {
    let model::Shape { cores, memory_mib, wall_time_s } = waiting.shape;
    Waiting { cores, memory_mib, wall_time_s, jobs: waiting.jobs as i64 }
}
