//! ReadyFit: demand job by job. A job that fits no pilot is not served by submitting more of them, and a pilot that ends
//! in ten minutes does not serve a job of an hour.

use super::Outcome;
use super::demand::div_ceil;
use super::settings::settings;
use crate::situation::{NewPilot, Offer, Situation, Waiting, Wms};
use std::cmp::Reverse;

settings!(
    /// `sched.readyfit`.
    ReadyFit {
        /// Waiting jobs to leave alone; 0 when not set.
        offset: i64,
    }
);

/// What became of the waiting jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    /// A slot is free or on its way.
    served: i64,
    /// A new pilot can run them.
    wanted: i64,
    /// No pilot can.
    unfit: i64,
}

/// Pilots for waiting jobs that fit a new pilot and no slot that is free or on its way, its input ignored.
pub(super) fn ready_fit(n: i64, settings: &ReadyFit, situation: &Situation) -> Outcome {
    let (Some(wms), Some(batch)) = (&situation.wms, &situation.batch) else {
        return (0, "ReadyFit:comment=Invalid wmsinfo or batchinfo".to_owned());
    };
    let new = situation.pilot.clone().unwrap_or_default();
    let jobs = jobs_of(wms);
    let activated: i64 = jobs.iter().map(|waiting| waiting.jobs).sum();
    let mut offers = situation.offers.clone().unwrap_or_default();
    offers.push(offer_of(&new, batch.pending.max(0).saturating_mul(situation.slots())));
    let Tally { served, wanted, unfit } = serve(jobs, offers, &new);
    let offset = settings.offset.unwrap_or(0);
    let out = div_ceil(wanted.saturating_sub(offset), situation.slots()).max(0);
    let jobs = format!("activated={activated},served={served},unfit={unfit},offset={offset}");
    (out, format!("ReadyFit:in={n},{jobs},pending={},ret={out}", batch.pending))
}

/// Where needs are not known, jobs fit everything.
fn jobs_of(wms: &Wms) -> Vec<Waiting> {
    let plain = || vec![Waiting { jobs: wms.unserved().max(0), ..Waiting::default() }];
    wms.shapes.clone().unwrap_or_else(plain)
}

fn offer_of(new: &NewPilot, slots: i64) -> Offer {
    Offer { cores: new.cores, memory_mib: new.memory_mib, wall_time_s: new.wall_time_s, slots }
}

/// The most demanding jobs choose first, each the tightest slot that holds it.
fn serve(mut jobs: Vec<Waiting>, mut offers: Vec<Offer>, new: &NewPilot) -> Tally {
    let size = |need: u32| if need == 0 { u32::MAX } else { need };
    jobs.sort_by_key(|job| Reverse((job.wall_time_s, job.memory_mib, job.cores)));
    offers.sort_by_key(|offer| (size(offer.wall_time_s), size(offer.memory_mib), size(offer.cores)));
    let fresh = offer_of(new, 0);
    let mut tally = Tally::default();
    for job in &jobs {
        let mut left = job.jobs.max(0);
        for offer in offers.iter_mut().filter(|offer| holds(offer, job)) {
            let taken = left.min(offer.slots.max(0));
            offer.slots -= taken;
            left -= taken;
            tally.served += taken;
        }
        *(if holds(&fresh, job) { &mut tally.wanted } else { &mut tally.unfit }) += left;
    }
    tally
}

fn holds(offer: &Offer, job: &Waiting) -> bool {
    let within = |have: u32, need: u32| have == 0 || need <= have;
    within(offer.cores, job.cores)
        && within(offer.memory_mib, job.memory_mib)
        && within(offer.wall_time_s, job.wall_time_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn job(cores: u32, wall_time_s: u32, jobs: i64) -> Waiting {
        Waiting { cores, wall_time_s, jobs, ..Waiting::default() }
    }

    fn offer(cores: u32, wall_time_s: u32, slots: i64) -> Offer {
        Offer { cores, wall_time_s, slots, ..Offer::default() }
    }

    const NEW: NewPilot = NewPilot { slots: 1, cores: 8, memory_mib: 16_000, wall_time_s: 3600 };

    #[test]
    fn a_pilot_near_its_end_serves_only_short_jobs() {
        let offers = vec![offer(8, 600, 5)];
        let got = serve(vec![job(1, 3000, 4), job(1, 300, 3)], offers, &NEW);
        assert_eq!(got, Tally { served: 3, wanted: 4, unfit: 0 });
    }

    #[test]
    fn long_jobs_get_the_slots_that_live_long() {
        let offers = vec![offer(8, 600, 2), offer(8, 0, 2)];
        let got = serve(vec![job(1, 300, 2), job(1, 3000, 2)], offers, &NEW);
        assert_eq!(got, Tally { served: 4, wanted: 0, unfit: 0 });
    }

    #[test]
    fn what_no_pilot_can_run_is_not_asked_for() {
        let large = Waiting { cores: 1, memory_mib: 32_000, wall_time_s: 0, jobs: 7 };
        let got = serve(vec![job(16, 0, 3), large, job(1, 4000, 2), job(0, 0, 1)], vec![], &NEW);
        assert_eq!(got, Tally { served: 0, wanted: 1, unfit: 12 });
    }

    proptest! {
        /// Every job is counted once, and no slot is given twice.
        #[test]
        fn jobs_and_slots_add_up(
            jobs in prop::collection::vec((0u32..20, 0u32..5000, 0i64..100), 0..12),
            offers in prop::collection::vec((0u32..20, 0u32..5000, 0i64..100), 0..12),
        ) {
            let waiting: i64 = jobs.iter().map(|job| job.2).sum();
            let slots: i64 = offers.iter().map(|offer| offer.2).sum();
            let jobs = jobs.into_iter().map(|(cores, wall, count)| job(cores, wall, count)).collect();
            let offers = offers.into_iter().map(|(cores, wall, slots)| offer(cores, wall, slots)).collect();
            let got = serve(jobs, offers, &NEW);
            prop_assert_eq!(got.served + got.wanted + got.unfit, waiting);
            prop_assert!(got.served <= slots);
        }
    }
}
