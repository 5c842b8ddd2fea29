//! Demand of a queue: what waits, and what could take it at once.

use serde::{Deserialize, Serialize};

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
    /// Activated jobs of all shapes.
    pub fn activated(&self) -> u64 {
        self.waiting.iter().map(|shape| shape.jobs).sum()
    }
}
