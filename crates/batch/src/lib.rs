//! Where pilots run: one module per batch system behind one trait with three plural calls.
//!
//! Knows nothing of the server or of scheduling. Carries the pilot id in a native field of each batch system, so that
//! a status answer alone tells which pilots are there.

mod command;
pub mod condor;
mod config;
mod crash_point;
mod known;
pub mod local;
mod name;
mod parts;
mod place;
pub mod programs;
pub mod slurm;
pub mod ssh;
mod submission;
mod system;
mod transcript;

pub use command::{Answer, Commander, short};
pub use config::BatchConfig;
pub use crash_point::crash_point;
pub use system::*;
pub use transcript::Transcript;
