//! `pilotage pilots search`.

use crate::cli::args::{Narrowing, SearchPilotsArgs};
use crate::cli::{now, paging};
use crate::output::{Table, ago, plural, print, print_json};
use model::Time;
use std::process::ExitCode;
use wire::Client;
use wire::api::{SearchHit, SearchPage, SearchQuery};

/// Looks through the logs, page by page, until there are enough hits.
pub async fn run(args: SearchPilotsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let Narrowing { queue, factory, label } = args.only;
    let query = SearchQuery {
        text: args.text,
        kind: args.kind.map(|kind| kind.as_str().to_owned()),
        state: Some(args.state),
        hours: Some(args.hours),
        factory,
        label,
        queue,
        cursor: None,
    };
    let mut looked = 0;
    let (hits, next) = paging::rows(args.limit as usize, None, async |cursor, _| {
        let page = client.search_pilots(&SearchQuery { cursor, ..query.clone() }).await?;
        looked += page.looked;
        Ok((page.hits, page.next))
    })
    .await?;
    let all = SearchPage { hits, looked, next };
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
