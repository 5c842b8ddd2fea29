//! Plots of the history of pilots. The page brings their words and where their numbers come from; the script draws them.

use super::frame::Asked;
use super::link::Link;
use super::number::grouped;
use super::problem::PageError;
use super::reading::Reader;
use super::result::seconds_whole;
use serde::{Deserialize, Serialize, Serializer};
use wire::api::{HistoryQuery, PREFIX, PilotHistory, Quantiles};

/// Which time is shown.
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
    const ALL: [Range; 4] = [Range::Hours, Range::Days, Range::Month, Range::Year];

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
    fn key(self) -> &'static str {
        match self {
            Range::Hours => "6h",
            Range::Days => "",
            Range::Month => "30d",
            Range::Year => "1y",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Range::Hours => "6 hours",
            Range::Days => "2 days",
            Range::Month => "30 days",
            Range::Year => "1 year",
        }
    }
}

/// What a page with plots may be asked.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlotView {
    /// Which time.
    #[serde(default)]
    pub range: Range,
}

/// One range to choose.
pub struct Choice {
    /// In words.
    pub name: &'static str,
    /// The page with it.
    pub href: String,
    /// It is the one that is shown.
    pub current: bool,
}

/// The plots of a page.
pub struct Plots {
    /// Where the numbers are.
    pub source: String,
    /// The times to choose from.
    pub choices: Vec<Choice>,
    /// The plots in words.
    pub words: String,
    history: PilotHistory,
}

impl Serialize for Plots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.history.serialize(serializer)
    }
}

impl Plots {
    /// Reads the history that the plots of `page` show.
    pub async fn read(read: &Reader<'_>, asked: &Asked, page: String, of: HistoryQuery) -> Result<Plots, PageError> {
        let PlotView { range } = asked.query()?;
        let history = read.history(HistoryQuery { hours: Some(range.hours()), ..of.clone() }).await?;
        Ok(Plots::new(&Link::to(page), &of, range, history))
    }

    /// Plots on `page`.
    pub fn new(page: &Link, query: &HistoryQuery, range: Range, history: PilotHistory) -> Plots {
        let choice = |one: &Range| Choice {
            name: one.name(),
            href: page.clone().with("range", one.key()).url(),
            current: *one == range,
        };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let source = Link::to(format!("{PREFIX}/pilots/history"))
            .with("factory", text(&query.factory))
            .with("label", text(&query.label))
            .with("queue", text(&query.queue))
            .with("site", text(&query.site))
            .with("region", text(&query.region))
            .with("hours", range.hours());
        Plots {
            source: source.url(),
            choices: Range::ALL.iter().map(choice).collect(),
            words: words(range.name(), &history),
            history,
        }
    }
}

fn words(range: &str, history: &PilotHistory) -> String {
    let total = &history.total;
    if total.is_none() {
        return format!("No pilot was submitted or ended in the last {range}.");
    }
    let empty = match total.empty {
        0 => String::new(),
        empty => format!(", {} of them without ever getting a job", grouped(empty)),
    };
    let mut words = format!(
        "In the last {range}: {} submitted, {} started, {} done{empty}, {} fault.",
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
