//! Which time plots show, and what is laid beside it: as the address of the page says it.

use super::super::link::Link;
use super::super::moment;
use model::Time;
use serde::Deserialize;
use std::time::Duration;
use wire::api::HistoryQuery;

/// The shortest time that is shown: ten of the shortest spans.
const SHORTEST: Duration = Duration::from_secs(600);
/// The longest: as long as counts are kept.
const LONGEST: Duration = Duration::from_secs(400 * DAY_S as u64);
const DAY_S: u32 = 86_400;
const MINUTE_MS: i64 = 60_000;

/// Which time until now is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Range {
    #[serde(rename = "6h")]
    Hours,
    #[default]
    #[serde(rename = "2d")]
    Days,
    #[serde(rename = "30d")]
    Month,
    #[serde(rename = "1y")]
    Year,
}

impl Range {
    /// All, the shortest first.
    pub const ALL: [Range; 4] = [Range::Hours, Range::Days, Range::Month, Range::Year];

    /// Its length.
    pub fn hours(self) -> u32 {
        match self {
            Range::Hours => 6,
            Range::Days => 48,
            Range::Month => 720,
            Range::Year => 8760,
        }
    }

    /// As in the address; nothing for the one that is shown by itself.
    pub fn key(self) -> &'static str {
        match self {
            Range::Hours => "6h",
            Range::Days => "",
            Range::Month => "30d",
            Range::Year => "1y",
        }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Range::Hours => "6 hours",
            Range::Days => "2 days",
            Range::Month => "30 days",
            Range::Year => "1 year",
        }
    }
}

/// Which earlier time is laid beside the one that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Before {
    /// As long, right before.
    Period,
    /// The same of the day before.
    Day,
    /// The same of the week before.
    Week,
}

impl Before {
    /// All, as they are offered.
    pub const ALL: [Before; 3] = [Before::Period, Before::Day, Before::Week];

    /// As in the address.
    pub fn key(self) -> &'static str {
        match self {
            Before::Period => "period",
            Before::Day => "day",
            Before::Week => "week",
        }
    }

    /// As it is offered.
    pub fn name(self) -> &'static str {
        match self {
            Before::Period => "the time before",
            Before::Day => "a day earlier",
            Before::Week => "a week earlier",
        }
    }
}

/// What a page with plots may be asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlotView {
    /// Which time until now; also what a zoom began with.
    #[serde(default)]
    pub range: Range,
    /// Beginning of the part that is looked at.
    #[serde(default)]
    pub from: Option<Time>,
    /// Its end.
    #[serde(default)]
    pub until: Option<Time>,
    /// An earlier time beside it.
    #[serde(default)]
    pub before: Option<Before>,
    /// Another thing of the same kind beside it.
    #[serde(default)]
    pub with: Option<String>,
}

impl PlotView {
    /// A part of the time is looked at.
    pub fn is_zoomed(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    /// What is read for it; `of` says whose.
    pub fn query(&self, of: &HistoryQuery) -> HistoryQuery {
        let hours = self.from.is_none().then(|| self.range.hours());
        HistoryQuery { hours, from: self.from, until: self.until, ..of.clone() }
    }

    /// Beginning and end at this moment.
    pub fn window(&self, now: Time) -> (Time, Time) {
        let until = self.until.map_or(now, |until| until.min(now));
        let since = self.from.unwrap_or(until - Duration::from_secs(u64::from(self.range.hours()) * 3600));
        (since, until)
    }

    /// The time in words, such as `In the last 2 days`.
    pub fn words(&self, now: Time) -> String {
        match self.window(now) {
            _ if !self.is_zoomed() => format!("In the last {}", self.range.name()),
            (since, until) => format!("From {} to {}", since.to_the_minute(), until.to_the_minute()),
        }
    }

    /// How many seconds earlier what is laid beside it is, and in words.
    pub fn back(&self, now: Time) -> Option<(u32, String)> {
        let (since, until) = self.window(now);
        let length = until.since(since);
        let period = || match self.is_zoomed() {
            true => format!("{} earlier", moment::span(length)),
            false => format!("{} earlier", self.range.name()),
        };
        self.before.map(|before| match before {
            Before::Period => (u32::try_from(length.as_secs()).unwrap_or(u32::MAX), period()),
            Before::Day => (DAY_S, before.name().to_owned()),
            Before::Week => (7 * DAY_S, before.name().to_owned()),
        })
    }

    /// The page with all of this but its times.
    fn kept(&self, page: &Link, range: Range) -> Link {
        let page = page.clone().with("range", range.key());
        page.with("before", self.before.map_or("", Before::key)).with("with", self.with.as_deref().unwrap_or_default())
    }

    /// The page with another time until now, or back from a part of it.
    pub fn with_range(&self, page: &Link, range: Range) -> String {
        self.kept(page, range).url()
    }

    /// The page with nothing beside.
    pub fn alone(&self, page: &Link) -> String {
        self.between(&page.clone().with("range", self.range.key()))
    }

    fn between(&self, page: &Link) -> String {
        let text = |time: Option<Time>| time.map(in_address).unwrap_or_default();
        page.clone().with("from", text(self.from)).with("until", text(self.until)).url()
    }

    /// Where to go from here: earlier, later, nearer, farther; only where there is something.
    pub fn moves(&self, page: &Link, now: Time) -> Vec<(&'static str, String)> {
        let (since, until) = self.window(now);
        let length = until.since(since);
        let part = |since: Time, until: Time| {
            let view = PlotView { from: Some(whole_minute(since)), until: Some(whole_minute(until)), ..self.clone() };
            view.between(&self.kept(page, self.range))
        };
        let oldest = now - LONGEST;
        let mut moves = Vec::new();
        if since > oldest {
            moves.push(("← Earlier", part(since - length, since)));
        }
        if self.is_zoomed() && until + SHORTEST < now {
            moves.push(("Later →", part(until, (until + length).min(now))));
        }
        if length >= SHORTEST * 2 {
            moves.push(("Zoom in", part(since + length / 4, until - length / 4)));
        }
        if self.is_zoomed() && length * 2 <= LONGEST {
            moves.push(("Zoom out", part(since - length / 2, (until + length / 2).min(now))));
        }
        moves
    }

    /// The fields of a form that keep the time that is shown.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let times = [("from", self.from), ("until", self.until)];
        let times = times.into_iter().filter_map(|(key, time)| Some((key, in_address(time?))));
        [("range", self.range.key().to_owned())].into_iter().filter(|(_, key)| !key.is_empty()).chain(times).collect()
    }
}

