//! `pilotage pilots search`.

use crate::cli::args::SearchPilotsArgs;
use crate::cli::now;
use crate::output::{Table, ago, plural, print, print_json};
use model::Time;
use std::process::ExitCode;
use wire::Client;
use wire::api::{SearchHit, SearchPage, SearchQuery};

/// Looks through the logs, page by page, until there are enough hits.
pub async fn run(args: SearchPilotsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let mut query = SearchQuery {
        text: args.text,
        kind: args.kind.map(|kind| kind.as_str().to_owned()),
        state: Some(args.state),
        hours: Some(args.hours),
        factory: args.factory,
        label: args.label,
        queue: args.queue,
        cursor: None,
    };
    let mut all = SearchPage { hits: Vec::new(), looked: 0, next: None };
    loop {
        let page = client.search_pilots(&query).await?;
        all.hits.extend(page.hits);
        all.looked += page.looked;
        all.next = page.next;
        if all.next.is_none() || all.hits.len() >= args.limit as usize {
            break;
        }
        query.cursor.clone_from(&all.next);
    }
    if args.output.json {
        print_json(&all)?
    } else {
        print(&in_words(&all, now()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(page: &SearchPage, now: Time) -> String {
    let looked = plural(page.looked, "pilot");
    if page.hits.is_empty() {
        return format!("nothing in the logs of {looked}\n");
    }
    let headings = [">pilot", "label", "node", "ended", "log", ">lines", "~last line"];
    let mut table = Table::new(&headings).minor(&["lines", "node"]);
    for hit in &page.hits {
        table.row(cells(hit, now));
    }
    let more = if page.next.is_some() { "; there may be more" } else { "" };
    format!("{}looked at {looked}{more}\n", table.text())
}

fn cells(hit: &SearchHit, now: Time) -> [String; 7] {
    let pilot = &hit.pilot;
    [
        pilot.id.to_string(),
        pilot.label.clone(),
        pilot.node.clone(),
        pilot.ended.map(|ended| ago(now, ended)).unwrap_or_default(),
        hit.kind.clone(),
        hit.lines.to_string(),
        hit.line.clone(),
    ]
}
