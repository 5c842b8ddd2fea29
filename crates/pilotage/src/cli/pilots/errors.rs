//! `pilotage pilots errors`.

use crate::cli::args::{EndedWhere, Narrowing, PilotErrorsArgs};
use crate::cli::jobs::dash;
use crate::output::{Table, count, plural, print, print_json, utc_time};
use std::process::ExitCode;
use wire::Client;
use wire::api::{EndsQuery, MessageInfo, PilotErrors};

/// Shows why pilots broke.
pub async fn run(args: PilotErrorsArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let PilotErrorsArgs { place, limit, output, .. } = args;
    let errors = client.pilot_errors(&place.query()).await?;
    if output.json {
        print_json(&errors)?
    } else {
        print(&in_words(&errors, limit as usize))?
    }
    Ok(ExitCode::SUCCESS)
}

impl EndedWhere {
    /// As the server is asked.
    pub fn query(self) -> EndsQuery {
        let EndedWhere { hours, only: Narrowing { queue, factory, label }, site, region } = self;
        EndsQuery { hours: Some(hours), factory, label, queue, site, region }
    }
}

fn in_words(errors: &PilotErrors, limit: usize) -> String {
    let pilots: u64 = errors.classes.iter().map(|class| class.pilots).sum();
    let head = format!("since {} UTC: {} in fault\n", utc_time(errors.since), plural(pilots, "pilot"));
    if errors.messages.is_empty() {
        return head;
    }
    let mut table =
        Table::new(&[">pilots", "class", "label", "site", ">last", "~what they said"]).minor(&["site", "last"]);
    errors.messages.iter().take(limit).for_each(|message| table.row(cells(message)));
    let left = errors.messages.len().saturating_sub(limit) as u64;
    let more = if left > 0 { format!("{} more: --limit\n", count(left)) } else { String::new() };
    head + &table.text() + &more
}

fn cells(MessageInfo { template, count: of }: &MessageInfo) -> [String; 6] {
    let class = of.error_class.map_or_else(dash, |class| class.to_string());
    [count(of.pilots), class, of.label.clone(), of.site.clone(), of.last.to_string(), template.clone()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ErrorClass, PilotId, Time};
    use wire::api::ClassCount;

    #[test]
    fn alike_words_are_one_line() {
        let of = |label: &str, pilots| ClassCount {
            site: "GLASGOW".into(),
            factory: "f".into(),
            label: label.into(),
            queue: "q".into(),
            error_class: Some(ErrorClass::Node),
            pilots,
            last: PilotId(41),
        };
        let message = |label: &str, pilots| MessageInfo { template: "no space on *".into(), count: of(label, pilots) };
        let classes = vec![of("short", 1200), of("long", 2)];
        let messages = vec![message("short", 1200), message("long", 2)];
        let errors = PilotErrors { since: Time(1_700_000_000_000), classes, messages };
        insta::assert_snapshot!(in_words(&errors, 1));
        assert_eq!(in_words(&PilotErrors::default(), 9), "since 1970-01-01 00:00:00 UTC: 0 pilots in fault\n");
    }
}
