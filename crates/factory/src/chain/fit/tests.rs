use super::*;
use proptest::prelude::*;

fn job(cores: u32, wall_time_s: u32) -> Shape {
    Shape { cores, wall_time_s, memory_mib: 0 }
}

fn pilot(slots: u32, cores: u32, wall_time_s: u32) -> Offer {
    Offer { slots, whole: Shape { cores, wall_time_s, memory_mib: 0 } }
}

fn rooms(offers: &[(Offer, i64)]) -> Rooms {
    let mut rooms = Rooms::default();
    offers.iter().for_each(|(offer, pilots)| rooms.add(*offer, *pilots));
    rooms
}

/// Served, wanted and unfit jobs, and new pilots.
fn tally(jobs: &[(Shape, i64)], offers: &[(Offer, i64)], new: Offer) -> (i64, i64, i64, i64) {
    let got = serve(jobs.to_vec(), rooms(offers), new);
    let wanted = got.wanted.iter().map(|(_, jobs)| jobs).sum();
    (got.served, wanted, got.unfit, pilots_for(got.wanted, new))
}

const NEW: Offer = Offer { slots: 1, whole: Shape { cores: 8, memory_mib: 16_000, wall_time_s: 3600 } };
const FOUR: Offer = Offer { slots: 4, whole: Shape { cores: 4, memory_mib: 0, wall_time_s: 0 } };

#[test]
fn a_pilot_near_its_end_serves_only_short_jobs() {
    let got = tally(&[(job(1, 3000), 4), (job(1, 300), 3)], &[(pilot(1, 8, 600), 5)], NEW);
    assert_eq!(got, (3, 4, 0, 4));
}

#[test]
fn long_jobs_get_the_slots_that_live_long() {
    let offers = [(pilot(1, 8, 600), 2), (pilot(1, 8, 0), 2)];
    let got = tally(&[(job(1, 300), 2), (job(1, 3000), 2)], &offers, NEW);
    assert_eq!(got, (4, 0, 0, 0));
}

#[test]
fn what_no_pilot_can_run_is_not_asked_for() {
    let large = Shape { cores: 1, memory_mib: 32_000, wall_time_s: 0 };
    let jobs = [(job(16, 0), 3), (large, 7), (job(1, 4000), 2), (job(0, 0), 1)];
    assert_eq!(tally(&jobs, &[], NEW), (0, 1, 12, 1));
}

#[test]
fn a_wide_job_needs_its_slots_on_one_pilot() {
    assert_eq!(tally(&[(job(4, 0), 1)], &[(pilot(1, 1, 0), 4)], FOUR), (0, 1, 0, 1));
    assert_eq!(tally(&[(job(4, 0), 1)], &[(pilot(4, 4, 0), 1)], FOUR), (1, 0, 0, 0));
    assert_eq!(tally(&[(job(2, 0), 3), (job(1, 0), 2)], &[(pilot(3, 3, 0), 2)], FOUR), (4, 1, 0, 1));
}

#[test]
fn new_pilots_are_packed() {
    // Three jobs of three slots leave a slot each, which single ones fill.
    assert_eq!(tally(&[(job(3, 0), 3), (job(1, 0), 3)], &[], FOUR), (0, 6, 0, 3));
    assert_eq!(tally(&[(job(3, 0), 4)], &[], FOUR), (0, 4, 0, 4));
    assert_eq!(tally(&[(job(2, 0), 3), (job(1, 0), 3)], &[], FOUR), (0, 6, 0, 3));
}

#[test]
fn an_offset_leaves_the_least_demanding_alone() {
    let wanted = || vec![(job(4, 0), 2), (job(1, 0), 5)];
    assert_eq!(pilots_for(without(wanted(), 0), FOUR), 4);
    assert_eq!(pilots_for(without(wanted(), 5), FOUR), 2);
    assert_eq!(pilots_for(without(wanted(), 99), FOUR), 0);
    assert_eq!(pilots_for(without(wanted(), -4), FOUR), 5);
}

prop_compose! {
    fn any_jobs()(jobs in prop::collection::vec((0u32..20, 0u32..5000, 0i64..100), 0..12)) -> Vec<(Shape, i64)> {
        jobs.into_iter().map(|(cores, wall, count)| (job(cores, wall), count)).collect()
    }
}

proptest! {
    /// Every job is counted once, and no slot is given twice.
    #[test]
    fn jobs_and_slots_add_up(
        jobs in any_jobs(),
        offers in prop::collection::vec((1u32..9, 1u32..20, 0u32..5000, 0i64..100), 0..12),
    ) {
        let waiting: i64 = jobs.iter().map(|job| job.1).sum();
        let slots: i64 = offers.iter().map(|offer| i64::from(offer.0) * offer.3).sum();
        let offers: Vec<_> = offers.iter().map(|(slots, cores, wall, n)| (pilot(*slots, *cores, *wall), *n)).collect();
        let (served, wanted, unfit, _) = tally(&jobs, &offers, NEW);
        prop_assert_eq!(served + wanted + unfit, waiting);
        prop_assert!(served <= slots);
    }

    /// So many new pilots hold all that is wanted, and at least a part of the slots of each is used.
    #[test]
    fn new_pilots_hold_what_is_wanted(jobs in any_jobs(), slots in 1u32..9, cores in 1u32..20) {
        let new = pilot(slots, cores, 3600);
        let wanted: Vec<_> = jobs.into_iter().filter(|(job, _)| new.weight(*job).is_some()).collect();
        let got = serve(wanted, Rooms::default(), new);
        let pilots = pilots_for(got.wanted.clone(), new);
        let filled: i64 = got.wanted.iter().map(|(job, n)| i64::from(new.weight(*job).unwrap()) * n).sum();
        let jobs: i64 = got.wanted.iter().map(|(_, n)| n).sum();
        prop_assert!(filled <= pilots * i64::from(slots) && pilots <= jobs);
        prop_assert!(filled * 2 >= (pilots - 1) * i64::from(slots), "{pilots} pilots for {filled} of {slots} slots each");
    }
}
