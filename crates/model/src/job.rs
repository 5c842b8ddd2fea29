//! Jobs: what a user wants to be run.

mod record;
mod report;
mod spec;
mod state;

pub use record::{
    AttemptOutcome, AttemptRecord, JobCounts, JobDetail, JobSummary, Killed, LogStream, Retried, Submitted, Usage,
};
pub use report::{JobReport, MESSAGE_MAX_CHARS, RefusedReport};
pub use spec::{ARRAY_MAX, FileTransfer, JobSpec, PAYLOAD_MAX_BYTES, PILOT_VARIABLES, Placement, SpecError};
pub use state::{JobEvent, JobState, Refused};
