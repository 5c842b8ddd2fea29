//! The PanDA face, driven over HTTP as PanDA's pilots do, and by the real panda-pilot.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on should stop where it is")]

mod bench;
mod protocol;
mod real_pilot;
mod script_run;
mod silence;
mod statistics;
mod tokens;
