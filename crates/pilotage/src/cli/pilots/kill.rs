//! `pilotage pilots kill`.

use crate::cli::args::{KillPilotsArgs, Narrowing};
use crate::cli::ask;
use crate::output::BadInput;
use model::{IdSet, JobId, PilotChoice, Verb};
use std::collections::BTreeSet;
use std::process::ExitCode;
use wire::Client;
use wire::api::LabelQuery;

/// Has each factory that is concerned take its pilots out.
pub async fn run(args: KillPilotsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let factories = concerned(&args, client).await?;
    if factories.is_empty() {
        return Err(BadInput::new("no factory has such pilots").into());
    }
    let ids = args.pilots.iter().map(|pilot| JobId(pilot.0));
    let choice = PilotChoice {
        ids: (!args.pilots.is_empty()).then(|| IdSet::of(ids)),
        label: args.only.label,
        queue: args.only.queue,
        state: args.state,
    };
    let mut answers = Vec::new();
    for factory in factories {
        answers.push(ask::factory(client, &factory, Verb::Kill, choice.arguments(), args.timeout).await?);
    }
    ask::tell(&answers, args.output.json)
}

/// The factories of the pilots that are named, or those that have such labels.
async fn concerned(args: &KillPilotsArgs, client: &Client) -> anyhow::Result<BTreeSet<String>> {
    let mut factories = BTreeSet::new();
    for pilot in &args.pilots {
        factories.insert(client.pilot(*pilot).await?.summary.factory);
    }
    if args.pilots.is_empty() {
        let Narrowing { queue, factory, label } = args.only.clone();
        let labels = client.labels(&LabelQuery { factory, label, queue }).await?.labels;
        factories.extend(labels.into_iter().map(|label| label.factory));
    }
    factories.retain(|factory| args.only.factory.as_ref().is_none_or(|wanted| wanted == factory));
    Ok(factories)
}
