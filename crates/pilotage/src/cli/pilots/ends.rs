//! `pilotage pilots ends`.

use crate::cli::args::{Narrowing, PilotEndsArgs};
use crate::output::{Table, count, pilot_tone, plural, print, print_json, utc_time};
use model::{EndedPilots, PilotState};
use std::process::ExitCode;
use wire::Client;
use wire::api::{EndsQuery, PilotEnds};

/// Shows how pilots ended.
pub async fn run(args: PilotEndsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let PilotEndsArgs { hours, only: Narrowing { queue, factory, label }, .. } = args;
    let ends =
        client.pilot_ends(&EndsQuery { hours: Some(hours), factory, label, queue, ..EndsQuery::default() }).await?;
    if args.output.json {
        print_json(&ends)?
    } else {
        print(&in_words(&ends))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(ends: &PilotEnds) -> String {
    let of = |state: PilotState| ends.ends.iter().filter(|end| end.state == state).map(|end| end.pilots).sum::<u64>();
    let (done, fault) = (of(PilotState::Done), of(PilotState::Fault));
    let head =
        format!("since {} UTC: {} done, {} in fault\n", utc_time(ends.since), plural(done, "pilot"), count(fault));
    if ends.ends.is_empty() {
        return head;
    }
    let headings = ["label", "state", "class", ">pilots", ">last", "~last words"];
    let mut table = Table::new(&headings).minor(&["last"]);
    for end in &ends.ends {
        let state = table.toned(pilot_tone(end.state), end.state.as_str());
        table.row(cells(end, state));
    }
    head + &table.text()
}

fn cells(end: &EndedPilots, state: String) -> [String; 6] {
    let class = end.error_class.map_or_else(crate::cli::jobs::dash, |class| class.to_string());
    [end.label.clone(), state, class, count(end.pilots), end.last.to_string(), end.message.clone()]
}
