//! How the host of a factory and its batch end points are doing.

use crate::Time;
use serde::{Deserialize, Serialize};

/// What a factory sees of its own host and of the end points it submits to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FactoryHealth {
    /// Processors that the factory may run on.
    pub cores: u32,
    /// Processes that ran or wanted to run in the last minute, on average, per processor of these and in percent: 100 when
    /// each has one.
    pub load_percent: u32,
    /// Memory of the host in MiB.
    pub memory_mib: u64,
    /// What of it new programs can have without swapping, in MiB.
    pub memory_available_mib: u64,
    /// The file systems that the factory writes to, each once.
    pub file_systems: Vec<FileSystemHealth>,
    /// Its batch end points by name.
    pub end_points: Vec<EndPointHealth>,
}

/// How full a file system is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileSystemHealth {
    /// A directory in it that the factory writes to.
    pub path: String,
    /// What it holds when it is full.
    pub bytes: u64,
    /// What the factory can still write.
    pub free_bytes: u64,
    /// How much of it is used, rounded up: of its bytes or of its files, whichever is more.
    pub used_percent: u8,
}

/// How a batch end point answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EndPointHealth {
    /// The end point.
    pub name: String,
    /// Kind of batch system, such as `local` or `slurm`.
    pub system: String,
    /// When its last good answer was taken; none before the first.
    pub answered: Option<Time>,
    /// How many more pilots it takes; none when it sets no limit that is known.
    pub free: Option<u64>,
    /// What went wrong with it last; empty when nothing did.
    #[serde(default)]
    pub trouble: String,
}

impl FactoryHealth {
    /// The share of its memory that is taken, in percent.
    pub fn memory_used_percent(&self) -> u64 {
        let used = self.memory_mib.saturating_sub(self.memory_available_mib);
        (used * 100).checked_div(self.memory_mib).unwrap_or(0)
    }

    /// The file system with the least room.
    pub fn fullest(&self) -> Option<&FileSystemHealth> {
        self.file_systems.iter().max_by_key(|one| one.used_percent)
    }
}

impl FileSystemHealth {
    /// The share of `total` that is not `free`, in percent, rounded up.
    pub fn share(total: u64, free: u64) -> u8 {
        let used = total.saturating_sub(free);
        let percent = (u128::from(used) * 100).div_ceil(u128::from(total.max(1)));
        percent.min(100) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up_and_never_above_all() {
        assert_eq!(FileSystemHealth::share(1000, 1000), 0);
        assert_eq!(FileSystemHealth::share(1000, 999), 1);
        assert_eq!(FileSystemHealth::share(u64::MAX, 0), 100);
        assert_eq!(FileSystemHealth::share(0, 0), 0);
        let health = FactoryHealth { memory_mib: 400, memory_available_mib: 100, ..FactoryHealth::default() };
        assert_eq!(health.memory_used_percent(), 75);
        assert_eq!(FactoryHealth::default().memory_used_percent(), 0);
    }
}
