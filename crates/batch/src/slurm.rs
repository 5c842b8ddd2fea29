//! Slurm by its commands.

mod config;

pub use config::SlurmConfig;
pub(crate) type Slurm = crate::local::Local;
