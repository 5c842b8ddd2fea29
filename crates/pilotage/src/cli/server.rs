//! `pilotage server`.

use super::args::ServerArgs;
use super::server_runtime;
use crate::config::{Environment, server_config};
use crate::output::{BadInput, log_to_stderr, print};
use crate::up::{Stop, start_server};
use std::process::ExitCode;

/// Serves until TERM or Ctrl-C.
pub fn run(args: &ServerArgs) -> anyhow::Result<ExitCode> {
    let config = server_config(args, &Environment::of_process())?;
    if args.check {
        print(&format!(
            "the configuration is good: directory {}, address {}\n",
            config.dir.display(),
            config.address()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    if config.dir.is_file() {
        return Err(BadInput::new(format!("{} is a file, not a directory", config.dir.display())).into());
    }
    log_to_stderr("info");
    server_runtime()?.block_on(async {
        let mut stop = Stop::listen()?;
        let running = start_server(config).await?;
        print(&format!("ready {}\n", running.url()))?;
        stop.wanted().await;
        tokio::select! {
            () = running.shutdown() => {}
            () = stop.wanted() => tracing::warn!("told twice to stop, leaving at once"),
        }
        Ok(ExitCode::SUCCESS)
    })
}
