//! Room in pilots, which jobs fill.

use model::{Offer, Shape};

/// Equal pilots by what the free slots of each offer.
#[derive(Clone, Debug, Default)]
pub(super) struct Rooms(Vec<(Offer, i64)>);

impl Rooms {
    /// More pilots.
    pub(super) fn add(&mut self, offer: Offer, pilots: i64) {
        if pilots > 0 && offer.slots > 0 {
            let at = self.0.partition_point(|(other, _)| tightness(other) <= tightness(&offer));
            self.0.insert(at, (offer, pilots));
        }
    }

    /// Places jobs of one shape where they fit, the tightest room first; how many found none.
    pub(super) fn place(&mut self, job: Shape, mut jobs: i64) -> i64 {
        for (offer, pilots) in std::mem::take(&mut self.0) {
            let each = offer.weight(job).map_or(0, |weight| i64::from(offer.slots / weight));
            if each == 0 || jobs <= 0 {
                self.add(offer, pilots);
                continue;
            }
            let full = pilots.min(jobs / each);
            let part = if full < pilots { jobs % each } else { 0 };
            let used = |jobs: i64| left_of(offer, job, jobs);
            self.add(used(each), full);
            self.add(used(part), i64::from(part > 0));
            self.add(offer, pilots - full - i64::from(part > 0));
            jobs -= full * each + part;
        }
        jobs
    }
}

/// What a pilot still has beside so many jobs.
fn left_of(offer: Offer, job: Shape, jobs: i64) -> Offer {
    let taken = i64::from(offer.weight(job).unwrap_or(0)) * jobs;
    offer.reduced_to(u32::try_from(i64::from(offer.slots) - taken).unwrap_or(0))
}

/// The shortest life first, then the least memory, then the fewest cores.
fn tightness(offer: &Offer) -> (u32, u32, u32) {
    let size = |have: u32| if have == 0 { u32::MAX } else { have };
    (size(offer.whole.wall_time_s), size(offer.whole.memory_mib), offer.whole.cores)
}
