//! What people and programs see.

mod failure;
mod log;
mod progress;
mod style;
mod table;
mod terms;

pub use failure::{BadInput, INTERRUPTED, TIMED_OUT, report};
pub use log::log_to_stderr;
pub use progress::{JobsBars, JobsProgress, TitledBar};
pub use style::{Style, Tone, job_tone, pilot_tone};
pub use table::{Table, print, print_json};
pub use terms::{ago, count, duration, mib, plural, utc_time};
