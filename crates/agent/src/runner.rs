//! The runner: one small single-threaded process per slot that starts payloads and watches them.
//!
//! It is small so that starting is cheap, a subreaper so that no process of a payload gets away, and a process of its
//! own so that it still cleans up when the pilot is killed: the end of its only connection tells it.

mod capture;
mod control;
mod output;
mod payload;
mod process;
mod program;
pub(crate) mod scratch;
mod slot;
pub(crate) mod tree;

pub(crate) use capture::log_path;
pub(crate) use program::url_file_name;
pub(crate) use slot::SLOT_PREFIX;

use slot::Slot;
use std::process::ExitCode;

/// Runs this process as a runner; returns when the pilot has gone. Must be called before any thread exists.
pub fn runner_main() -> ExitCode {
    match Slot::take_over() {
        Ok(mut slot) => {
            slot.run();
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}
