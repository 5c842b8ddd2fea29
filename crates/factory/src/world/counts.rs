//! Live pilots counted once a cycle, however many labels ask.

use super::is_retiring;
use crate::config::{Config, LabelSection};
use crate::situation::Batch;
use model::{Offer, PilotState, Time};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::api::{PilotFlag, PilotSummary};

/// A pending pilot of another label counts as coming to the queue for so long. After that its batch system is taken to be
/// full, and other labels may serve the queue.
const COMING_MAX: Duration = Duration::from_secs(300);
/// What pilots still live is told in steps of so many seconds: few different offers, and equal ones from cycle to cycle.
const LIFE_STEP_S: u32 = 300;

/// Pilots by what the free slots of each offer.
pub(super) type Pilots = BTreeMap<Offer, i64>;

/// A pilot to be counted.
struct Seen<'a> {
    pilot: &'a PilotSummary,
    /// `None` when it is not configured any more.
    label: Option<&'a LabelSection>,
    /// It will never say hello, nor take a job of ours.
    is_foreign: bool,
}

impl Seen<'_> {
    /// On its way: not seen running, or started by its batch system without the hello that is expected of it.
    fn is_coming(&self) -> bool {
        let is_silent = self.pilot.state == PilotState::Running && self.pilot.started.is_none();
        self.pilot.state.is_pending() || (is_silent && !self.is_foreign)
    }
}

/// All counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    total: i64,
    labels: BTreeMap<String, OfLabel>,
    sites: BTreeMap<String, i64>,
    batches: BTreeMap<String, i64>,
    queues: BTreeMap<String, OfQueue>,
}

#[derive(Clone, Debug, Default)]
struct OfLabel {
    batch: Batch,
    /// Pending pilots that may still come soon.
    coming: i64,
}

#[derive(Clone, Debug, Default)]
struct OfQueue {
    /// Pilots that will come soon.
    coming: Pilots,
    /// Running pilots with slots that no job fills.
    idle: Pilots,
}

impl Counts {
    /// Counts pilots. Those of labels that are not configured any more count for the factory, their site and end point.
    pub(super) fn of(config: &Config, pilots: &[PilotSummary], now: Time) -> Counts {
        let foreign = config.foreign_labels();
        let mut counts = Counts::default();
        for pilot in pilots {
            let is_foreign = foreign.contains(pilot.label.as_str());
            counts.add(&Seen { pilot, label: config.label.get(&pilot.label), is_foreign }, now);
        }
        counts
    }

    fn add(&mut self, seen: &Seen<'_>, now: Time) {
        let pilot = seen.pilot;
        let of_label = self.labels.entry(pilot.label.clone()).or_default();
        if is_retiring(pilot) {
            of_label.batch.retiring += 1;
            return;
        }
        let is_coming = seen.is_coming();
        let is_soon = is_coming && now.since(pilot.announced) < COMING_MAX;
        let batch = &mut of_label.batch;
        *(if is_coming { &mut batch.pending } else { &mut batch.running }) += 1;
        batch.held += i64::from(is_coming && pilot.flag == Some(PilotFlag::Held));
        batch.suspended += i64::from(!is_coming && pilot.flag == Some(PilotFlag::Suspended));
        of_label.coming += i64::from(is_soon);
        self.share(&pilot.site, &pilot.batch, 1);
        let Some(label) = seen.label else { return };
        let queue = self.queues.entry(pilot.queue.clone()).or_default();
        if is_soon {
            *queue.coming.entry(label.offer()).or_default() += 1;
        } else if let Some(offer) = left(label, pilot, now).filter(|_| !is_coming && !seen.is_foreign) {
            let jobs = u32::try_from(pilot.jobs_now).unwrap_or(u32::MAX);
            let idle = offer.reduced_to(offer.slots.saturating_sub(jobs));
            *queue.idle.entry(idle).or_default() += 1;
        }
    }

    fn share(&mut self, site: &str, batch: &str, pilots: i64) {
        self.total += pilots;
        *self.sites.entry(site.to_owned()).or_default() += pilots;
        *self.batches.entry(batch.to_owned()).or_default() += pilots;
    }

    /// A label will submit pilots.
    pub(super) fn take(&mut self, name: &str, label: &LabelSection, site: &str, pilots: i64) {
        let of_label = self.labels.entry(name.to_owned()).or_default();
        of_label.batch.pending += pilots;
        of_label.coming += pilots;
        self.share(site, &label.batch, pilots);
        let queue = self.queues.entry(label.queue.clone()).or_default();
        *queue.coming.entry(label.offer()).or_default() += pilots;
    }

    /// Pending and running pilots of the factory.
    pub(super) fn total(&self) -> i64 {
        self.total
    }

    /// Pending and running pilots at a site.
    pub(super) fn of_site(&self, site: &str) -> i64 {
        self.sites.get(site).copied().unwrap_or(0)
    }

    /// Pending and running pilots on an end point.
    pub(super) fn of_batch(&self, batch: &str) -> i64 {
        self.batches.get(batch).copied().unwrap_or(0)
    }

    /// Pilots of a label.
    pub(super) fn of_label(&self, name: &str) -> Batch {
        self.labels.get(name).map(|label| label.batch.clone()).unwrap_or_default()
    }

    /// Pilots of other labels that come to a label's queue soon.
    pub(super) fn coming(&self, label: &LabelSection, name: &str) -> Pilots {
        let mut coming = self.queues.get(&label.queue).map(|queue| queue.coming.clone()).unwrap_or_default();
        let own = self.labels.get(name).map_or(0, |own| own.coming);
        if let Some(pilots) = coming.get_mut(&label.offer()) {
            *pilots = (*pilots - own).max(0);
        }
        coming
    }

    /// Running pilots of a queue with slots that no job fills, as far as their numbers of jobs tell.
    pub(super) fn idle(&self, queue: &str) -> Pilots {
        self.queues.get(queue).map(|queue| queue.idle.clone()).unwrap_or_default()
    }
}

/// What a running pilot still offers when it is empty; `None` when it takes no more jobs.
fn left(label: &LabelSection, pilot: &PilotSummary, now: Time) -> Option<Offer> {
    let mut offer = label.offer();
    if offer.whole.wall_time_s == 0 {
        return Some(offer);
    }
    let lived_s = u32::try_from(now.since(pilot.started?).as_secs()).unwrap_or(u32::MAX);
    let left_s = offer.whole.wall_time_s.checked_sub(lived_s)?;
    let step = if left_s < LIFE_STEP_S { 60 } else { LIFE_STEP_S };
    offer.whole.wall_time_s = left_s / step * step;
    (offer.whole.wall_time_s > 0).then_some(offer)
}
