//! Which pilots have slots free. The server says how many of which size wait for a job right now; what these pilots are
//! is known of our own only.

use super::counts::Pilots;
use model::demand::IdlePilots;
use model::{Demand, Offer};
use std::cmp::Reverse;

/// Adds the free slots that the server tells of, each as the pilot of ours that fits best. Other factories' pilots are
/// taken to be like `usual`, what the asking label's are.
pub(super) fn add(offers: &mut Pilots, ours: Pilots, told: &Demand, usual: Offer) {
    let mut ours: Vec<(Offer, i64)> = ours.into_iter().collect();
    ours.sort_by_key(|(offer, _)| (offer.slots, Reverse(life(offer))));
    let mut sizes = told.idle_pilots.clone();
    sizes.sort_by_key(|idle| Reverse(idle.slots));
    let known: u64 = sizes.iter().map(|idle| u64::from(idle.slots) * idle.pilots).sum();
    // Those that wait at another server: their sizes are not told.
    sizes.push(IdlePilots { slots: 1, pilots: told.idle_slots.saturating_sub(known) });
    for IdlePilots { slots, pilots } in sizes {
        let mut left = i64::try_from(pilots).unwrap_or(i64::MAX);
        // With as many free slots, or with more of which some are taken by a wide job.
        for (offer, have) in ours.iter_mut().filter(|(offer, _)| offer.slots >= slots) {
            let matched = left.min(*have);
            (left, *have) = (left - matched, *have - matched);
            *offers.entry(offer.reduced_to(slots)).or_default() += matched;
        }
        *offers.entry(usual.reduced_to(slots)).or_default() += left;
    }
}

fn life(offer: &Offer) -> u32 {
    if offer.whole.wall_time_s == 0 { u32::MAX } else { offer.whole.wall_time_s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Shape;

    fn pilot(slots: u32, wall_time_s: u32) -> Offer {
        Offer { slots, whole: Shape { cores: slots * 2, memory_mib: slots * 100, wall_time_s } }
    }

    fn told(idle_slots: u64, sizes: &[(u32, u64)]) -> Demand {
        let idle_pilots = sizes.iter().map(|(slots, pilots)| IdlePilots { slots: *slots, pilots: *pilots }).collect();
        Demand { idle_slots, idle_pilots, ..Demand::default() }
    }

    fn added(ours: &[(Offer, i64)], told: &Demand) -> Vec<(Offer, i64)> {
        let mut offers = Pilots::new();
        add(&mut offers, ours.iter().copied().collect(), told, pilot(8, 99));
        offers.into_iter().filter(|(_, pilots)| *pilots > 0).collect()
    }

    #[test]
    fn sizes_that_the_server_tells_belong_to_pilots_of_that_size() {
        let ours = [(pilot(4, 600), 1), (pilot(3, 900), 1)];
        assert_eq!(added(&ours, &told(4, &[(4, 1)])), [(pilot(4, 600), 1)]);
        assert_eq!(added(&ours, &told(2, &[(2, 1)])), [(pilot(2, 900), 1)]);
    }

    #[test]
    fn pilots_that_live_long_are_taken_first_and_those_of_others_are_as_usual() {
        let ours = [(pilot(1, 300), 1), (pilot(1, 0), 1)];
        assert_eq!(added(&ours, &told(1, &[(1, 1)])), [(pilot(1, 0), 1)]);
        assert_eq!(added(&ours, &told(4, &[(2, 2)])), [(pilot(2, 99), 2)]);
    }

    #[test]
    fn slots_at_another_server_count_one_by_one() {
        let ours = [(pilot(2, 0), 2)];
        assert_eq!(added(&ours, &told(2, &[])), [(pilot(1, 0), 2)]);
    }
}
