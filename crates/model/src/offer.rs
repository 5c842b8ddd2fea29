//! What a pilot offers, and how much of it a job takes.

use crate::Shape;
use serde::{Deserialize, Serialize};

/// So many slots that are equal parts of a whole.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Slots; a job takes one or several of them.
    pub slots: u32,
    /// What all slots have together: cores, memory (0: no bound) and seconds that are left (0: no end).
    pub whole: Shape,
}

/// Seconds between TERM and KILL when a job has to end, unless a pilot is told otherwise.
pub const GRACE_S: u32 = 10;
/// Beside that, seconds that a pilot needs at the end of its life to report and clean up.
pub const LAST_REPORTS_S: u32 = 5;
/// Seconds from the start of a pilot to its first job, at least.
const FIRST_JOB_S: u32 = 5;

/// The longest wall time, in seconds, that a new pilot which lives for `life_s` can promise to a job; 0 for no end.
pub fn promised_s(life_s: u32) -> u32 {
    match life_s {
        0 => 0,
        _ => life_s.saturating_sub(GRACE_S + LAST_REPORTS_S + FIRST_JOB_S).max(1),
    }
}

impl Offer {
    /// Slots that a job takes: the more of its share of the cores and its share of the memory, rounded up. `None` when
    /// the whole pilot cannot hold it.
    pub fn weight(self, job: Shape) -> Option<u32> {
        let within = |have: u32, need: u32| have == 0 || need <= have;
        let holds = job.cores <= self.cores()
            && within(self.whole.memory_mib, job.memory_mib)
            && within(self.whole.wall_time_s, job.wall_time_s);
        let by_cores = share(self.slots, job.cores, self.cores());
        let by_memory = share(self.slots, job.memory_mib, self.whole.memory_mib);
        (holds && self.slots > 0).then(|| by_cores.max(by_memory).max(1))
    }

    /// Why the whole pilot cannot hold a job, in words; `None` when it can.
    pub fn misfit(self, job: Shape) -> Option<String> {
        let beyond = |need: u32, have: u32, what: &str| {
            (have > 0 && need > have).then(|| format!("needs {need} {what} and a pilot has {have}"))
        };
        beyond(job.cores, self.cores(), "cores")
            .or_else(|| beyond(job.memory_mib, self.whole.memory_mib, "MiB of memory"))
            .or_else(|| beyond(job.wall_time_s, self.whole.wall_time_s, "s of wall time"))
    }

    /// What one job that takes `slots` slots gets of the memory, in MiB; 0 means no bound.
    pub fn memory_of(self, slots: u32) -> u32 {
        let part = u64::from(self.whole.memory_mib) * u64::from(slots) / u64::from(self.slots.max(1));
        u32::try_from(part).unwrap_or(u32::MAX)
    }

    /// The same with fewer slots: each keeps its part.
    pub fn reduced_to(self, slots: u32) -> Offer {
        let part = |of: u32| u64::from(of) * u64::from(slots) / u64::from(self.slots.max(1));
        let part = |of: u32| u32::try_from(part(of)).unwrap_or(u32::MAX);
        let memory_mib = part(self.whole.memory_mib);
        Offer { slots, whole: Shape { cores: part(self.cores()), memory_mib, ..self.whole } }
    }

    /// Each slot counts as one core at least, however many slots share the cores.
    fn cores(self) -> u32 {
        self.whole.cores.max(self.slots)
    }
}

/// Slots that `need` of `whole` amounts to, rounded up; none when nothing is bounded.
fn share(slots: u32, need: u32, whole: u32) -> u32 {
    match whole {
        0 => 0,
        _ => u32::try_from((u64::from(need) * u64::from(slots)).div_ceil(u64::from(whole))).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(cores: u32, memory_mib: u32, wall_time_s: u32) -> Shape {
        Shape { cores, memory_mib, wall_time_s }
    }

    #[test]
    fn a_job_takes_the_larger_of_its_shares() {
        let pilot = Offer { slots: 4, whole: shape(8, 8000, 3600) };
        let cases = [
            (shape(1, 0, 0), Some(1)),
            (shape(2, 2000, 3600), Some(1)),
            (shape(3, 0, 0), Some(2)),
            (shape(1, 2001, 0), Some(2)),
            (shape(8, 100, 0), Some(4)),
            (shape(9, 0, 0), None),
            (shape(1, 8001, 0), None),
            (shape(1, 0, 3601), None),
        ];
        for (job, weight) in cases {
            assert_eq!(pilot.weight(job), weight, "{job:?}");
            assert_eq!(pilot.misfit(job).is_none(), weight.is_some(), "{job:?}");
        }
        assert_eq!(pilot.misfit(shape(9, 0, 0)).unwrap(), "needs 9 cores and a pilot has 8");
        assert_eq!((pilot.memory_of(1), pilot.memory_of(3)), (2000, 6000));
    }

    #[test]
    fn what_is_not_bounded_is_no_reason() {
        let pilot = Offer { slots: 2, whole: shape(2, 0, 0) };
        assert_eq!(pilot.weight(shape(1, 1 << 20, u32::MAX)), Some(1));
    }

    #[test]
    fn more_slots_than_cores_hold_a_job_of_one_core_each() {
        let pilot = Offer { slots: 4, whole: shape(2, 0, 0) };
        assert_eq!((pilot.weight(shape(1, 0, 0)), pilot.weight(shape(4, 0, 0))), (Some(1), Some(4)));
    }

    #[test]
    fn slots_that_broke_take_their_part_with_them() {
        let pilot = Offer { slots: 4, whole: shape(4, 4000, 60) };
        let left = pilot.reduced_to(3);
        assert_eq!(left, Offer { slots: 3, whole: shape(3, 3000, 60) });
        assert_eq!((left.weight(shape(3, 0, 0)), left.weight(shape(4, 0, 0))), (Some(3), None));
        assert_eq!(pilot.reduced_to(0).weight(shape(1, 0, 0)), None);
    }

    proptest! {
        #[test]
        fn what_the_whole_pilot_holds_never_needs_more_slots_than_it_has(
            slots in 1u32..100, cores in 1u32..300, memory in 0u32..1_000_000, need in 1u32..400, mib in 0u32..1_000_000
        ) {
            let pilot = Offer { slots, whole: shape(cores, memory, 0) };
            let job = shape(need, mib, 0);
            match pilot.weight(job) {
                Some(weight) => {
                    prop_assert!((1..=slots).contains(&weight));
                    prop_assert!(memory == 0 || pilot.memory_of(weight) + 1 >= mib);
                }
                None => prop_assert!(need > cores.max(slots) || (memory > 0 && mib > memory)),
            }
        }
    }
}
