//! `pilotage factory describe`.

use super::{ServerChoice, connection, launch, load, look, unknown_label};
use crate::cli::client_runtime;
use crate::output::{BadInput, print};
use factory::{Config, Look, PilotLaunch};
use model::PilotId;
use std::path::Path;
use std::process::ExitCode;
use wire::api::Announced;

/// Prints what the label's batch system would be given for one pilot. No server is asked, unless labels come from it,
/// and no batch system.
pub fn run(path: &Path, name: &str, choice: &ServerChoice) -> anyhow::Result<ExitCode> {
    let launch = launch(&connection(&load(path)?.config, choice)?)?;
    let config = client_runtime()?.block_on(look(path, choice, Look::Missing))?.config;
    print(&description(&config, &launch, name, 1, Vec::new())?)?;
    Ok(ExitCode::SUCCESS)
}

/// What the label's batch system would be given for so many pilots that avoid some nodes.
pub fn description(
    config: &Config,
    launch: &PilotLaunch,
    name: &str,
    pilots: u32,
    avoid: Vec<String>,
) -> anyhow::Result<String> {
    let known = || config.label.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let label = config.label.get(name).ok_or_else(|| unknown_label(name, &known()))?;
    // Pilots of their own id and secret are made only when they are submitted.
    let announced = Announced { first: PilotId(1), secrets: vec![String::new(); pilots as usize] };
    let mut request = launch.request(config, name, &config.armed(label), &announced)?;
    request.needs.avoid = avoid;
    let batch =
        config.batch.get(&label.batch).ok_or_else(|| BadInput::new(format!("no end point '{}'", label.batch)))?;
    let dir = config.factory.dir.join("batch").join(&label.batch);
    let text = batch.describe(&config.factory.name, &dir, &request);
    text.map_err(|error| anyhow::anyhow!("failed to {error}"))
}
