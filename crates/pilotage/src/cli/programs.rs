//! `pilotage programs`.

use super::args::{ProgramsAction, ProgramsArgs};
use super::{now, with_client};
use crate::output::{BadInput, Table, ago, print, print_json};
use model::{ProgramInfo, Time};
use std::path::Path;
use std::process::ExitCode;
use wire::Client;
use wire::api::ProgramList;
use wire::client::{file_sha256, program_path};

/// Lists programs, uploads one or removes one.
pub fn run(args: ProgramsArgs) -> anyhow::Result<ExitCode> {
    match args.action {
        None => with_client(&args.server, async |client| list(args.output.json, &client).await),
        Some(ProgramsAction::Add { name, release, file, output, server }) => {
            with_client(&server, async |client| add(&name, &release, &file, output.json, &client).await)
        }
        Some(ProgramsAction::Remove { name, release, server }) => with_client(&server, async |client| {
            client.drop_program(&name, &release).await?;
            print(&format!("{name} {release} is removed\n"))?;
            Ok(ExitCode::SUCCESS)
        }),
    }
}

async fn list(json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let list = client.programs().await?;
    if json {
        print_json(&list)?
    } else {
        print(&table(&list, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(name: &str, version: &str, file: &Path, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    let sum = file_sha256(file).map_err(|error| BadInput::new(format!("{}: {error}", file.display())))?;
    let ProgramInfo { sha256, .. } = &client.put_program(name, version, file, &sum).await?;
    let url = format!("{}{}", client.url(), program_path(name, version));
    if json {
        print_json(&serde_json::json!({"name": name, "version": version, "sha256": sha256, "url": url}))?
    } else {
        print(&format!("sources = [\"server:{name}/{version}\"]   # {url}\nsha256 = \"{sha256}\"\n"))?
    }
    Ok(ExitCode::SUCCESS)
}

fn table(list: &ProgramList, now: Time) -> String {
    if list.programs.is_empty() {
        return "no programs\n".to_owned();
    }
    let mut table =
        Table::new(&["name", "version", ">bytes", "added", "by", "sha256"]).minor(&["by", "added", "bytes"]);
    for program in &list.programs {
        let ProgramInfo { name, version, sha256, bytes, added, added_by } = program.clone();
        table.row([name, version, bytes.to_string(), ago(now, added), added_by, sha256]);
    }
    table.text()
}
