//! `pilotage pilots`.

mod efficiency;
mod ends;
mod errors;
mod events;
mod history;
mod kill;
mod search;
mod show;

use super::args::{Narrowing, PilotLog, PilotsAction, PilotsArgs};
use super::jobs::{dash, or_dash};
use super::{now, paging, with_client};
use crate::output::{Table, ago, pilot_tone, print, print_json};
use model::{PilotId, Target, Time, Verb};
use std::io::{self, Write};
use std::process::ExitCode;
use wire::Client;
use wire::api::{CommandRequest, PilotPage, PilotQuery, PilotSummary};

/// Rows for people when they do not say how many.
const ROWS_FOR_PEOPLE: u32 = 20;
/// Rows for programs when they do not say how many.
const ROWS_FOR_PROGRAMS: u32 = 100;

/// Lists pilots, or does something with them.
pub fn run(args: PilotsArgs) -> anyhow::Result<ExitCode> {
    match args.action {
        Some(PilotsAction::Kill(args)) => {
            with_client(&args.server.clone(), async |client| kill::run(args, &client).await)
        }
        Some(PilotsAction::Search(args)) => {
            with_client(&args.server.clone(), async |client| search::run(args, &client).await)
        }
        Some(PilotsAction::Ends(args)) => {
            with_client(&args.server.clone(), async |client| ends::run(args, &client).await)
        }
        Some(PilotsAction::Errors(args)) => {
            with_client(&args.server.clone(), async |client| errors::run(args, &client).await)
        }
        Some(PilotsAction::Efficiency(args)) => {
            with_client(&args.server.clone(), async |client| efficiency::run(args, &client).await)
        }
        Some(PilotsAction::Events(args)) => {
            with_client(&args.server.clone(), async |client| events::run(args, &client).await)
        }
        Some(PilotsAction::History(args)) => {
            with_client(&args.server.clone(), async |client| history::run(args, &client).await)
        }
        Some(PilotsAction::Show { pilot, output, server }) => {
            with_client(&server, async |client| show::run(pilot, output.json, &client).await)
        }
        None => with_client(&args.server.clone(), async |client| list(args, &client).await),
        Some(PilotsAction::Drain { pilots, server }) => {
            with_client(&server, async |client| drain(&pilots, &client).await)
        }
        Some(PilotsAction::Logs { pilot, kind, server }) => {
            with_client(&server, async |client| logs(pilot, kind, &client).await)
        }
    }
}

async fn drain(pilots: &[PilotId], client: &Client) -> anyhow::Result<ExitCode> {
    for pilot in pilots {
        let target = Target::Pilot(*pilot);
        let request = CommandRequest { target, verb: Verb::Drain, arguments: Vec::new(), expires_s: None };
        client.command(&request).await?;
        print(&format!("pilot {pilot} is told to drain\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn logs(pilot: PilotId, kind: PilotLog, client: &Client) -> anyhow::Result<ExitCode> {
    io::stdout().write_all(&client.pilot_log(pilot, kind.as_str()).await?)?;
    Ok(ExitCode::SUCCESS)
}

async fn list(args: PilotsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let page = fetch(&args, client).await?;
    if args.output.json {
        print_json(&page)?
    } else {
        print(&table(&page, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

/// As many pages as the wanted rows need.
async fn fetch(args: &PilotsArgs, client: &Client) -> anyhow::Result<PilotPage> {
    let default = if args.output.json { ROWS_FOR_PROGRAMS } else { ROWS_FOR_PEOPLE };
    let wanted = if args.all { usize::MAX } else { args.limit.unwrap_or(default) as usize };
    let Narrowing { queue, factory, label } = args.only.clone();
    let older_s = args.older_than.map(|time| time.as_secs());
    let live = args.live.then_some(true);
    let query = PilotQuery { state: args.state, live, queue, factory, label, older_s, ..PilotQuery::default() };
    let (pilots, next) = paging::rows(wanted, args.cursor.clone(), async |cursor, limit| {
        let page = client.pilots(&PilotQuery { cursor, limit: Some(limit), ..query.clone() }).await?;
        Ok((page.pilots, page.next))
    })
    .await?;
    Ok(PilotPage { pilots, next })
}

/// Columns of the table.
const HEADINGS: [&str; 14] = [
    ">id",
    "label",
    "queue",
    "site",
    "state",
    "batch",
    "batch id",
    "node",
    ">slots",
    ">jobs now",
    ">jobs ended",
    "announced",
    "heard",
    "~message",
];
/// Those that a narrow terminal has no room for, the first to go first.
const MINOR: [&str; 9] = ["announced", "batch id", "site", "batch", "jobs ended", "slots", "queue", "jobs now", "node"];

fn table(page: &PilotPage, now: Time) -> String {
    if page.pilots.is_empty() {
        return "no pilots\n".to_owned();
    }
    let mut table = Table::new(&HEADINGS).minor(&MINOR);
    for pilot in &page.pilots {
        let state = table.toned(pilot_tone(pilot.state), &state(pilot));
        table.row(cells(pilot, state, now));
    }
    let more = page.next.as_ref().map(|next| format!("more: --cursor {next}, or --all\n"));
    table.text() + &more.unwrap_or_default()
}

fn cells(pilot: &PilotSummary, state: String, now: Time) -> [String; 14] {
    [
        pilot.id.to_string(),
        pilot.label.clone(),
        pilot.queue.clone(),
        or_dash(&pilot.site),
        state,
        pilot.batch.clone(),
        or_dash(&pilot.batch_id),
        or_dash(&pilot.node),
        pilot.slots.to_string(),
        pilot.jobs_now.to_string(),
        pilot.jobs_ended.to_string(),
        ago(now, pilot.announced),
        pilot.last_heard.map_or_else(dash, |heard| ago(now, heard)),
        last_words(pilot),
    ]
}

fn state(pilot: &PilotSummary) -> String {
    use model::pilot::PilotFlag;
    let flag = match pilot.flag {
        None => return pilot.state.to_string(),
        Some(PilotFlag::Held) => "held",
        Some(PilotFlag::Suspended) => "suspended",
        Some(PilotFlag::Retiring) => "retiring",
    };
    format!("{}, {flag}", pilot.state)
}

fn last_words(pilot: &PilotSummary) -> String {
    match pilot.error_class {
        Some(class) => format!("{class}: {}", pilot.message),
        None => pilot.message.clone(),
    }
}