/// As short as an address can be.
fn in_address(time: Time) -> String {
    match jiff::Timestamp::from_second(time.as_secs()) {
        Ok(time) => time.to_string(),
        Err(_) => time.to_string(),
    }
}

fn whole_minute(time: Time) -> Time {
    Time(time.0.div_euclid(MINUTE_MS) * MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 02:00 UTC.
    const NOW: Time = Time(1_795_312_800_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn page() -> Link {
        Link::to("/queues/q")
    }

    fn zoomed(from: u32, until: u32) -> PlotView {
        PlotView { from: Some(NOW - HOUR * from), until: Some(NOW - HOUR * until), ..PlotView::default() }
    }

    fn moves(view: &PlotView) -> Vec<&'static str> {
        view.moves(&page(), NOW).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn moves_lead_where_something_is() {
        assert_eq!(moves(&PlotView::default()), ["← Earlier", "Zoom in"]);
        assert_eq!(moves(&zoomed(8, 4)), ["← Earlier", "Later →", "Zoom in", "Zoom out"]);
        let shortest = PlotView { until: Some(NOW - HOUR + SHORTEST), ..zoomed(1, 0) };
        assert_eq!(moves(&shortest), ["← Earlier", "Later →", "Zoom out"]);
        assert_eq!(moves(&zoomed(9600, 0)), ["Zoom in"], "nothing is older");
    }

    #[test]
    fn moves_are_addresses_that_keep_the_rest() {
        let view =
            PlotView { range: Range::Month, with: Some("a&b".into()), before: Some(Before::Day), ..zoomed(8, 4) };
        let to = |name: &str| view.moves(&page(), NOW).into_iter().find(|(one, _)| *one == name).unwrap().1;
        let address = |times: &str| format!("/queues/q?range=30d&before=day&with=a%26b&{times}");
        let times = "from=2026-11-21T14%3A00%3A00Z&until=2026-11-21T18%3A00%3A00Z";
        assert_eq!(to("← Earlier"), address(times));
        let times = "from=2026-11-21T16%3A00%3A00Z&until=2026-11-22T00%3A00%3A00Z";
        assert_eq!(to("Zoom out"), address(times));
        assert_eq!(view.with_range(&page(), Range::Days), "/queues/q?before=day&with=a%26b");
        let times = "from=2026-11-21T18%3A00%3A00Z&until=2026-11-21T22%3A00%3A00Z";
        assert_eq!(view.alone(&page()), format!("/queues/q?range=30d&{times}"));
        let fields: Vec<_> = view.fields().into_iter().map(|(key, _)| key).collect();
        assert_eq!(fields, ["range", "from", "until"]);
    }

    #[test]
    fn what_lies_beside_is_named_by_how_much_earlier_it_is() {
        let back = |view: PlotView, before| PlotView { before: Some(before), ..view }.back(NOW).unwrap();
        assert_eq!(back(PlotView::default(), Before::Period), (172_800, "2 days earlier".into()));
        assert_eq!(back(zoomed(8, 4), Before::Period), (14_400, "4 h 00 min earlier".into()));
        assert_eq!(back(zoomed(8, 4), Before::Week), (604_800, "a week earlier".into()));
        assert_eq!(PlotView::default().back(NOW), None);
    }

    #[test]
    fn words_tell_the_time_that_is_shown() {
        assert_eq!(PlotView::default().words(NOW), "In the last 2 days");
        assert_eq!(zoomed(8, 4).words(NOW), "From 2026-11-21 18:00 UTC to 2026-11-21 22:00 UTC");
    }
}
