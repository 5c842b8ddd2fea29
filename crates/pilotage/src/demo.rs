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
use crate::config::{Environment, forget_last_dir, read_last_dir, remember_last_dir};
use crate::output::{BadInput, INTERRUPTED, Style, log_to_stderr, print};
use crate::up::{Stop, Up};
use anyhow::{Context, bail};
use drive::Outcome;
use stage::Stage;
use std::path::Path;
use std::process::ExitCode;
use wire::Client;

/// Runs the demo; exit code 0 only when every job ended as expected.
pub fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    check_output(&args.output)?;
    log_to_stderr("error");
    server_runtime()?.block_on(play(args))
}

async fn play(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let mut stop = Stop::listen()?;
    let stage = Stage::build(args)?;
    let mut up = Up::start(stage.plan.clone()).await.context("start the demo")?;
    let (client, url) = (up.client().clone(), up.url().to_owned());
    let outcome = tokio::select! {
        outcome = perform(&stage, &client, &url, args) => outcome.map(Some),
        ended = up.factory_ended() => ended.and_then(|()| bail!("the factory was drained before the end")),
        () = stop.wanted() => Ok(None),
    };
    let kept = match &outcome {
        Ok(Some(outcome)) if args.keep => keep(&up, outcome, &mut stop).await,
        _ => Ok(()),
    };
    up.end(&mut stop).await;
    kept?;
    Ok(match outcome? {
        Some(outcome) if outcome.is_as_expected() => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::from(INTERRUPTED),
    })
}

async fn perform(stage: &Stage, client: &Client, url: &str, args: &DemoArgs) -> anyhow::Result<Outcome> {
    print(&stage.introduction(url))?;
    let outcome = drive::run(stage, client).await?;
    let image = stage.image();
    if image.exists() {
        std::fs::copy(&image, &args.output).with_context(|| format!("write {}", args.output.display()))?;
    }
    let decisions = summary::decisions(client).await?;
    print(&summary::text(&outcome, &decisions, &args.output, Style::for_stdout()))?;
    Ok(outcome)
}

async fn keep(up: &Up, outcome: &Outcome, stop: &mut Stop) -> anyhow::Result<()> {
    let environment = Environment::of_process();
    let before = read_last_dir(&environment);
    remember_last_dir(&environment, up.dir()).context("remember the directory for the next terminal")?;
    let token = up.dir().join("admin.token");
    let first = outcome.kinds.first().map_or(1, |kind| kind.first.0);
    print(&format!(
        "\nready {}\n  page  {}/  (sign in with the token in {})\n  try   pilotage job {first}    in another terminal\n  stop  Ctrl-C\n",
        up.url(),
        up.url(),
        token.display()
    ))?;
    stop.wanted().await;
    forget_last_dir(&environment, up.dir(), before.as_deref()).context("forget the directory of the demo")
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
