//! What is kept for how long.

use crate::config::Config;
use crate::pages::moment;
use model::Span;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Removable, Removal, kept};

const DAY_S: u64 = 86_400;

/// One kind of thing that is removed in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// What it is.
    pub what: &'static str,
    /// For how many seconds; none for ever.
    pub seconds: Option<u64>,
    /// The key of the configuration that says so; empty when none does.
    pub key: &'static str,
    /// Whether it is counted when it goes.
    pub is_counted: bool,
    /// What went last; none when nothing has yet.
    pub removed: Option<Removal>,
}

impl Kept {
    /// For how long, in words.
    pub fn lasting(&self) -> String {
        match self.seconds {
            None => "for ever".to_owned(),
            Some(days) if days >= DAY_S && days.is_multiple_of(DAY_S) => format!("{} d", days / DAY_S),
            Some(seconds) => moment::span(Duration::from_secs(seconds)),
        }
    }
}

/// Everything that is removed in time.
pub fn kept_by(config: &Config, removed: &BTreeMap<Removable, Removal>) -> Vec<Kept> {
    let row = |what, time: Option<Duration>, key, kind: Option<Removable>| Kept {
        what,
        seconds: time.map(|time| time.as_secs()),
        key,
        is_counted: kind.is_some(),
        removed: kind.and_then(|kind| removed.get(&kind).copied()),
    };
    let fixed = |what, time, kind| row(what, Some(time), "", Some(kind));
    let history = |what, span: Span| row(what, Some(span.kept()), "", None);
    let days = |days: u32| (days > 0).then(|| Duration::from_secs(u64::from(days) * DAY_S));
    let archive = config.keep_archive;
    vec![
        row("Ended jobs, before they move to the archive", Some(config.archive_after), "archive_after", None),
        row("Days of the archive: jobs, their logs and outputs", archive, "keep_archive", Some(Removable::Days)),
        row("Ended pilots, with what was told of them", archive, "keep_archive", Some(Removable::Pilots)),
        row("Logs of pilots", days(config.logs.keep_days), "logs.keep_days", Some(Removable::PilotLogs)),
        row("Alarms that are over", Some(config.alarms.rules.keep), "alarms.keep", Some(Removable::Alarms)),
        row("Keys of submissions", Some(config.keep_idempotency), "keep_idempotency", Some(Removable::Keys)),
        history("History of pilots by minutes", Span::Minute),
        history("History of pilots by ten minutes", Span::TenMinutes),
        history("History of pilots by six hours", Span::SixHours),
        fixed("Ends of pilots by the hour, errors, use of cores", kept::ENDS, Removable::Ends),
        fixed("Ends of pilots on each node", kept::NODES, Removable::Nodes),
        fixed("Decisions", kept::DECISIONS, Removable::Decisions),
        fixed("Commands, after their expiry", kept::COMMANDS, Removable::Commands),
        fixed("Orders, after their end", kept::ORDERS, Removable::Orders),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Time;

    #[test]
    fn each_kind_that_is_counted_has_one_row() {
        let config = Config { keep_archive: None, ..Config::in_dir("/nowhere") };
        let removed: BTreeMap<_, _> =
            Removable::ALL.into_iter().map(|kind| (kind, Removal { at: Time(1), count: kind as u64 })).collect();
        let rows = kept_by(&config, &removed);
        let mut told: Vec<u64> = rows.iter().filter_map(|row| row.removed).map(|removal| removal.count).collect();
        told.sort_unstable();
        assert_eq!(told, Removable::ALL.map(|kind| kind as u64));
        let lasting = |what: &str| rows.iter().find(|row| row.what.starts_with(what)).unwrap().lasting();
        let words = ["Ended pilots", "Ended jobs", "Ends of pilots on", "History of pilots by minutes"].map(lasting);
        assert_eq!(words, ["for ever", "1 d", "3 d", "2 d 12 h"]);
    }
}
