//! Plots in words.

use super::super::number::grouped;
use super::super::result::seconds_whole;
use wire::api::{PilotHistory, Quantiles};

/// What happened, after the words that say when or to whose pilots.
pub fn words(whose: &str, history: &PilotHistory) -> String {
    let total = &history.total;
    if total.is_none() {
        return format!("{whose}: no pilot was submitted or ended.");
    }
    let empty = match total.empty {
        0 => String::new(),
        empty => format!(", {} of them without ever getting a job", grouped(empty)),
    };
    let mut words = format!(
        "{whose}: {} submitted, {} started, {} done{empty}, {} fault.",
        grouped(total.submitted),
        grouped(total.started),
        grouped(total.done),
        grouped(total.fault)
    );
    words.push_str(&spread("Waited for their start", &history.waited));
    words.push_str(&spread("Ran", &history.ran));
    words
}

fn spread(what: &str, quantiles: &Quantiles) -> String {
    match (quantiles.median_s, quantiles.p90_s) {
        (Some(median), Some(p90)) => {
            format!(" {what}: half at most {}, nine of ten at most {}.", short(median), short(p90))
        }
        _ => String::new(),
    }
}

fn short(seconds: f64) -> String {
    seconds_whole(&(seconds.round() as u32))
}
