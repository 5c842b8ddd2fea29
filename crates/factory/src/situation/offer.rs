//! What pilots offer to jobs.

use super::{NewPilot, Room};
use model::{Offer, Shape};

impl NewPilot {
    /// What jobs can take of it.
    pub fn offer(&self) -> Offer {
        offer_of(self.slots, self.cores, self.memory_mib, self.wall_time_s)
    }
}

impl Room {
    /// As many pilots with what an offer has.
    pub fn of(offer: Offer, pilots: i64) -> Room {
        let Shape { cores, memory_mib, wall_time_s } = offer.whole;
        Room { pilots, slots: offer.slots, cores, memory_mib, wall_time_s }
    }

    /// What jobs can take of each of the pilots.
    pub fn offer(&self) -> Offer {
        offer_of(self.slots, self.cores, self.memory_mib, self.wall_time_s)
    }
}

fn offer_of(slots: u32, cores: u32, memory_mib: u32, wall_time_s: u32) -> Offer {
    let cores = if cores == 0 { u32::MAX } else { cores };
    Offer { slots: slots.max(1), whole: Shape { cores, memory_mib, wall_time_s } }
}
