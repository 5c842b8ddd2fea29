//! The pilot: leases jobs, hands them to its runners, reports.

use crate::PilotArgs;
use std::process::ExitCode;

/// Runs a pilot to its end. Builds its own runtime; call it outside of one.
pub fn run_pilot(args: PilotArgs) -> ExitCode {
    tracing::error!(slots = args.slots, "this build has no pilot yet");
    ExitCode::FAILURE
}
