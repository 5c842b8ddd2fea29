//! `pilotage pilots events`.

use crate::cli::args::PilotEventsArgs;
use crate::output::{Table, pilot_tone, print, print_json, utc_time};
use model::pilot::Told;
use std::process::ExitCode;
use wire::Client;
use wire::api::{LONG_POLL_MAX_S, ToldPage, ToldQuery};

/// Shows what was said about pilots, and goes on when that is wanted.
pub async fn run(args: PilotEventsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    if let Some(pilot) = args.pilot {
        let told = client.told_of(pilot).await?;
        if args.output.json {
            print_json(&told)?
        } else {
            print(&table(&told.events))?
        }
        return Ok(ExitCode::SUCCESS);
    }
    let PilotEventsArgs { after, factory, label, limit, .. } = args.clone();
    let query = ToldQuery { after, factory, label, limit: Some(limit), wait_s: 0 };
    let page = client.told(&query).await?;
    if !args.follow {
        if args.output.json {
            print_json(&page)?
        } else {
            print(&table(&page.events))?
        }
        return Ok(ExitCode::SUCCESS);
    }
    follow(page, query, args.output.json, client).await
}

/// One line per event, until the reader goes away.
async fn follow(mut page: ToldPage, query: ToldQuery, json: bool, client: &Client) -> anyhow::Result<ExitCode> {
    loop {
        for told in &page.events {
            print(&if json { serde_json::to_string(told)? + "\n" } else { line(told) })?;
        }
        page = client.told(&ToldQuery { after: Some(page.next), wait_s: LONG_POLL_MAX_S, ..query.clone() }).await?;
    }
}

fn line(told: &Told) -> String {
    let Told { pilot, factory, label, .. } = told;
    let [at, source, said, became, text] = cells(told);
    format!("{at} pilot {pilot} of {factory} {label}: {source} says {said}, {became}{}{text}\n", colon(&text))
}

fn colon(text: &str) -> &'static str {
    if text.is_empty() { "" } else { ": " }
}

fn cells(told: &Told) -> [String; 5] {
    let from = if told.address.is_empty() { String::new() } else { format!(" at {}", told.address) };
    let became = match (told.refused, told.before == told.state) {
        (true, _) => format!("stays {}, refused", told.state),
        (false, true) => format!("is {}", told.state),
        (false, false) => format!("{} -> {}", told.before, told.state),
    };
    let class =
        told.error_class.filter(|_| told.state.is_final()).map(|class| format!("{class}: ")).unwrap_or_default();
    let text = format!("{class}{}", told.text);
    [utc_time(told.time), format!("{}{from}", told.source), told.word.to_string(), became, text]
}

fn table(told: &[Told]) -> String {
    if told.is_empty() {
        return "no events\n".to_owned();
    }
    let mut table = Table::new(&["time", ">pilot", "label", "source", "says", "state", "~text"]).minor(&["label"]);
    for one in told {
        let [at, source, said, became, text] = cells(one);
        let became = table.toned(pilot_tone(one.state), &became);
        table.row([at, one.pilot.to_string(), one.label.clone(), source, said, became, text]);
    }
    table.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::pilot::{Source, Word};
    use model::{ErrorClass, PilotId, PilotState, Time};

    #[test]
    fn a_line_tells_who_said_what_and_what_came_of_it() {
        let told = Told {
            id: 1,
            time: Time(1_790_000_000_000),
            pilot: PilotId(7),
            factory: "cern".into(),
            label: "grid".into(),
            source: Source::Batch,
            address: String::new(),
            word: Word::Queued,
            before: PilotState::Submitted,
            state: PilotState::Pending,
            refused: false,
            error_class: None,
            text: "PENDING".into(),
        };
        let at = utc_time(told.time);
        let wanted = format!("{at} pilot 7 of cern grid: batch says queued, submitted -> pending: PENDING\n");
        assert_eq!(line(&told), wanted);
        let late = Told {
            source: Source::Apfmon,
            address: "192.0.2.7".into(),
            refused: true,
            before: PilotState::Fault,
            state: PilotState::Fault,
            error_class: Some(ErrorClass::Node),
            text: String::new(),
            ..told
        };
        let wanted =
            format!("{at} pilot 7 of cern grid: apfmon at 192.0.2.7 says queued, stays fault, refused: node: \n");
        assert_eq!(line(&late), wanted);
    }
}
