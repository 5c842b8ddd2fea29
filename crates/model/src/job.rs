//! Jobs: what a user wants to be run.

mod spec;
mod state;

pub use spec::{ARRAY_MAX, FileTransfer, JobSpec, PILOT_VARIABLES, Placement, SpecError};
pub use state::{JobEvent, JobState, Refused};
