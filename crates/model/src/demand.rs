//! Demand of a queue: what waits, and what could take it at once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a job needs, or what a pilot offers.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct Shape {
    /// Cores.
    pub cores: u32,
    /// Memory in MiB; 0 means unspecified.
    pub memory_mib: u32,
    /// Wall time in seconds; 0 means unspecified.
    pub wall_time_s: u32,
}

/// How many jobs of one shape wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WaitingShape {
    /// What each of them needs.
    #[serde(flatten)]
    pub shape: Shape,
    /// How many are activated.
    pub jobs: u64,
}

/// The demand of one queue at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Demand {
    /// The queue.
    pub queue: String,
    /// Activated jobs by shape, largest count first.
    pub waiting: Vec<WaitingShape>,
    /// Jobs held by pilots: sent, starting, running, holding or transferring.
    pub running: u64,
    /// Free slots of pilots that are waiting for a lease right now.
    pub idle_slots: u64,
    /// Those pilots by the slots that each has free, as far as this server knows them; the most slots first.
    #[serde(default)]
    pub idle_pilots: Vec<IdlePilots>,
}

/// How many pilots wait for a lease with so many free slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdlePilots {
    /// Free slots of each of them.
    pub slots: u32,
    /// How many pilots.
    pub pilots: u64,
}

impl Demand {
    /// Slots of waiting jobs for which idle pilots have room. `weight` says how many slots of a pilot a job takes, none
    /// when it does not fit at all. Wide jobs need their slots on one pilot and are placed first.
    pub fn served(&self, weight: impl Fn(Shape) -> Option<u32>) -> u64 {
        let mut free: BTreeMap<u32, u64> = BTreeMap::new();
        for idle in &self.idle_pilots {
            *free.entry(idle.slots).or_default() += idle.pilots;
        }
        let weighed = self.waiting.iter().filter_map(|waiting| Some((weight(waiting.shape)?, waiting.jobs)));
        let (narrow, mut wide): (Vec<_>, Vec<_>) = weighed.partition(|(weight, _)| *weight <= 1);
        wide.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let taken: u64 =
            wide.into_iter().map(|(weight, jobs)| u64::from(weight) * place(&mut free, weight, jobs)).sum();
        let single: u64 = narrow.iter().map(|(_, jobs)| jobs).sum();
        taken + single.min(self.idle_slots.saturating_sub(taken))
    }

    /// Activated jobs of all shapes.
    pub fn activated(&self) -> u64 {
        self.waiting.iter().map(|shape| shape.jobs).sum()
    }

    /// Jobs for which no live pilot has a free slot: activated minus idle slots, not below zero.
    pub fn unserved(&self) -> u64 {
        self.activated().saturating_sub(self.idle_slots)
    }
}

/// Takes the slots of up to `jobs` jobs from pilots with enough of them; how many found room.
fn place(free: &mut BTreeMap<u32, u64>, weight: u32, jobs: u64) -> u64 {
    let mut placed = 0;
    while placed < jobs
        && let Some((&slots, _)) = free.range(weight..).rev().find(|(_, pilots)| **pilots > 0)
    {
        let here = (jobs - placed).min(u64::from(slots / weight));
        placed += here;
        let left = slots - weight * u32::try_from(here).unwrap_or(0);
        free.entry(slots).and_modify(|pilots| *pilots -= 1);
        *free.entry(left).or_default() += 1;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(waiting: &[(u32, u64)], idle: &[(u32, u64)]) -> Demand {
        let shape = |cores| Shape { cores, ..Shape::default() };
        Demand {
            waiting: waiting.iter().map(|(cores, jobs)| WaitingShape { shape: shape(*cores), jobs: *jobs }).collect(),
            idle_slots: idle.iter().map(|(slots, pilots)| u64::from(*slots) * pilots).sum(),
            idle_pilots: idle.iter().map(|(slots, pilots)| IdlePilots { slots: *slots, pilots: *pilots }).collect(),
            ..Demand::default()
        }
    }

    #[test]
    fn idle_slots_of_several_pilots_make_no_room_for_a_wide_job() {
        let served = |waiting: &[(u32, u64)], idle: &[(u32, u64)]| {
            demand(waiting, idle).served(|job| (job.cores <= 8).then_some(job.cores))
        };
        assert_eq!(served(&[(4, 1)], &[(1, 4)]), 0);
        assert_eq!(served(&[(4, 1)], &[(4, 1)]), 4);
        assert_eq!(served(&[(4, 3), (1, 5)], &[(8, 1), (3, 2)]), 8 + 5);
        assert_eq!(served(&[(1, 10)], &[(1, 2), (4, 1)]), 6);
        assert_eq!(served(&[(2, 3), (9, 1)], &[(5, 1)]), 4);
    }
}
