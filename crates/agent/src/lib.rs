//! What runs on the worker node: the pilot, which leases jobs and reports about them, and one small runner process
//! per slot, which starts payloads and watches them.

mod args;
mod frame;
mod node;
mod pilot;
mod runner;

pub use args::PilotArgs;
pub use pilot::run_pilot;
pub use runner::runner_main;

/// The hidden sub-command that turns the program into a runner. `main` must look for it and call [`runner_main`]
/// before it starts any thread or runtime.
pub const RUNNER_COMMAND: &str = "runner";

/// The wrapper script (POSIX `sh`) that batch systems start on the node.
pub const WRAPPER: &str = include_str!("../wrapper.sh");
