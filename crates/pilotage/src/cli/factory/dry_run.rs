//! `pilotage factory dry-run`.

use super::describe::description;
use super::{ServerChoice, connection, launch, load, look, unknown_label};
use crate::cli::{client_runtime, describe_decision};
use crate::output::{Style, print, print_json};
use factory::plan::LabelPlan;
use factory::{Config, Factory, Look, PilotLaunch};
use model::{Decision, PilotId};
use serde::Serialize;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// What a label would do.
#[derive(Serialize)]
struct Rehearsed {
    decision: Decision,
    /// How many pilots it would submit.
    submit: u32,
    /// What its batch system would be given for them; empty when there are none.
    description: String,
    /// Those that it would take out of the batch system.
    remove: Vec<PilotId>,
    /// Those that it would tell to finish.
    drain: Vec<PilotId>,
}

/// Prints what a cycle would do now. Server and batch systems are asked, and nothing is changed there.
pub fn run(path: &Path, labels: &[String], choice: &ServerChoice, json: bool) -> anyhow::Result<ExitCode> {
    let connection = connection(&load(path)?.config, choice)?;
    let launch = launch(&connection)?;
    let rehearsed = client_runtime()?.block_on(async {
        let config = look(path, choice, Look::Missing).await?.config;
        check(&config, labels)?;
        let mut factory = Factory::new(config.clone(), Arc::new(connection.client()?), launch.clone())?;
        let plans = factory.rehearse().await?;
        let wanted = plans.into_iter().filter(|plan| labels.is_empty() || labels.contains(&plan.decision.label));
        wanted.map(|plan| rehearsed(&config, &launch, plan)).collect::<anyhow::Result<Vec<_>>>()
    })?;
    if json {
        print_json(&rehearsed)?
    } else {
        print(&rehearsed.iter().map(in_words).collect::<Vec<_>>().join("\n"))?
    }
    Ok(ExitCode::SUCCESS)
}

fn check(config: &Config, labels: &[String]) -> anyhow::Result<()> {
    let known = || config.label.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let unknown = labels.iter().find(|label| !config.label.contains_key(*label));
    unknown.map_or(Ok(()), |label| Err(unknown_label(label, &known())))
}

fn rehearsed(config: &Config, launch: &PilotLaunch, plan: LabelPlan) -> anyhow::Result<Rehearsed> {
    let LabelPlan { decision, submit, remove, drain, avoid } = plan;
    let description = match submit {
        0 => String::new(),
        _ => description(config, launch, &decision.label, submit, avoid)?,
    };
    Ok(Rehearsed { decision, submit, description, remove, drain })
}

fn in_words(rehearsed: &Rehearsed) -> String {
    let mut text = describe_decision(&rehearsed.decision, true, Style::for_stdout());
    for (what, pilots) in [("would be removed", &rehearsed.remove), ("would be told to finish", &rehearsed.drain)] {
        if !pilots.is_empty() {
            let ids = pilots.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            text.push_str(&format!("  {what}: {ids}\n"));
        }
    }
    if rehearsed.submit > 0 {
        text.push_str(&format!("  would be submitted, {} times:\n\n{}", rehearsed.submit, rehearsed.description));
    }
    text
}
