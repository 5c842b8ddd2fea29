//! What the long-running roles log, on standard error.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Logs from `level` on; `PILOTAGE_LOG` says otherwise (`debug`, `warn,store=debug`), `PILOTAGE_LOG_FORMAT=json` writes
/// one JSON object a line.
pub fn log_to_stderr(level: &str) {
    let filter = EnvFilter::try_from_env("PILOTAGE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let is_json = std::env::var_os("PILOTAGE_LOG_FORMAT").is_some_and(|format| format == "json");
    // A second call, in tests, keeps the first subscriber.
    let _ = if is_json { subscriber.json().try_init() } else { subscriber.with_target(false).try_init() };
}
