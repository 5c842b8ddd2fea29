//! `pilotage pilots history`.

use crate::cli::args::PilotHistoryArgs;
use crate::output::{Style, Tone, count, duration, plural, print, print_json, utc_time};
use model::History;
use std::process::ExitCode;
use std::time::Duration;
use wire::Client;
use wire::api::{HistoryQuery, PilotHistory, Quantiles};

/// Hours when nobody says: what the server goes by.
const HOURS: u32 = 48;
/// Characters of a line of bars.
const WIDTH: usize = 48;
/// From nothing to the most.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Shows what happened to pilots, and how many there were.
pub async fn run(args: PilotHistoryArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let PilotHistoryArgs { factory, label, queue, site, region, hours, from, until, .. } = args;
    let query = HistoryQuery { factory, label, queue, site, region, hours, from, until, ..HistoryQuery::default() };
    let history = client.pilot_history(&query).await?;
    if args.output.json {
        print_json(&history)?
    } else {
        print(&in_words(&history, &query, Style::for_stdout()))?
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(PilotHistory { history, total, waited, ran }: &PilotHistory, asked: &HistoryQuery, style: Style) -> String {
    let mut text = heading(asked) + "\n";
    let end = if asked.until.is_some() { "at the end" } else { "now" };
    let levels = [("pending", Tone::Created, &history.pending), ("running", Tone::Running, &history.running)];
    for (name, tone, pilots) in levels {
        let bars = bars(&most(pilots));
        let (now, top) = (pilots.last().copied().unwrap_or_default(), pilots.iter().copied().max().unwrap_or_default());
        text.push_str(&format!(
            "{name:<10} {}  {} {end}, {} at most\n",
            style.toned(tone, &bars),
            count(now),
            count(top)
        ));
    }
    let empty = if total.empty > 0 { format!(", {} without a job", count(total.empty)) } else { String::new() };
    let sums = [
        ("started", Tone::Running, &history.started, count(total.started)),
        ("done", Tone::Done, &history.done, count(total.done) + &empty),
        ("fault", Tone::Fault, &history.fault, count(total.fault)),
    ];
    for (name, tone, pilots, sum) in sums {
        text.push_str(&format!("{name:<10} {}  {sum}\n", style.toned(tone, &bars(&summed(pilots)))));
    }
    text.push_str(&line("waited", waited));
    text.push_str(&line("ran", ran));
    text.push_str(&axis(history));
    text
}

/// The time that is asked for.
fn heading(HistoryQuery { hours, from, until, .. }: &HistoryQuery) -> String {
    let hours = plural(u64::from(hours.unwrap_or(HOURS)), "hour");
    match (from.map(utc_time), until.map(utc_time)) {
        (Some(from), Some(until)) => format!("from {from} to {until} UTC"),
        (Some(from), None) => format!("since {from} UTC"),
        (None, Some(until)) => format!("{hours} until {until} UTC"),
        (None, None) => format!("last {hours}"),
    }
}

/// How long a bar is.
fn axis(history: &History) -> String {
    let each = history.span_s * history.start.len().div_ceil(WIDTH) as i64;
    format!("a bar is {}\n", duration(Duration::from_secs(each.unsigned_abs())))
}

fn line(name: &str, quantiles: &Quantiles) -> String {
    let words = |seconds: Option<f64>| seconds.map(|seconds| duration(Duration::from_secs_f64(seconds.round())));
    match (words(quantiles.median_s), words(quantiles.p90_s), words(quantiles.p99_s)) {
        (Some(median), Some(p90), Some(p99)) => {
            format!("{name:<10} half at most {median}, 90 % at most {p90}, 99 % at most {p99}\n")
        }
        _ => String::new(),
    }
}

/// As many values as there are bars: the largest of each part.
fn most(values: &[u64]) -> Vec<u64> {
    values
        .chunks(values.len().div_ceil(WIDTH).max(1))
        .map(|part| part.iter().copied().max().unwrap_or_default())
        .collect()
}

/// As many values as there are bars: the sum of each part.
fn summed(values: &[u64]) -> Vec<u64> {
    values.chunks(values.len().div_ceil(WIDTH).max(1)).map(|part| part.iter().sum()).collect()
}

/// Bars as high as the values, the highest for the largest; whatever is not nothing can be seen.
fn bars(values: &[u64]) -> String {
    let top = values.iter().copied().max().unwrap_or_default().max(1);
    let steps = BARS.len() as u64 - 1;
    let bar = |value: &u64| BARS[(value * steps).div_ceil(top) as usize];
    format!("{:<WIDTH$}", values.iter().map(bar).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{FlowAt, Levels, PilotFlow, Span, Time};

    #[test]
    fn a_day_is_told() {
        let at = |hour: i64, started: u64, fault: u64| FlowAt {
            start: hour * 3600,
            flow: PilotFlow { started, fault, running_change: started as i64 - fault as i64, ..PilotFlow::default() },
        };
        let flows = [at(2, 40, 0), at(9, 10, 1), at(23, 0, 30)];
        let (since, until) = (Time(0), Time(24 * 3_600_000 - 1));
        let history = History::drawn(Span::Minute, since, until, &flows, Levels { pending: 0, running: 19 });
        let total = PilotFlow { submitted: 50, started: 50, fault: 31, done: 7, empty: 2, ..PilotFlow::default() };
        let waited = Quantiles { count: 50, median_s: Some(64.0), p90_s: Some(724.1), p99_s: Some(9000.0) };
        let told = PilotHistory { history, total, waited, ran: Quantiles::default() };
        let day = HistoryQuery { hours: Some(24), ..HistoryQuery::default() };
        insta::assert_snapshot!(in_words(&told, &day, Style::PLAIN));
        insta::assert_snapshot!("nothing", in_words(&PilotHistory::default(), &HistoryQuery::default(), Style::PLAIN));
        let past = HistoryQuery { until: Some(Time(1_795_312_800_000)), ..day };
        let words = in_words(&told, &past, Style::PLAIN);
        assert!(
            words.starts_with("24 hours until 2026-11-22 02:00:00 UTC\n") && words.contains("at the end"),
            "{words}"
        );
        let some = HistoryQuery { from: Some(Time(1_795_312_800_000)), ..HistoryQuery::default() };
        assert_eq!(heading(&some), "since 2026-11-22 02:00:00 UTC");
    }

    #[test]
    fn the_smallest_can_be_seen() {
        assert_eq!(bars(&[0, 1, 1000]).trim_end(), " ▁█");
        assert_eq!(bars(&[]).trim_end(), "");
    }
}
