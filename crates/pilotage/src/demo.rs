//! `pilotage demo`: real work through the whole chain, in a temporary directory.

mod drive;
mod image;
mod kinds;
mod memory;
mod stage;
mod summary;

pub use image::{assemble, tile};
pub use memory::use_memory;

use crate::cli::args::DemoArgs;
use crate::cli::server_runtime;
use crate::config::{Environment, remember_last_dir};
use crate::output::{BadInput, Style, log_to_stderr, print};
use crate::up::{Stop, Up};
use anyhow::Context;
use drive::Outcome;
use stage::Stage;
use std::path::Path;
use std::process::ExitCode;

/// Runs the demo; exit code 0 only when every job ended as expected.
pub fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    check_output(&args.output)?;
    log_to_stderr("error");
    server_runtime()?.block_on(play(args))
}

async fn play(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let mut stop = Stop::listen()?;
    let stage = Stage::build(args)?;
    let up = Up::start(stage.plan.clone()).await.context("start the demo")?;
    let outcome = tokio::select! {
        outcome = perform(&stage, &up, args) => outcome,
        () = stop.wanted() => Err(BadInput::new("stopped before the end").into()),
    };
    if let Ok(outcome) = &outcome
        && args.keep
    {
        keep(&up, outcome, &mut stop).await?;
    }
    up.end(&mut stop).await;
    outcome.map(|outcome| if outcome.is_as_expected() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn perform(stage: &Stage, up: &Up, args: &DemoArgs) -> anyhow::Result<Outcome> {
    print(&stage.introduction(up.url()))?;
    let outcome = drive::run(stage, up.client()).await?;
    let image = stage.image();
    if image.exists() {
        std::fs::copy(&image, &args.output).with_context(|| format!("write {}", args.output.display()))?;
    }
    let decisions = summary::decisions(up.client()).await?;
    print(&summary::text(&outcome, &decisions, &args.output, Style::for_stdout()))?;
    Ok(outcome)
}

async fn keep(up: &Up, outcome: &Outcome, stop: &mut Stop) -> anyhow::Result<()> {
    remember_last_dir(&Environment::of_process(), up.dir()).context("remember the directory for the next terminal")?;
    let token = up.dir().join("admin.token");
    let first = outcome.kinds.first().map_or(1, |kind| kind.first.0);
    print(&format!(
        "\nready {}\n  page  {}/  (sign in with the token in {})\n  try   pilotage job {first}    in another terminal\n  stop  Ctrl-C\n",
        up.url(),
        up.url(),
        token.display()
    ))?;
    stop.wanted().await;
    Ok(())
}

/// Better now than after all the work.
fn check_output(path: &Path) -> Result<(), BadInput> {
    let refused = |problem: String| {
        BadInput::new(format!("--output: {} cannot be written: {problem}", path.display()))
            .hint("choose another place by --output FILE")
    };
    if path.is_dir() {
        return Err(refused("it is a directory".to_owned()));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::tempfile_in(parent).map(drop).map_err(|error| refused(error.to_string()))
}
