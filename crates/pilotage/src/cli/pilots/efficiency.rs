//! `pilotage pilots efficiency`.

use crate::cli::args::PilotEfficiencyArgs;
use crate::cli::jobs::dash;
use crate::output::{Table, print, print_json, utc_time};
use model::CoreTime;
use std::cmp::Reverse;
use std::process::ExitCode;
use wire::Client;
use wire::api::{LabelCoreTime, PilotCoreTime};

/// Milliseconds of an hour.
const HOUR_MS: f64 = 3_600_000.0;

/// Shows what cores were used for.
pub async fn run(args: PilotEfficiencyArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let used = client.pilot_core_time(&args.place.query()).await?;
    if args.output.json {
        print_json(&used)?
    } else {
        print(&in_words(&used))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(used: &PilotCoreTime) -> String {
    let mut total = CoreTime::default();
    used.labels.iter().for_each(|label| total += label.time);
    let head = format!("since {} UTC: {} core hours of ended pilots\n", utc_time(used.since), hours(total.total_ms()));
    if used.labels.is_empty() {
        return head;
    }
    let headings = ["label", "site", ">core hours", ">good", ">failed", ">lost", ">idle", ">empty", ">refused"];
    let mut table = Table::new(&headings).minor(&["site"]);
    let mut labels: Vec<&LabelCoreTime> = used.labels.iter().collect();
    labels.sort_by_key(|label| Reverse(label.time.total_ms() - label.time.good_ms));
    labels.iter().for_each(|label| table.row(cells(&label.label, &label.site, &label.time)));
    table.row(cells("all", "", &total));
    head + &table.text()
}

/// A label, its site, its hours, and what share of them was used for what.
fn cells(label: &str, site: &str, time: &CoreTime) -> Vec<String> {
    let total = time.total_ms();
    let share = |part: u64| if total == 0 { dash() } else { format!("{:.0} %", part as f64 * 100.0 / total as f64) };
    let mut cells = vec![label.to_owned(), site.to_owned(), hours(total)];
    cells.extend(time.parts().into_iter().map(share));
    cells
}

fn hours(milliseconds: u64) -> String {
    format!("{:.1}", milliseconds as f64 / HOUR_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Time;

    #[test]
    fn where_most_was_wasted_comes_first() {
        let label = |name: &str, good_ms, idle_ms| LabelCoreTime {
            site: "GLASGOW".into(),
            region: "UK".into(),
            factory: "f".into(),
            label: name.into(),
            queue: "q".into(),
            time: CoreTime { good_ms, idle_ms, ..CoreTime::default() },
        };
        let labels = vec![label("good", 36_000_000, 0), label("idle", 3_600_000, 10_800_000)];
        let used = PilotCoreTime { since: Time(1_700_000_000_000), labels };
        insta::assert_snapshot!(in_words(&used));
        assert_eq!(
            in_words(&PilotCoreTime::default()),
            "since 1970-01-01 00:00:00 UTC: 0.0 core hours of ended pilots\n"
        );
    }
}
