//! `pilotage retry`.

use super::args::IdsArgs;
use super::wait::merged;
use crate::output::{plural, print, print_json};
use std::process::ExitCode;
use wire::Client;
use wire::api::Retried;

/// Runs ended jobs again. Finished and open jobs are left alone, which counts as failure when nothing was retried.
pub async fn run(args: IdsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let retried = client.retry(&merged(&args.ids)?.to_string()).await?;
    if args.output.json {
        print_json(&retried)?
    } else {
        print(&format!("{}\n", in_words(retried)))?
    }
    let failed = retried.unknown > 0 || retried.retried == 0;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn in_words(retried: Retried) -> String {
    let mut said = Vec::new();
    if retried.retried > 0 {
        said.push(format!("{} waiting again", plural(retried.retried, "job")));
    }
    if retried.left_alone > 0 {
        let verb = if retried.left_alone == 1 { "is" } else { "are" };
        said.push(format!("{} {verb} finished or not ended, left alone", plural(retried.left_alone, "job")));
    }
    if retried.unknown > 0 {
        said.push(format!("{} of no job", plural(retried.unknown, "id")));
    }
    said.join(", ")
}
