//! The runner: one small single-threaded process per slot that starts payloads and watches them.

use std::process::ExitCode;

/// Runs this process as a runner; returns when the pilot has gone.
pub fn runner_main() -> ExitCode {
    ExitCode::FAILURE
}
